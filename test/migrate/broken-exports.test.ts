// What can be wrong with an exported folder: each problem names file, field and value, and brings no second one along.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ConfigurationError, fromProvidersJson, type FromProvidersJsonOptions } from 'custom-jwt-auth'
import { APP_ID, SECRET } from '../support/tokens.js'
import { itemsOf, LAYOUTS, writeApp, type Files } from './exported-providers.js'

const secrets = { key: SECRET }
const HS256 = { signingAlgorithm: 'HS256' }
const [newest, former, older] = LAYOUTS

const newestApp = (config: object = {}, others: Files = {}) =>
  writeApp({ ...newest?.files(APP_ID, { config: { ...HS256, ...config }, names: ['key'] }), ...others })
const formerApp = (config: object = {}, others: Files = {}) =>
  writeApp({ ...former?.files(APP_ID, { config: { ...HS256, ...config }, names: ['key'] }), ...others })
const olderApp = (others: Files = {}) =>
  writeApp({ ...older?.files(APP_ID, { config: HS256, names: ['key'] }), ...others })

/** The problems of a source, as `file: field: problem. fix`. */
function problemsOf(source: string | object, given: FromProvidersJsonOptions = {}): string[] {
  try {
    fromProvidersJson(source, { secrets, ...given })
  } catch (error) {
    assert(error instanceof ConfigurationError)
    assert.ok(!error.message.includes(SECRET))
    return error.problems.map(({ option, problem, fix }) => `${option}: ${problem}. ${fix}`)
  }
  return []
}

/** A source has one problem, which reads so. */
function refused(source: string | object, expected: string | RegExp, given?: FromProvidersJsonOptions): void {
  const problems = problemsOf(source, given)
  assert.equal(problems.length, 1, problems.join('\n'))
  if (typeof expected === 'string') assert.equal(problems[0], expected)
  else assert.match(problems[0] ?? '', expected)
}

describe('the App ID', () => {
  const hex = '66a7e6d17fdcb97ece6ebde5'

  test('of 24 hex characters is the internal id of the app', () => {
    for (const appId of [hex, hex.toUpperCase()])
      refused(
        newestApp(),
        `appId: is ${appId}: the internal id of the app, which no client sends. Pass ${APP_ID}, as .mdb/meta.json: client_app_id has it`,
        { appId },
      )
  })

  test('that stands nowhere has to be given', () => {
    const folder = formerApp({}, { 'realm_config.json': { config_version: 20210101, name: 'myapp' } })
    refused(folder, /^appId: is not in any file of the export\. Pass .* --app-id\)$/)
    assert.equal(fromProvidersJson(folder, { secrets, appId: APP_ID }).options.appId, APP_ID)
    refused(newestApp({}, { '.mdb/meta.json': { app_id: hex } }), /^appId: is not in any file/)
    refused(formerApp({}, { 'realm_config.json': { app_id: hex } }), /^appId: is not in any file/)
  })
})

describe('a template expression', () => {
  const values = {
    'values/host.json': { name: 'host', value: 'issuer.example' },
    'values/audiences.json': { name: 'audiences', value: ['web', 'mobile'] },
    'values/hidden.json': { name: 'hidden', value: 'key', from_secret: true },
    'environments/no-environment.json': { values: { audience: 'test' } },
    'environments/production.json': { values: { audience: 'web', only: 'here' } },
  }
  const optionsOf = (config: object, given: FromProvidersJsonOptions = {}, others: Files = {}) =>
    fromProvidersJson(formerApp(config, { ...values, ...others }), { secrets, ...given }).options

  const rows: readonly (readonly [string, unknown])[] = [
    ['%%values.audiences', ['web', 'mobile']],
    ['%(%%values.audiences)', ['web', 'mobile']],
    ['%(%%values.host)', 'issuer.example'],
    ['https://%(%%values.host)/%(%%environment.values.audience)', 'https://issuer.example/test'],
    ['%%environment.values.audience', 'test'],
    ['%(%%environment.tag)', 'no-environment'],
    ['%%values.hidden', SECRET],
  ]
  for (const [audience, expected] of rows)
    test(`${audience} is expanded`, () => {
      assert.deepEqual(optionsOf({ audience }).audience, expected)
    })

  test('takes the values of the environment that is given, or that the settings name', () => {
    const audience = '%(%%environment.values.audience)'
    assert.equal(optionsOf({ audience }, { environment: 'production' }).audience, 'web')
    const settings = { 'realm_config.json': { app_id: APP_ID, environment: 'production' } }
    assert.equal(optionsOf({ audience }, {}, settings).audience, 'web')
  })

  test('in the App ID and in create_user_on_auth is expanded too', () => {
    const others = {
      'values/app.json': { value: APP_ID },
      'values/create.json': { value: true },
      'realm_config.json': { app_id: '%(%%values.app)' },
      'http_endpoints/data_api_config.json': {
        create_user_on_auth: '%%values.create',
        can_evaluate: { '%%request.remoteIPAddress': '%%values.nowhere' },
      },
    }
    const { appId, autoCreateUser } = optionsOf({}, {}, others)
    assert.deepEqual([appId, autoCreateUser], [APP_ID, true])
  })

  const at = 'auth/providers.json: custom-token.config.audience'
  const wrong: readonly (readonly [string, string, string])[] = [
    ['%%values.x', 'whose value is not in values/x.json', 'Write the value there, or in its place'],
    [
      '%(%%values.../../x)',
      'whose value is not in values/../../x.json',
      'Write the value there, or in its place',
    ],
    [
      '%(%%environment.values.only)',
      'whose value is not in environments/no-environment.json',
      'Pass environment (on the command line, --environment): production',
    ],
    [
      '%%environment.values.x',
      'whose value is not in environments/no-environment.json',
      'Write the value into environments/no-environment.json, or in its place',
    ],
    [
      '%%user.id',
      'which stands for nothing that an exported folder holds',
      'Remove it, or write the value in its place',
    ],
    [
      'web-%%values.host',
      'has an expression that is not understood',
      'Write it as %(%%…), or write the value in its place',
    ],
  ]
  for (const [audience, what, fix] of wrong)
    test(`${audience} is refused`, () => {
      refused(formerApp({ audience }, values), `${at}: is "${audience}", ${what}. ${fix}`)
    })

  test('whose value is in another file is refused when there is no folder', () => {
    const provider = { type: 'custom-token', config: { ...HS256, audience: '%%values.x' } }
    refused(provider, /^providers: config\.audience: is "%%values\.x", whose value is in another file/, {
      appId: APP_ID,
    })
  })

  test('whose value is in a file that is not JSON is not refused a second time', () => {
    const others = { 'values/broken.json': '{ "value": "hush-hush' }
    const folder = formerApp({ audience: '%%values.broken' }, others)
    refused(folder, /^values\/broken\.json: is not JSON: line 1, column 12/)
    assert.ok(!problemsOf(folder).join('').includes('hush-hush'))
  })

  test('that stands for a secret is never shown', () => {
    refused(
      formerApp({ useJWKURI: true, jwkURI: '%%values.hidden' }, values),
      'auth/providers.json: custom-token.config.jwkURI: is the value of a secret, not an https URL. Pass an https URL (http is allowed on loopback only, or with jwks.allowHttp)',
    )
    const unset = formerApp({ audience: '%%values.hidden' }, values)
    assert.match(problemsOf(unset, { secrets: {} })[0] ?? '', /is the secret "key", which has no value/)
  })
})

describe('a file that is not JSON', () => {
  test('is named with line and column, and shown, and nothing else is said', () => {
    const text = '{\n  "custom-token": {\n    "type": "custom-token"\n    "disabled": false\n  }\n}'
    const expected =
      'auth/providers.json: is not JSON: line 4, column 5: a comma is missing before this. Correct the file:\n' +
      '      4 |     "disabled": false\n              ^'
    refused(formerApp({}, { 'auth/providers.json': text }), expected)
  })

  const rows: readonly (readonly [string, string, string])[] = [
    ['a trailing comma', '{ "app_id": "a",\n}', 'line 1, column 16: a comma with nothing after it'],
    ['a comma too many in a list', '{"a": [1, 2,]}', 'line 1, column 12: a comma with nothing after it'],
    ['a value that is missing', '{"a": }', 'line 1, column 7: a value is missing before this'],
    ['a name without quotes', '{a: 1}', 'line 1, column 2: this is not JSON'],
    ['single quotes', "{'a': 1}", 'line 1, column 2: JSON has double quotes only'],
    ['a comment', '// mine\n{}', 'line 1, column 1: JSON has no comments'],
    ['a string over two lines', '{"a": "b\nc"}', 'line 1, column 7: this string has no end'],
    ['the end of the file too early', '{"a": [1', 'line 1, column 9: the text ends too early'],
    ['something after its end', '{"a": 1}\n}', 'line 2, column 1: something follows the end'],
    ['a colon that is missing', '{"a" 1}', 'line 1, column 6: a colon is missing before this'],
    ['nothing', '', 'line 1, column 1: the text ends too early'],
  ]
  for (const [what, text, expected] of rows)
    test(`because of ${what}`, () => {
      const [problem = '', ...others] = problemsOf(olderApp({ 'config.json': text }))
      assert.ok(problem.startsWith(`config.json: is not JSON: ${expected}`), problem)
      assert.deepEqual(others, [])
    })

  test('is shown in part when it is one long line, and not at all when it holds secrets', () => {
    const long = `{"a": "${'x'.repeat(5000)}" "b": 1}`
    const [problem = ''] = problemsOf(olderApp({ 'config.json': long }))
    assert.ok(problem.length < 400)
    assert.match(problem, /x{40,50}" "b": 1\}\n +\^$/)
    const [hidden = ''] = problemsOf(olderApp({ 'secrets.json': '{ "key": hush-hush }' }))
    assert.equal(hidden, 'secrets.json: is not JSON: line 1, column 10: this is not JSON. Correct the file')
  })

  test('is every one of the files that matter, whatever it is', () => {
    for (const name of ['auth/custom_user_data.json', 'http_endpoints/data_api_config.json'])
      refused(
        formerApp({}, { [name]: 'true' }),
        `${name}: holds true, not an object or an array. Correct the file`,
      )
  })
})

describe('a value that customJwtAuth refuses', () => {
  const at = (key: string) => `auth/providers.json: custom-token.${key}`
  const rows: readonly (readonly [object, string])[] = [
    [
      { useJWKURI: true, jwkURI: '__IdentityUrl__/.well-known/jwks' },
      `${at('config.jwkURI')}: is "__IdentityUrl__/.well-known/jwks", not an https URL. Pass an https URL (http is allowed on loopback only, or with jwks.allowHttp)`,
    ],
    [
      { signingAlgorithm: 'ES256K' },
      `${at('config.signingAlgorithm')}: is "ES256K", which is not known. Write "HS256" or "RS256", whichever the issuer signs with`,
    ],
  ]
  for (const [config, expected] of rows)
    test(`is named with file, field and value: ${JSON.stringify(config)}`, () => {
      refused(formerApp(config), expected)
    })

  test('is named with the secret, when it is one, and the file that it came from', () => {
    const secrets = { key: 'too short' }
    const what = 'has characters other than letters, digits and _ - + / = (a stray space or newline?)'
    const [problem = ''] = problemsOf(formerApp(), { secrets })
    assert.ok(problem.startsWith(`${at('secret_config.signingKeys[0]')}: is the secret "key", which ${what}`))
    const folder = formerApp({}, { 'secrets.json': secrets })
    assert.match(
      problemsOf(folder, { secrets: {} })[0] ?? '',
      /is the secret "key" of secrets\.json, which has/,
    )
  })

  test('is named when a field of the metadata is', () => {
    const field_name = 'f'.repeat(64)
    const provider = { type: 'custom-token', config: HS256, secret_config: { signingKeys: ['key'] } }
    refused(
      { ...provider, metadata_fields: [{ name: 'a', field_name }] },
      new RegExp(`^providers: metadata_fields\\[0\\]\\.field_name: is "${field_name}", which `),
      { appId: APP_ID },
    )
  })
})

describe('the older settings', () => {
  test('have the counterparts that the newer files get', () => {
    const settings = {
      app_id: APP_ID,
      security: { allowed_request_origins: ['https://app.example.com'] },
      hosting: { enabled: true, default_error_path: '' },
      sync: { development_mode_enabled: true },
      custom_user_data_config: {
        ...{ enabled: true, database_name: 'app', collection_name: 'users', user_id_field: 'uid' },
        on_user_creation_function_name: 'welcome',
      },
    }
    const carried = fromProvidersJson(olderApp({ 'config.json': settings }), { secrets })
    assert.deepEqual(itemsOf(carried), [
      'config.json: security.allowed_request_origins',
      'config.json: hosting',
      'config.json: sync',
      'config.json: custom_user_data_config.enabled',
      'config.json: custom_user_data_config.on_user_creation_function_name',
    ])
    assert.match(carried.notCarriedOver[0]?.reason ?? '', /pages of https:\/\/app\.example\.com/)
  })

  test('that say nothing are not mentioned, and neither are files that hold nothing', () => {
    const empty: Files = {
      'functions/config.json': [],
      'sync/config.json': { development_mode_enabled: false },
      'hosting/config.json': { enabled: false, app_default_error_code: 404 },
      'triggers/off.json': { name: 'off', disabled: true },
      'environments/qa.json': { values: {} },
      'services/.gitkeep': '',
      'node_modules/left-pad/index.js': 'x',
    }
    assert.deepEqual(itemsOf(fromProvidersJson(olderApp(empty), { secrets })), [])
  })
})

describe('secrets.json', () => {
  const read = (content: object, app = olderApp) =>
    fromProvidersJson(app({ 'secrets.json': content }), { secrets: {} })

  test('may hold the values, by name, by provider or by the id of the provider, and is a warning', () => {
    for (const content of [
      { key: SECRET },
      { auth_providers: { 'custom-token': { signingKeys: [SECRET] } } },
      { auth_providers: { 'custom-token': { signingKey: SECRET } } },
      { auth_providers: { '5f0f3c1d2b8a4c0017f9a111': { signingKeys: [SECRET] } } },
    ]) {
      const carried = read(content)
      assert.deepEqual(carried.options.signingKeys, [SECRET])
      assert.deepEqual(itemsOf(carried), ['secrets.json'])
    }
  })

  test('may hold keys that no secret is named for', () => {
    const files = older?.files(APP_ID, { config: HS256, names: [] })
    const folder = writeApp({
      ...files,
      'secrets.json': { auth_providers: { 'custom-token': { signingKeys: [SECRET] } } },
    })
    assert.deepEqual(fromProvidersJson(folder, { secrets: {} }).options.signingKeys, [SECRET])
  })

  test('comes after what is given', () => {
    const folder = olderApp({ 'secrets.json': { key: 'x' } })
    assert.deepEqual(fromProvidersJson(folder, { secrets }).options.signingKeys, [SECRET])
  })
})

test('webhooks are listed one by one, with those that created users', () => {
  const webhook = (others: object) => ({
    name: 'goals',
    options: { httpMethod: 'POST', validationMethod: 'NO_VALIDATION' },
    ...others,
  })
  const carried = fromProvidersJson(
    olderApp({
      'services/http/config.json': { name: 'http', type: 'http' },
      'services/http/incoming_webhooks/goals/config.json': webhook({ create_user_on_auth: true }),
      'services/http/incoming_webhooks/goals/source.js': 'exports = () => 1',
      'http_endpoints/hooks/incoming_webhooks/old/config.json': webhook({
        options: { httpMethod: 'GET', validationMethod: 'SECRET_AS_QUERY_PARAM', secret: 's' },
      }),
    }),
    { secrets },
  )
  const at = (part: string) => carried.notCarriedOver.find(({ item }) => item.includes(part))
  assert.deepEqual(itemsOf(carried), [
    'http_endpoints/hooks/incoming_webhooks/old/config.json: GET',
    'services/http/incoming_webhooks/goals/config.json: POST',
    'services/',
  ])
  assert.match(at('goals')?.fix ?? '', /behind a guard with autoCreateUser: true$/)
  assert.match(at('old')?.reason ?? '', /for requests with the secret "s" \(SECRET_AS_QUERY_PARAM\)$/)
})

test('a folder that cannot be read does not stop the rest', { skip: !process.seteuid }, (t) => {
  const folder = olderApp({ 'services/http/config.json': { name: 'http' } })
  // Of a database whose volume lies beside, and of the app itself.
  mkdirSync(join(folder, 'pg-data'), { mode: 0 })
  mkdirSync(join(folder, 'functions'), { mode: 0 })
  chmodSync(folder, 0o755)
  // To the administrator no folder is closed.
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  t.after(() => isRoot && process.seteuid?.(0))
  const carried = fromProvidersJson(folder, { secrets })
  if (isRoot) process.seteuid?.(0)
  assert.deepEqual(itemsOf(carried), ['functions/', 'services/'])
  assert.equal(carried.notCarriedOver[0]?.reason, 'cannot be read (EACCES)')
})

test('a settings file in place of the folder is told so', () => {
  refused({ app_id: APP_ID, config_version: 20200603 }, /custom-token: is not there\. Pass the folder that/)
})
