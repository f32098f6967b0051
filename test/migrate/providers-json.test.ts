import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import {
  ConfigurationError,
  customJwtAuth,
  fromProvidersJson,
  type ConfigurationProblem,
  type FromProvidersJsonOptions,
} from 'custom-jwt-auth'
import { claims, mint, NOW, OTHER_SECRET, rsaKeys, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { FOLDER, itemsOf, providers, secrets, settings } from './exported-providers.js'

const scratch = mkdtempSync(join(tmpdir(), 'exported-app-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

function problemsOf(source: string | object, given: FromProvidersJsonOptions = settings) {
  try {
    fromProvidersJson(source, given)
  } catch (error) {
    assert(error instanceof ConfigurationError)
    assert.ok(!error.message.includes(SECRET))
    return error.problems
  }
  return assert.fail('nothing was refused')
}

const optionsIn = (problems: readonly ConfigurationProblem[]) => problems.map(({ option }) => option)

describe('the folder of an exported app', () => {
  const carried = fromProvidersJson(FOLDER, { secrets })
  const { options, notCarriedOver } = carried

  test('becomes the options of customJwtAuth', () => {
    assert.deepEqual(options, {
      appId: 'myapp-abcde',
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET, OTHER_SECRET],
      audience: ['web', 'mobile'],
      requireAnyAudience: true,
      metadataFields: [
        { name: 'user_data.name', fieldName: 'name', required: true },
        { name: 'user_data.aliases', required: false },
        { name: 'http://example\\.com/id', fieldName: 'crmId', required: false },
      ],
      disabled: false,
      maxTokenLength: 16_384,
      autoCreateUser: true,
    })
  })

  test('has everything else listed, with what does its work now', () => {
    assert.deepEqual(itemsOf(carried), [
      'http_endpoints/data_api_config.json: return_type',
      'realm_config.json: allowed_request_origins',
      'auth/providers.json: api-key',
      'auth/providers.json: local-userpass',
      'auth/providers.json: oauth2-google',
      'auth/custom_user_data.json: enabled',
      'auth/custom_user_data.json: on_user_creation_function_name',
      'http_endpoints/config.json: GET /greet',
      ...['data_sources/', 'functions/', 'graphql/', 'hosting/', 'log_forwarders/'],
      ...['services/', 'triggers/', 'values/'],
    ])
    const { reason: endpoint } =
      notCarriedOver.find(({ item }) => item.endsWith('GET /greet')) ?? assert.fail()
    assert.match(endpoint, /greet, for requests with the secret "greetSecret" \(SECRET_AS_QUERY_PARAM\)$/)
    for (const { item, reason, fix } of notCarriedOver) assert.ok(reason && fix, item)
    const fixOf = (part: string) => notCarriedOver.find(({ item }) => item.includes(part))?.fix
    assert.equal(
      fixOf('custom_user_data.json: enabled'),
      "Pass customData: (userId) => client.db('app').collection('custom_data').findOne({ 'user_id': userId })",
    )
    assert.match(fixOf('on_user_creation') ?? '', /functions\/onUserCreation\.js .* autoCreateUser[^;]*$/)
  })

  test('makes a guard that accepts tokens by the old rules', async () => {
    const session = { signingKeys: [SESSION_SECRET] }
    const auth = customJwtAuth({ ...options, session, clock: () => NOW * 1000 })
    const user_data = { name: 'Jean Valjean' }
    const accepted = async (token: string) => (await auth.explain(token, { user: false })).ok
    assert.ok(await accepted(mint(claims({ aud: 'mobile', user_data }))))
    assert.ok(await accepted(mint(claims({ aud: ['web', 'other'], user_data }), { key: OTHER_SECRET })))
    assert.ok(!(await accepted(mint(claims({ user_data })))), 'the App ID is not an audience now')
    assert.ok(!(await accepted(mint(claims({ aud: 'web' })))), 'the name is required')
  })

  test('may be given as a URL', () => {
    const url = new URL('../fixtures/exported-app/', import.meta.url)
    assert.deepEqual(fromProvidersJson(url, { secrets }).options, options)
  })

  test('may be of the exporter that wrote https_endpoints and root_config.json', () => {
    const folder = join(scratch, 'renamed')
    cpSync(FOLDER, folder, { recursive: true })
    cpSync(join(folder, 'http_endpoints'), join(folder, 'https_endpoints'), { recursive: true })
    rmSync(join(folder, 'http_endpoints'), { recursive: true })
    cpSync(join(folder, 'realm_config.json'), join(folder, 'root_config.json'))
    rmSync(join(folder, 'realm_config.json'))
    assert.deepEqual(fromProvidersJson(folder, { secrets }).options, options)
  })

  test('whose App ID is not the given one keeps the given one, and says so', () => {
    const carried = fromProvidersJson(FOLDER, { secrets, appId: 'other-fghij' })
    assert.equal(carried.options.appId, 'other-fghij')
    assert.ok(carried.notCarriedOver.some(({ item }) => item === 'realm_config.json: app_id'))
  })

  test('without any provider is refused, and that alone', () => {
    const [missing, ...others] = problemsOf(scratch)
    assert.equal(missing?.option, 'auth/providers.json')
    assert.match(missing.fix, /auth_providers\/ in older exports/)
    assert.deepEqual(others, [])
  })
})

describe('a path that leads nowhere', () => {
  test('is named', () => {
    const path = join(scratch, 'nowhere')
    assert.equal(problemsOf(path)[0]?.option, path)
  })
})

test('a data API configuration whose path leads nowhere is a problem', () => {
  const dataApiConfig = join(scratch, 'nowhere.json')
  assert.deepEqual(optionsIn(problemsOf(providers(), { ...settings, dataApiConfig })), ['dataApiConfig'])
})

describe('auth/providers.json alone', () => {
  const file = join(FOLDER, 'auth/providers.json')

  test('becomes the same options, without those of the other files', () => {
    const { options } = fromProvidersJson(file, { appId: 'myapp-abcde', secrets })
    const { autoCreateUser, ...others } = fromProvidersJson(FOLDER, { secrets }).options
    assert.equal(autoCreateUser, true)
    assert.deepEqual(options, others)
  })

  test('takes the data API configuration as a path or an object', () => {
    const path = join(FOLDER, 'http_endpoints/data_api_config.json')
    for (const dataApiConfig of [path, { create_user_on_auth: true }]) {
      const { options } = fromProvidersJson(file, { appId: 'myapp-abcde', secrets, dataApiConfig })
      assert.equal(options.autoCreateUser, true)
    }
  })

  test('lacks the App ID, which has to be given', () => {
    assert.deepEqual(optionsIn(problemsOf(file, { secrets })), ['appId'])
  })
})

describe('the audience', () => {
  const audienceOf = (config: object) => {
    const { audience, requireAnyAudience } = fromProvidersJson(providers(config), settings).options
    return { audience, requireAnyAudience }
  }

  test('is the App ID when the file has none', () => {
    for (const audience of [[], '', null, undefined])
      assert.deepEqual(audienceOf({ audience }), { audience: undefined, requireAnyAudience: undefined })
  })

  test('may be a list, or a text with commas', () => {
    assert.deepEqual(audienceOf({ audience: ['a', 'b'] }), {
      audience: ['a', 'b'],
      requireAnyAudience: false,
    })
    assert.deepEqual(audienceOf({ audience: 'a, b', requireAnyAudience: true }), {
      audience: 'a, b',
      requireAnyAudience: true,
    })
  })

  test('of another type, or with a blank name, is refused', () => {
    for (const audience of [5, {}, ['a', ''], [5], ' '])
      assert.deepEqual(optionsIn(problemsOf(providers({ audience }))), [
        'providers: custom-token.config.audience',
      ])
  })
})

describe('the keys', () => {
  test('may be a JWK URI, which leaves the rest unused, and says so', () => {
    const jwkURI = 'https://issuer.example/jwks.json'
    const carried = fromProvidersJson(providers({ useJWKURI: true, jwkURI }), settings)
    const { options } = carried
    assert.equal(options.jwkUri, jwkURI)
    assert.ok(!('signingKeys' in options) && !('signingAlgorithm' in options))
    assert.deepEqual(itemsOf(carried), [
      'providers: custom-token.secret_config.signingKeys',
      'providers: custom-token.config.signingAlgorithm',
    ])
    customJwtAuth(options)
  })

  test('may be public keys as PEM', () => {
    const pem = rsaKeys().publicPem
    const source = providers({ signingAlgorithm: 'RS256', jwkURI: '' })
    const carried = fromProvidersJson(source, { ...settings, secrets: { key: pem } })
    assert.deepEqual(carried.options.signingKeys, [pem])
    assert.deepEqual(itemsOf(carried), [])
    customJwtAuth(carried.options)
  })

  test('that look like base64 are used as the characters that they are', async () => {
    const vector = readFileSync(new URL('../vectors/source-002.json', import.meta.url), 'utf8')
    const { signingKey, token } = JSON.parse(vector) as { signingKey: string; token: string }
    assert.match(signingKey, /^[\w+/]{342}==$/)
    const { options } = fromProvidersJson(providers(), { appId: 'app-id', secrets: { key: signingKey } })
    const auth = customJwtAuth({ ...options, clock: () => 1_618_673_527_000 })
    assert.ok((await auth.explain(token, { user: false })).ok)
  })

  test('come from the environment when no secrets are given', (t) => {
    t.after(() => delete process.env.CUSTOM_JWT_AUTH_TEST_KEY)
    process.env.CUSTOM_JWT_AUTH_TEST_KEY = SECRET
    const source = providers({}, { secret_config: { signingKeys: ['custom-jwt-auth.test-key'] } })
    assert.deepEqual(fromProvidersJson(source, { appId: 'a' }).options.signingKeys, [SECRET])
  })

  test('are looked for by their own name, then by the names that a variable can have', () => {
    const source = providers({}, { secret_config: { signingKeys: ['2024-key'] } })
    const find = (secrets: Record<string, string>) =>
      fromProvidersJson(source, { appId: 'a', secrets }).options.signingKeys?.[0]
    const [own, upper, lower] = ['o', 'u', 'l'].map((letter) => letter.repeat(32)) as [string, string, string]
    const all = { '2024-key': own, _2024_KEY: upper, _2024_key: lower }
    assert.equal(find(all), own)
    assert.equal(find({ ...all, '2024-key': ' ' }), upper)
    assert.equal(find({ _2024_key: lower }), lower)
  })

  test('without a value are all named, with the variable to set', () => {
    const signingKeys = ['jwt-key', 'constructor']
    const problems = problemsOf(providers({}, { secret_config: { signingKeys } }), {
      appId: 'a',
      secrets: {},
    })
    assert.deepEqual(
      problems.map(({ problem, fix }) => [problem, fix]),
      [
        [
          'is the secret "jwt-key", which has no value',
          'Pass it in secrets, or set the environment variable JWT_KEY',
        ],
        [
          'is the secret "constructor", which has no value',
          'Pass it in secrets, or set the environment variable CONSTRUCTOR',
        ],
      ],
    )
  })
})

test('a disabled provider stays disabled', () => {
  const { options } = fromProvidersJson(providers({}, { disabled: true }), settings)
  assert.equal(options.disabled, true)
})

test('all that is wrong is said at once', () => {
  const source = providers(
    { signingAlgorithm: 'none', requireAnyAudience: 'yes' },
    {
      disabled: 'no',
      secret_config: { signingKeys: [] },
      metadata_fields: [{ name: '', required: 1 }, 'name', { name: 'b', field_name: 5 }],
    },
  )
  const at = (path: string) => `providers: custom-token.${path}`
  const problems = problemsOf(source, { ...settings, secret: {} } as FromProvidersJsonOptions)
  assert.deepEqual(optionsIn(problems).sort(), [
    'fromProvidersJson.secret',
    at('config.requireAnyAudience'),
    at('config.signingAlgorithm'),
    at('disabled'),
    at('metadata_fields[0].name'),
    at('metadata_fields[0].required'),
    at('metadata_fields[1]'),
    at('metadata_fields[1].name'),
    at('metadata_fields[2].field_name'),
    at('secret_config.signingKeys'),
  ])
  for (const { option, fix } of problems) assert.ok(fix, option)
})

test('what is not a providers.json is refused, with a word about the likely mistake', () => {
  assert.match(problemsOf({ 'anon-user': {} })[0]?.fix ?? '', /"Custom JWT Authentication"/)
  assert.deepEqual(optionsIn(problemsOf(providers({ useJWKURI: true, jwkURI: undefined }))), [
    'providers: custom-token.config.jwkURI',
  ])
})

test('the options fit customJwtAuth without a cast, with more options beside them', async () => {
  const { options } = fromProvidersJson(FOLDER, { secrets })
  const auth = customJwtAuth({
    ...options,
    autoCreateUser: ({ id }) => Promise.reject(new Error(id)),
    bearerJwt: true,
  })
  await auth.close()
})
