// Start-up is strict: every mistake in the options is named at once, with its fix, and no secret is shown.
// The mistakes with keys are in keys/key-options.test.ts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  ConfigurationError,
  customJwtAuth,
  memoryStore,
  type ConfigurationProblem,
  type CustomJwtAuthOptions,
} from 'custom-jwt-auth'
import { recordingLogger } from './support/logger.js'
import { parseOptions } from '../lib/options.js'
import type { ProviderRules } from '../lib/providers/provider-options.js'
import {
  at,
  checkRefusals,
  good,
  noFlag,
  noFunction,
  noInteger,
  noString,
  refusalOf,
  show,
  wrong,
  type Row,
} from './support/refused-options.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET, rsaKeys, SECRET, SESSION_SECRET } from './support/tokens.js'
import { verifierFor } from './support/verifier.js'

const session = { signingKeys: [SESSION_SECRET] }

describe('what is not an options object', () => {
  for (const options of [undefined, null, 'text', 5, [], [good]])
    test(`${show(options)} is named, with what is missing`, () => {
      const options_ = refusalOf(options).problems
      assert.equal(options_[0]?.option, 'options')
      assert.match(options_[0].fix, /^Pass an object$/)
      assert.ok(options_.some(({ option }) => option === 'appId'))
    })
})

describe('appId', () => {
  checkRefusals(wrong('appId', at('appId'), /^Pass the App ID, e\.g\. myapp-abcde$/, noString))
})

describe('audience and requireAnyAudience', () => {
  const fix = /^Pass what the issuer puts into aud/
  checkRefusals([
    ...wrong('audience', at('audience'), fix, [undefined, '', ' \t', 5, true, {}]),
    ...[',', 'one,,two', 'one,', [], [''], ['one', ' '], ['one', 5], ['one', undefined]].map((audience) => ({
      what: show(audience),
      options: { audience },
      option: 'audience',
      problem: /^is (a string|empty, or an element is blank or not a string)$/,
      fix,
    })),
    ...wrong('requireAnyAudience', at('requireAnyAudience'), /^Pass true or false$/, noFlag),
  ])
})

describe('issuer', () => {
  const fix = /^Pass what the issuer puts into iss: a string, or an array of strings$/
  checkRefusals([
    ...wrong('issuer', at('issuer'), fix, [undefined, '', ' \t', 5, null, true, {}]),
    ...[[], [''], ['a', ' '], ['a', 5]].map((issuer) => ({
      what: show(issuer),
      options: { issuer },
      option: 'issuer',
      problem: /^is empty, or an element is blank or not a string$/,
      fix,
    })),
  ])
})

describe('allowedTypes', () => {
  checkRefusals(
    [null, 'JWT', [], [''], [5], ['JWT', undefined], {}].map((allowedTypes) => ({
      what: show(allowedTypes),
      options: { allowedTypes },
      option: 'allowedTypes',
      problem: /^is not a list of types$/,
      fix: /^Pass an array such as \['JWT'/,
    })),
  )
})

describe('numbers', () => {
  const range = (
    option: string,
    min: number,
    max: number,
    place: (value: unknown) => object = at(option),
  ): Row[] =>
    [...noInteger, min - 1, max + 1].map((value) => ({
      what: show(value),
      options: place(value),
      option,
      problem: /^is /,
      fix: new RegExp(`^Pass a whole number from ${String(min)} to ${String(max)}, as a number$`),
    }))
  checkRefusals([
    ...range('clockToleranceSeconds', 0, 600),
    ...range('maxTokenAgeSeconds', 1, 315_360_000),
    ...range('maxTokenLength', 1, 200_000),
    ...range('maxFieldLength', 1, 1_000_000),
    ...range('timeoutSeconds', 1, 300),
    ...range('cache.tokens.max', 1, 1_000_000, (max) => ({ cache: { tokens: { max } } })),
    ...range('cache.users.max', 1, 1_000_000, (max) => ({ cache: { users: { max } } })),
    ...range('cache.users.ttlSeconds', 1, 3600, (ttlSeconds) => ({ cache: { users: { ttlSeconds } } })),
    ...range('session.refreshTokenTtlSeconds', 1800, 157_680_000, (refreshTokenTtlSeconds) => ({
      session: { ...session, refreshTokenTtlSeconds },
    })),
  ])
})

describe('metadataFields', () => {
  const field = (item: unknown) => ({ metadataFields: [item] })
  const row = (what: string, item: unknown, part: string, problem: RegExp, fix: RegExp): Row => ({
    what,
    options: field(item),
    option: `metadataFields[0].${part}`,
    problem,
    fix,
  })
  const long = 'x'.repeat(64)
  const unusable = /^is not a usable name$/
  checkRefusals([
    ...wrong(
      'metadataFields',
      at('metadataFields'),
      /^Pass an array of \{ name, fieldName\?, required\?, type\? \}$/,
      [null, 'text', 5, true, {}],
    ),
    ...wrong('metadataFields[0].name', (name) => field({ name }), /^Pass the path of the claim/, noString),
    ...['.', '.name', 'name.', 'a..b', '\\..', 'a\\.b..c'].map((name) =>
      row(`the path ${name}`, { name }, 'name', /^has an empty part$/, /^Write a literal dot as \\\.$/),
    ),
    ...['', 5, true, [], {}].map((fieldName) =>
      row(
        `the field name ${show(fieldName)}`,
        { name: 'a', fieldName },
        'fieldName',
        unusable,
        /^Pass the name/,
      ),
    ),
    ...['text', 'String', 'constructor', null, 1].map((type) =>
      row(
        `the type ${show(type)}`,
        { name: 'a', type },
        'type',
        /./,
        /string.*number.*boolean.*strings.*json/,
      ),
    ),
    row(
      'the field name __proto__',
      { name: 'a', fieldName: '__proto__' },
      'fieldName',
      unusable,
      /^Pass the name/,
    ),
    row('a path that ends in __proto__', { name: 'a.__proto__' }, 'fieldName', unusable, /^Pass the name/),
    row(
      'a field name of 64 characters',
      { name: 'a', fieldName: long },
      'fieldName',
      /^has 64 characters$/,
      /shorter than 64/,
    ),
    row(
      'a path that ends in 64 characters',
      { name: `a.${long}` },
      'fieldName',
      /^has 64 characters$/,
      /shorter than 64/,
    ),
    ...noFlag.map((required) =>
      row(`required: ${show(required)}`, { name: 'a', required }, 'required', /^is /, /^Pass true or false$/),
    ),
    row(
      'the spelling of the original file',
      { name: 'a', field_name: 'b' },
      'field_name',
      /^is not an option$/,
      /^Did you mean fieldName$/,
    ),
    row(
      'an unknown part',
      { name: 'a', kind: 'string' },
      'kind',
      /^is not an option$/,
      /^Remove it; known options are name, fieldName, required, type$/,
    ),
    {
      what: 'two fields of one name',
      options: { metadataFields: [{ name: 'a' }, { name: 'b', fieldName: 'a' }] },
      option: 'metadataFields',
      problem: /^map two claims to "a"$/,
      fix: /^Give one of them another fieldName$/,
    },
    {
      what: 'the second of two',
      options: { metadataFields: [{ name: 'a' }, { name: '' }] },
      option: 'metadataFields[1].name',
      problem: /blank/,
      fix: /path of the claim/,
    },
  ])

  for (const item of [null, 'name', 5, []])
    test(`${show(item)} in place of a field is named`, () => {
      assert.equal(refusalOf({ ...good, ...field(item) }).problems[0]?.option, 'metadataFields[0]')
    })
})

describe('flags', () => {
  checkRefusals(
    ['credentialsRequired', 'bearerJwt', 'disabled'].flatMap((name) =>
      wrong(name, at(name), /^Pass true or false$/, noFlag),
    ),
  )
  checkRefusals(
    ['capRefreshToTokenExpiry', 'rotateRefreshTokens', 'checkRevocation'].flatMap((name) =>
      wrong(
        `session.${name}`,
        (value) => ({ session: { ...session, [name]: value } }),
        /^Pass true or false$/,
        noFlag,
      ),
    ),
  )
})

describe('functions', () => {
  checkRefusals(
    ['customData', 'clock'].flatMap((name) => wrong(name, at(name), /^Pass a function$/, noFunction)),
  )
  checkRefusals(wrong('generateUserId', at('generateUserId'), /^Pass a function, or 'random'$/, noFunction))
  const uuid = '59fdd028-4624-4cdf-8369-ebf000000000'
  const badIds: [what: string, generateUserId: (trial: { appId: string }) => unknown][] = [
    ['a UUID', () => uuid],
    ['a string of 37 characters', () => `${uuid}0`],
    ['a string of 37 characters', () => `0${uuid}`],
    ['a string of 26 characters', () => 'ab'.repeat(13)],
    ['a string of 5 characters', ({ appId }) => appId],
    ['a promise', () => Promise.reject(new Error('an id is asked for'))],
    ['the number 5', () => 5],
    ['', () => ['ab'.repeat(12)]],
  ]
  checkRefusals(
    badIds.map(([what, generateUserId]) => ({
      ...{ what, option: 'generateUserId', problem: new RegExp(`^returns ${what}`) },
      ...{ options: { generateUserId }, fix: /^Have it return 24 lowercase hex/ },
    })),
  )
  checkRefusals(wrong('autoCreateUser', at('autoCreateUser'), /^Pass true or false$/, noFlag))
})

describe('store', () => {
  const verbs = 'signIn, findUser, findIdentity, setIdentityBlocked, listUsers, setUserDisabled'
  checkRefusals([
    ...[null, {}, 'text', 5, [], new Map()].map((store) => ({
      what: show(store),
      options: { store },
      option: 'store',
      problem: new RegExp(`^lacks ${verbs}`),
      fix: /memoryStore\(\)/,
    })),
    {
      what: 'one without a verb',
      options: { store: { ...memoryStore(), deleteUser: undefined } },
      option: 'store',
      problem: /^lacks deleteUser$/,
      fix: /memoryStore\(\)/,
    },
    {
      what: 'memoryStore itself, not called,',
      options: { store: memoryStore },
      option: 'store',
      problem: /^lacks signIn/,
      fix: /memoryStore\(\)/,
    },
  ])
})

describe('session', () => {
  const keys = (signingKeys: unknown) => ({ session: { signingKeys } })
  const setVariable = /^Set the environment variable/
  checkRefusals([
    ...wrong('session.signingKeys', keys, /^Pass an array of one to 10 keys$/, [
      undefined,
      null,
      SESSION_SECRET,
      {},
    ]),
    ...wrong('session.signingKeys[0]', (key) => keys([key]), setVariable, [undefined, '']),
    {
      what: 'no session key',
      options: keys([]),
      option: 'session.signingKeys',
      problem: /^has 0 keys$/,
      fix: /one to 10/,
    },
    {
      what: 'a short session key',
      options: keys(['x'.repeat(31)]),
      option: 'session.signingKeys[0]',
      problem: /^has 31 characters$/,
      fix: /32 to 512/,
    },
    {
      what: 'a public key for sessions',
      options: keys([rsaKeys().publicPem]),
      option: 'session.signingKeys[0]',
      problem: /^is a public key/,
      fix: /for sessions, generate a secret$/,
    },
    {
      what: 'the same session key twice',
      options: keys([SESSION_SECRET, SESSION_SECRET]),
      option: 'session.signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove/,
    },
    {
      what: "the issuer's key",
      options: keys([SESSION_SECRET, SECRET]),
      option: 'session.signingKeys',
      problem: /^hold one of the issuer's keys, or a part of one$/,
      fix: /^Give sessions a secret of their own$/,
    },
    {
      what: "the issuer's key in another encoding",
      options: keys([{ key: Buffer.from(SECRET).toString('base64'), encoding: 'base64' }]),
      option: 'session.signingKeys',
      problem: /^hold one of the issuer's keys, or a part of one$/,
      fix: /^Give/,
    },
    {
      what: 'a misspelt session option',
      options: { session: { ...session, refreshTokenTTLSeconds: 3600 } },
      option: 'session.refreshTokenTTLSeconds',
      problem: /^is not an option$/,
      fix: /^Did you mean refreshTokenTtlSeconds$/,
    },
  ])

  for (const value of [null, 'text', true, []])
    test(`${show(value)} in place of the session options is named`, () => {
      assert.equal(refusalOf({ ...good, session: value }).problems[0]?.option, 'session')
    })

  test('without it there are no session routes, and asking for them says so', () => {
    assert.throws(
      () => customJwtAuth(good as CustomJwtAuthOptions).sessionRoutes(),
      (error) => {
        assert(error instanceof ConfigurationError)
        assert.deepEqual(error.problems, [
          {
            option: 'session',
            problem: 'is not set',
            fix: 'Set session.signingKeys to have session routes',
          },
        ])
        return true
      },
    )
  })
})

describe('cache', () => {
  checkRefusals([
    ...wrong('cache', at('cache'), /^Pass an object$/, [null, 'text', 5, true, false, []]),
    ...wrong('cache.tokens', (tokens) => ({ cache: { tokens } }), /^Pass an object$/, [null, 5, true]),
    ...wrong('cache.users', (users) => ({ cache: { users } }), /^Pass an object$/, [null, 5, true]),
    {
      what: 'an unknown part',
      options: { cache: { sessions: true } },
      option: 'cache.sessions',
      problem: /^is not an option$/,
      fix: /known options are tokens, users/,
    },
    {
      what: 'a part of the other',
      options: { cache: { tokens: { ttlSeconds: 5 } } },
      option: 'cache.tokens.ttlSeconds',
      problem: /^is not an option$/,
      fix: /known options are max/,
    },
  ])
})

describe('baseUrl', () => {
  const fix = /^Pass the URL that clients use, e\.g\. https:\/\/api\.example\.com$/
  checkRefusals([
    ...wrong('baseUrl', at('baseUrl'), fix, noString),
    ...[
      'api.example.com',
      '/api',
      'localhost:3000',
      'ftp://api.example.com',
      'javascript:alert(1)',
      'https://user@api.example.com',
      'https://api.example.com/?a=1',
      'https://api.example.com/#a',
    ].map((baseUrl) => ({
      what: baseUrl,
      options: { baseUrl },
      option: 'baseUrl',
      problem: /^is not an http or https URL$/,
      fix,
    })),
  ])
})

describe('logger', () => {
  checkRefusals(
    [null, 'text', 5, {}, { info: () => undefined }, { ...console, error: undefined }].map((logger) => ({
      what:
        typeof logger === 'object' && logger !== null
          ? `an object with ${String(Object.keys(logger).length)} methods`
          : show(logger),
      options: { logger },
      option: 'logger',
      problem: /^lacks one of the methods debug, info, warn and error$/,
      fix: /^Pass a pino logger, or console$/,
    })),
  )
})

describe('an unknown option', () => {
  const row = (name: string, fix: RegExp): Row => ({
    what: 'its name is shown',
    options: { [name]: true },
    option: name,
    problem: /^is not an option$/,
    fix,
  })
  checkRefusals([
    row('foo', /^Remove it; known options are appId, /),
    row('secret', /^Pass signingKeys: \[key\] and signingAlgorithm$/),
    row('retries', /^Remove it; known options are/),
    ...[
      ['SigningKeys', 'signingKeys'],
      ['signing_keys', 'signingKeys'],
      ['signingKey', 'signingKeys'],
      ['audiance', 'audience'],
      ['metadata_fields', 'metadataFields'],
      ['metadataField', 'metadataFields'],
      ['maxTokenLenght', 'maxTokenLength'],
      ['credentialRequired', 'credentialsRequired'],
      ['autoCreateUsers', 'autoCreateUser'],
      ['clockToleranceSecond', 'clockToleranceSeconds'],
      ['requireAnyAudiences', 'requireAnyAudience'],
      ['sessions', 'session'],
      ['bearerJWT', 'bearerJwt'],
    ].map(([name = '', meant = '']) => row(name, new RegExp(`^Did you mean ${meant}$`))),
  ])
})

describe('several mistakes', () => {
  test('are listed together, in one message', () => {
    const { problems, message } = refusalOf({
      audience: process.env.CUSTOM_JWT_AUTH_NOT_SET,
      signingAlgorithm: 'HS256',
      signingKeys: ['short', undefined, SECRET],
      clockToleranceSeconds: '5',
      metadataFields: [{ name: 'a..b' }, { name: 'c', fieldname: 'd' }],
      session: { signingKeys: [SECRET], checkRevocation: 'yes' },
      logger: {},
      credentialsRequried: false,
    })
    assert.deepEqual(problems.map(({ option }) => option).sort(), [
      'appId',
      'audience',
      'clockToleranceSeconds',
      'credentialsRequried',
      'logger',
      'metadataFields[0].name',
      'metadataFields[1].fieldname',
      'session.checkRevocation',
      'session.signingKeys',
      'signingKeys[0]',
      'signingKeys[1]',
    ])
    const lines = problems.map(
      (one: ConfigurationProblem) => `  - ${one.option}: ${one.problem}. ${one.fix}.`,
    )
    assert.equal(message, `custom-jwt-auth: 11 problems in the options\n${lines.join('\n')}`)
  })

  test('in one key or one metadata field are all told, as far as they can be judged', () => {
    const { problems } = refusalOf({
      ...good,
      signingKeys: [{ key: 'short', kid: 5 }, { key: '', encoding: 'rot13', kid: '' }, SECRET, undefined],
      metadataFields: [{ name: 'a..b', fieldName: 'x'.repeat(64), required: 1 }, { fieldName: '' }],
    })
    assert.deepEqual(problems.map(({ option }) => option).sort(), [
      'metadataFields[0].fieldName',
      'metadataFields[0].name',
      'metadataFields[0].required',
      'metadataFields[1].fieldName',
      'metadataFields[1].name',
      'signingKeys',
      'signingKeys[0]',
      'signingKeys[0].kid',
      'signingKeys[1]',
      'signingKeys[1].encoding',
      'signingKeys[1].kid',
      'signingKeys[3]',
    ])
  })

  test('of an app whose environment is empty are all about the environment', () => {
    const { problems } = refusalOf({
      appId: undefined,
      audience: undefined,
      signingAlgorithm: 'HS256',
      signingKeys: [undefined],
      session: { signingKeys: [undefined] },
      baseUrl: undefined,
    })
    assert.deepEqual(problems.map(({ option }) => option).sort(), [
      'appId',
      'audience',
      'baseUrl',
      'session.signingKeys[0]',
      'signingKeys[0]',
    ])
    for (const { problem } of problems) assert.match(problem, /environment variable/)
  })
})

describe('NODE_ENV=production', () => {
  /** Runs with NODE_ENV set, and puts back what was there. */
  function inProduction(run: () => void): void {
    const before = process.env.NODE_ENV
    process.env.NODE_ENV = 'production'
    try {
      run()
    } finally {
      if (before === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = before
    }
  }

  test('with session and no store: losing sessions has to be written down', () => {
    inProduction(() => {
      const { problems } = refusalOf({ ...good, session })
      assert.deepEqual(
        problems.map(({ option }) => option),
        ['store'],
      )
      assert.match(problems[0]?.problem ?? '', /NODE_ENV is production/)
      assert.match(problems[0]?.fix ?? '', /store: memoryStore\(\)/)
    })
  })

  test('with a store that is written down, or without session, it starts', () => {
    inProduction(() => {
      customJwtAuth({ ...good, session, store: memoryStore() } as CustomJwtAuthOptions)
      customJwtAuth(good as CustomJwtAuthOptions)
    })
  })

  test('once it is said of a store in memory what it is, and of no other', () => {
    const logger = recordingLogger()
    const store = memoryStore({ maxUsers: 7 })
    inProduction(() => {
      for (const each of [store, store, { ...store }])
        customJwtAuth({ ...good, store: each, logger } as CustomJwtAuthOptions)
    })
    const [line, ...more] = logger.lines
    assert.deepEqual(
      [line?.level, line?.fields, more.length],
      ['warn', { maxUsers: 7, maxSessions: 100_000 }, 0],
    )
    assert.match(
      line?.message ?? '',
      /in the memory of this process: they are lost when it ends.*are forgotten/,
    )
  })

  test('elsewhere the in-memory store is the default, and nothing is said', () => {
    assert.notEqual(process.env.NODE_ENV, 'production')
    const logger = recordingLogger()
    customJwtAuth({ ...good, session, logger } as CustomJwtAuthOptions)
    assert.deepEqual(logger.lines, [])
  })
})

describe('good options', () => {
  const accepted: readonly object[] = [
    { audience: 'one' },
    { audience: 'one, two' },
    { audience: ['one', 'two'], requireAnyAudience: true },
    {
      signingKeys: [
        SECRET,
        OTHER_SECRET,
        { key: SECRET.replaceAll('2', '3'), kid: 'three', encoding: 'hex' },
      ],
    },
    { allowedTypes: [null] },
    { allowedTypes: ['JWT', 'at+jwt', null] },
    { clockToleranceSeconds: 0 },
    { clockToleranceSeconds: 600 },
    { maxTokenLength: 1, maxFieldLength: 1, timeoutSeconds: 1 },
    { maxTokenLength: 200_000, maxFieldLength: 1_000_000, timeoutSeconds: 300 },
    { metadataFields: [] },
    { metadataFields: [{ name: 'a' }, { name: 'b.a', fieldName: 'c', required: true }] },
    { autoCreateUser: () => undefined, customData: () => undefined, generateUserId: () => '0'.repeat(24) },
    { generateUserId: ({ subject }: { subject: string }) => subject },
    // It may know its subjects, of which the trial's is none.
    { generateUserId: () => assert.fail() },
    { store: memoryStore(), logger: console, clock: () => 5 },
    { session: { ...session, refreshTokenTtlSeconds: 1800 } },
    { session: { ...session, refreshTokenTtlSeconds: 157_680_000, rotateRefreshTokens: true } },
    { session: { signingKeys: Array.from({ length: 10 }, (_, index) => String(index).repeat(40)) } },
    { cache: {} },
    { cache: { tokens: false, users: false } },
    { cache: { tokens: { max: 1 }, users: { max: 1, ttlSeconds: 1 } } },
    { baseUrl: 'http://localhost:3000/below/' },
    {
      session: undefined,
      logger: undefined,
      store: undefined,
      clock: undefined,
      cache: undefined,
      metadataFields: undefined,
    },
  ]
  for (const options of accepted)
    test(`start with ${Object.entries(options)
      .map(([name, value]) => `${name}: ${name.includes('store') || name === 'logger' ? '…' : show(value)}`)
      .join(', ')
      .slice(0, 90)}`, () => {
      customJwtAuth({ ...good, ...options } as CustomJwtAuthOptions)
    })

  test('are parsed once: changing them later changes nothing', () => {
    const audience = [APP_ID]
    const allowedTypes = ['JWT']
    const signingKeys: string[] = [SECRET]
    const metadataFields = [{ name: 'name' }]
    const options = { audience, allowedTypes, signingKeys, metadataFields }
    const { accept, refuse } = verifierFor(options)
    audience[0] = 'changed'
    allowedTypes.push('changed')
    signingKeys[0] = OTHER_SECRET
    metadataFields[0] = { name: 'sub' }
    options.audience = []
    assert.deepEqual(accept(mint(claims({ name: 'x' }))).data, { name: 'x' })
    assert.equal(refuse(mint(claims({ aud: 'changed' }))).code, 'TOKEN_AUDIENCE_MISMATCH')
    assert.equal(refuse(mint(claims(), { key: OTHER_SECRET })).code, 'TOKEN_SIGNATURE')
    assert.equal(refuse(mint(claims(), { header: { typ: 'changed' } })).code, 'TOKEN_TYPE')
  })

  test('have other defaults for an OpenID provider, and without sessions', () => {
    const { providers, bearerJwt } = parseOptions(
      { appId: APP_ID, discover: 'https://issuer.example' },
      false,
    )
    const [{ rules }] = providers as [ProviderRules]
    assert.deepEqual([...rules.allowedTypes], ['jwt', 'at+jwt', null])
    assert.deepEqual([rules.maxTokenLength, rules.clockToleranceSeconds, bearerJwt], [8192, 0, true])
  })

  test('have the documented defaults', () => {
    const config = parseOptions({ ...good, session } as CustomJwtAuthOptions, false)
    const [provider] = config.providers as [ProviderRules]
    assert.deepEqual(provider.rules.audience, [APP_ID])
    assert.equal(provider.rules.requireAnyAudience, false)
    assert.deepEqual([...provider.rules.allowedTypes], ['jwt'])
    assert.equal(provider.rules.clockToleranceSeconds, 0)
    assert.equal(provider.rules.maxTokenLength, 2048)
    assert.deepEqual(provider.metadata, { fields: [], maxFieldLength: 4096 })
    assert.equal(config.autoCreateUser, false)
    assert.equal(config.credentialsRequired, true)
    assert.equal(config.bearerJwt, false)
    assert.equal(provider.disabled, false)
    assert.deepEqual(config.cache, {
      tokens: 5000,
      users: { max: 10_000, ttlSeconds: 30 },
      providers: { max: 2000, ttlSeconds: 60 },
    })
    assert.equal(config.session?.refreshTokenTtlSeconds, 60 * 86_400)
    assert.equal(config.session.rotateRefreshTokens, false)
    assert.equal(config.session.capRefreshToTokenExpiry, false)
    assert.equal(config.session.checkRevocation, false)
    assert.equal(config.clock, Date.now)
    assert.ok(
      Object.isFrozen(config) && Object.isFrozen(provider.rules) && Object.isFrozen(provider.metadata),
    )
  })

  test('with a comma in the App ID mean one audience: only the option audience is a list', () => {
    const token = mint(claims({ aud: 'one,two' }))
    assert.equal(verifierFor({ appId: 'one,two' }).accept(token, NOW).subject, '24601')
  })
})
