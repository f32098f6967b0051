// Start-up names every mistake with an issuer's keys.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { customJwtAuth, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { noFlag, noFunction, noInteger, noString, refusalOf, show } from '../../support/refused-options.js'
import { answerWith, jwksOf, startIssuer } from '../../support/scripted-issuer.js'
import { APP_ID, SECRET } from '../../support/tokens.js'

const app = { appId: APP_ID }
const remote = { ...app, jwkUri: 'https://issuer.example.com/.well-known/jwks.json' }

/** The one problem of options, as `option: problem. fix`. */
function problemOf(options: object): string {
  const { problems, message } = refusalOf({ ...remote, ...options })
  assert.equal(problems.length, 1, message)
  return problems.map(({ option, problem, fix }) => `${option}: ${problem}. ${fix}`).join()
}

const accept = (options: object) => {
  customJwtAuth({ ...remote, ...options })
}

describe('sources of keys', () => {
  test('there has to be one', () => {
    const fix = 'Pass signingKeys (with signingAlgorithm), jwkUri or discover'
    assert.deepEqual(refusalOf(app).problems, [{ option: 'signingKeys', problem: 'is not set', fix }])
  })

  test('jwkUri and discover: not both', () => {
    const { problems } = refusalOf({ ...remote, discover: 'https://issuer.example.com' })
    const fix = 'Pass just one of them: both lead to the key set'
    assert.deepEqual(problems, [{ option: 'discover', problem: 'is set together with jwkUri', fix }])
  })

  test('beside a key set each key that is written down names its algorithm', () => {
    const { problems } = refusalOf({ ...remote, signingKeys: [SECRET] })
    assert.deepEqual(
      problems.map(({ option, problem }) => `${option} ${problem}`),
      ['signingKeys[0].algorithm is not set'],
    )
  })

  test('a jwkUri from an environment variable that is not set does not mean another source', () => {
    assert.match(
      problemOf({ jwkUri: undefined }),
      /^jwkUri: is undefined \(left out, or an environment variable/,
    )
  })

  test('jwks is for an issuer alone', () => {
    const { problems } = refusalOf({ ...app, signingAlgorithm: 'HS256', signingKeys: [SECRET], jwks: {} })
    assert.deepEqual(problems, [{ option: 'jwks', problem: 'is set without a key set', fix: 'Remove it' }])
  })
})

for (const option of ['jwkUri', 'discover'] as const)
  describe(option, () => {
    const problem = (value: unknown): string => {
      const { problems, message } = refusalOf({ ...app, [option]: value })
      assert.deepEqual(
        problems.map((one) => one.option),
        [option],
        message,
      )
      return `${problems[0]?.problem ?? ''}. ${problems[0]?.fix ?? ''}`
    }

    for (const value of noString)
      test(`${show(value)} is not a URL`, () => {
        assert.match(
          problem(value),
          /^is .*\. Pass an https URL \(http is allowed on loopback only, or with jwks\.allowHttp\)$/,
        )
      })

    for (const url of [
      'http://issuer.example.com/jwks',
      'http://127.0.0.1.example.com/jwks',
      'http://localhost.example.com/jwks',
      'http://example.com#localhost',
      'http://localhost@example.com/',
      'http://10.0.0.1/jwks',
      'http://0.0.0.0/jwks',
      'http://[::]/jwks',
      'http://[::2]/jwks',
      'http://169.254.169.254/latest',
      'HTTP://issuer.example.com',
      'ftp://issuer.example.com/jwks',
      'file:///etc/jwks.json',
      'data:application/json,{}',
      'javascript:1',
      'issuer.example.com/jwks',
      '//issuer.example.com/jwks',
      '/jwks',
      'https://',
      'https://exa mple.com',
    ])
      test(`${url} is not an https URL`, () => {
        assert.equal(
          problem(url),
          'is not an https URL. Pass an https URL (http is allowed on loopback only, or with jwks.allowHttp)',
        )
      })

    for (const url of [
      'https://issuer.example.com/tenant',
      'HTTPS://issuer.example.com:8443',
      'http://localhost:8080',
      'http://127.0.0.1:8080/tenant',
      'http://127.1.2.3/',
      'http://127.10.20.30/',
      'http://[::1]:8080/tenant',
    ])
      test(`${url} is accepted`, () => {
        customJwtAuth({ ...app, [option]: url } as unknown as CustomJwtAuthOptions)
      })
  })

test('discover is the issuer, not its discovery document', () => {
  for (const discover of [
    'https://issuer.example.com/.well-known/openid-configuration',
    'https://issuer.example.com/.well-known',
    'https://issuer.example.com/?tenant=x',
    'https://issuer.example.com/#x',
  ]) {
    const { problems } = refusalOf({ ...app, discover })
    assert.deepEqual(problems, [
      {
        option: 'discover',
        problem: 'is more than an issuer',
        fix: 'Pass the exact value of iss, without /.well-known/…',
      },
    ])
  }
})

test('discover is compared with iss as a text: whitespace that a URL would lose is refused', () => {
  for (const discover of [
    'https://issuer.example.com\n',
    ' https://issuer.example.com',
    'https://issuer.example.com ',
    'https://issuer.example.com/ten\tant',
    'https://issuer.example.com\0',
  ]) {
    const { problems } = refusalOf({ ...app, discover })
    assert.deepEqual(problems, [
      {
        option: 'discover',
        problem: 'has whitespace in it (a stray space or newline?)',
        fix: 'Pass the exact value of iss, without /.well-known/…',
      },
    ])
  }
})

test('discover has no user and no password, and may have a path that is like the well-known one', () => {
  for (const discover of ['https://user@issuer.example.com', 'https://:word@issuer.example.com']) {
    const { problems } = refusalOf({ ...app, discover })
    assert.deepEqual(
      problems.map(({ option, problem }) => `${option} ${problem}`),
      ['discover has a user name or password in it (jwks.headers can hold them)'],
    )
  }
  customJwtAuth({ ...app, discover: 'https://issuer.example.com/.well-known-tenant' })
})

describe('signingAlgorithm', () => {
  test('is RS256 when it is not set, and may be any with public keys', () => {
    accept({})
    for (const kind of ['RS', 'PS', 'ES'])
      for (const bits of [256, 384, 512]) accept({ signingAlgorithm: `${kind}${String(bits)}` })
  })

  test('may not be one with secrets, nor an unknown one', () => {
    for (const signingAlgorithm of ['HS256', 'HS384', 'HS512', 'none', 'ES256K', 'rs256', ''])
      assert.match(
        problemOf({ signingAlgorithm }),
        /^signingAlgorithm: is not one that these keys can have\. Pass one of RS256, .*EdDSA$/,
      )
    assert.match(problemOf({ signingAlgorithm: null }), /^signingAlgorithm: is null\. Pass one of RS256/)
    assert.match(problemOf({ signingAlgorithm: [] }), /^signingAlgorithm: is an array\. Pass one of RS256/)
  })
})

describe('jwks', () => {
  test('is an object with known options', () => {
    for (const jwks of [5, 'x', []]) assert.match(problemOf({ jwks }), /^jwks: is .*\. Pass an object$/)
    assert.match(
      problemOf({ jwks: { maxkeys: 5 } }),
      /^jwks\.maxkeys: is not an option\. Did you mean maxKeys$/,
    )
    assert.match(
      problemOf({ jwks: { cache: true } }),
      /^jwks\.cache: is not an option\. Remove it; known options are maxKeys/,
    )
  })

  const ranges = {
    maxKeys: [1, 100],
    maxAgeSeconds: [60, 3600],
    staleSeconds: [0, 86_400],
    cooldownSeconds: [1, 300],
    timeoutSeconds: [1, 60],
  }
  for (const [name, [min = 0, max = 0]] of Object.entries(ranges))
    test(`jwks.${name} is a whole number from ${String(min)} to ${String(max)}`, () => {
      for (const value of [min, max]) accept({ jwks: { [name]: value } })
      for (const value of [min - 1, max + 1, ...noInteger])
        assert.match(
          problemOf({ jwks: { [name]: value } }),
          new RegExp(
            `^jwks\\.${name}: is .*\\. Pass a whole number from ${String(min)} to ${String(max)}, as a number$`,
          ),
        )
    })

  test('jwks.allowMissingKid is true or false', () => {
    for (const value of [true, false]) accept({ jwks: { allowMissingKid: value } })
    for (const value of noFlag)
      assert.match(
        problemOf({ jwks: { allowMissingKid: value } }),
        /^jwks\.allowMissingKid: is .*\. Pass true or false$/,
      )
  })

  test('jwks.headers is an object of strings', () => {
    accept({ jwks: { headers: { 'x-api-key': 'k' } } })
    for (const headers of [
      null,
      'x',
      5,
      { 'x-key': undefined },
      { 'x-key': 5 },
      { 'x-a': 'k', 'x-b': 5 },
      ['x', 5],
      ['x'],
    ])
      assert.match(
        problemOf({ jwks: { headers } }),
        /^jwks\.headers: is not an object of strings\. Pass e\.g\./,
      )
  })

  test('jwks.headers have names and values that HTTP can send, and a wrong value is not told', () => {
    assert.match(
      problemOf({ jwks: { headers: { 'x key': 'k' } } }),
      /^jwks\.headers: has a name that is not a valid header name\. Pass e\.g\./,
    )
    const told = problemOf({ jwks: { headers: { 'x-key': 'hunter2\n' } } })
    assert.match(told, /^jwks\.headers: has a value for x-key with characters that a header cannot contain/)
    assert.doesNotMatch(told, /hunter2/)
  })

  test('jwks.agent is an agent, and jwks.fetch a function', () => {
    for (const agent of [null, 'http://proxy.example:3128', true, 5])
      assert.match(
        problemOf({ jwks: { agent } }),
        /^jwks\.agent: is .*\. Pass an Agent of node:http or node:https$/,
      )
    accept({ jwks: { fetch } })
    for (const value of noFunction)
      assert.match(problemOf({ jwks: { fetch: value } }), /^jwks\.fetch: is .*\. Pass a function$/)
  })
})

test('nothing is asked at start-up, and several mistakes are all told', () => {
  const { problems } = refusalOf({
    appId: APP_ID,
    jwkUri: 'http://issuer.example.com',
    signingAlgorithm: 'HS256',
    jwks: { maxKeys: 0, agent: 5 },
  })
  assert.deepEqual(problems.map(({ option }) => option).sort(), [
    'jwkUri',
    'jwks.agent',
    'jwks.maxKeys',
    'signingAlgorithm',
  ])
})

test('options that change later change nothing', async (t) => {
  const issuer = await startIssuer(t, answerWith(jwksOf('a')))
  const headers = { 'x-api-key': 'before' }
  const auth = customJwtAuth({ appId: APP_ID, jwkUri: issuer.jwkUri, jwks: { headers } })
  headers['x-api-key'] = 'after'
  await auth.ready()
  assert.equal(issuer.requests[0]?.headers['x-api-key'], 'before')
})
