// The option credentials: what it finds, what it costs when it fails, and that nothing it does lets anybody in by mistake.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import express, { type Request as ExpressRequest } from 'express'
import {
  customJwtAuth,
  errorHandler,
  type AuthError,
  type CredentialSource,
  type FoundCredentials,
} from 'custom-jwt-auth'
import { startApp, type Options } from '../support/app.js'
import { meHandler } from '../support/frameworks.js'
import { claims, mint, NOW, OTHER_SECRET, SECRET } from '../support/tokens.js'

const good = mint()
const forged = mint(claims(), { key: OTHER_SECRET })

const cookie = (name: string, header = ''): string | undefined =>
  new RegExp(`(?:^|; )${name}=([^;]*)`).exec(header)?.[1]
const fromCookies = ({ headers }: { headers: { cookie?: string } }) => ({
  jwt: cookie('jwt', headers.cookie),
})

/** An app whose option answers with this, whatever the request. */
const startWith = (t: TestContext, answer: () => unknown, options: Options = {}) =>
  startApp(t, { credentials: answer as () => FoundCredentials, ...options })

test('a cookie is a credential, judged alone; without it the headers are read as always', async (t) => {
  const app = await startApp(t, { credentials: fromCookies })
  for (const [headers, status, code] of [
    [{ Cookie: `a=b; jwt=${good}; c=d` }, 200],
    [{ Cookie: `jwt=${good}`, jwtTokenString: forged }, 200],
    [{ Cookie: `jwt=${good}`, Authorization: ['Bearer x', 'Bearer y'] }, 200],
    [{ Cookie: 'a=b', jwtTokenString: good }, 200],
    [{ jwtTokenString: good }, 200],
    [{ Cookie: `jwt=${forged}`, jwtTokenString: good }, 401, 'TOKEN_SIGNATURE'],
    [{ Cookie: 'jwt=', jwtTokenString: good }, 401, 'TOKEN_SEGMENTS'],
    [{ Cookie: 'a=b', jwtTokenString: forged }, 401, 'TOKEN_SIGNATURE'],
    [{ Cookie: 'a=b' }, 401, 'CREDENTIALS_MISSING'],
    [{}, 401, 'CREDENTIALS_MISSING'],
  ] as const) {
    const answer = await app.send('/api/me', { headers })
    assert.equal(answer.status, status, JSON.stringify(headers))
    if (code) assert.equal(app.lastCode(), code)
  }
  const { expected } = app.logger.lines.at(-1)?.fields as { expected?: string }
  assert.match(String(expected), /^a token found by the option credentials, or the header jwtTokenString/)
})

test('a session is one too, and a promise of either; with several answers the last word is the token’s own', async (t) => {
  let answer: unknown
  const app = await startWith(t, () => answer, { credentialsRequired: false })
  const { access_token: access } = await app.loggedIn(good)
  for (const [given, status] of [
    [{ session: access }, 200],
    [{ session: ` ${access}\n`, jwt: undefined }, 200],
    [{ jwt: good, session: null }, 200],
    [{ jwt: access }, 401],
    [{ session: good }, 401],
    [{ session: '' }, 401],
  ] as const)
    for (answer of [given, Promise.resolve(given)])
      assert.equal((await app.send('/api/me')).status, status, JSON.stringify(given))
  for (const given of [
    undefined,
    null,
    { jwt: undefined },
    { session: null },
    { jwt: undefined, session: null },
  ])
    for (answer of [given, Promise.resolve(given)])
      assert.deepEqual((await app.send('/api/me')).body, { anonymous: true }, JSON.stringify(given))
})

test('a session without the option session is refused', async (t) => {
  const app = await startWith(t, () => ({ session: good }), { session: undefined } as unknown as Options)
  assert.equal((await app.send('/api/me')).status, 401)
  assert.equal(app.lastCode(), 'SESSION_NOT_CONFIGURED')
})

describe('what fails or answers nonsense is 503 and a line of the log, also where no credential is required', () => {
  const returned = (what: string) =>
    `credentials must return { jwt }, { session } or undefined, but returned ${what}`
  const failures: readonly [what: string, answer: () => unknown, message: string][] = [
    ['throws', () => assert.fail('the cookie store is away'), 'the cookie store is away'],
    ['rejects', () => Promise.reject(new Error('away')), 'away'],
    ['never answers', () => new Promise(() => undefined), 'no answer within 1 s'],
    ['false', () => false, returned('false')],
    ['true', () => true, returned('true')],
    ['the token itself', () => good, returned('a string')],
    ['nothing known', () => ({}), returned('a value of type object')],
    ['an unknown field', () => ({ token: good }), returned('a value of type object')],
    ['one field too many', () => ({ jwt: good, admin: true }), returned('a value of type object')],
    ['a list', () => [good], returned('an array')],
    ['a list of values', () => ({ jwt: [good] }), returned('{ jwt: an array }')],
    ['a number', () => Promise.resolve({ session: 5 }), returned('{ session: the number 5 }')],
    [
      'a promise',
      () => ({ jwt: Promise.reject(new Error('away')) }),
      returned('{ jwt: a value of type object }'),
    ],
    [
      'what is like a promise',
      () => ({ then: (resolve: (value: unknown) => void) => void resolve({}) }),
      returned('a value of type object'),
    ],
    ['both', () => ({ jwt: good, session: good }), returned('{ jwt: a string, session: a string }')],
  ]
  for (const [what, answer, message] of failures)
    test(what, async (t) => {
      const app = await startWith(t, answer, { credentialsRequired: false, timeoutSeconds: 1 })
      const { status, headers, text } = await app.send('/api/me', { headers: { jwtTokenString: good } })
      assert.deepEqual([status, headers['retry-after'], app.seen], [503, '5', []])
      assert.doesNotMatch(text, /credentials/)
      await assert.rejects(app.auth.authenticate({ headers: {} }), { code: 'CREDENTIALS_UNAVAILABLE' })
      assert.equal(app.logger.lines.length, 2)
      for (const { level, fields } of app.logger.lines) {
        assert.deepEqual([level, fields.code], ['error', 'CREDENTIALS_UNAVAILABLE'])
        assert.equal((fields.err as Error).message, message)
      }
    })
})

test('auth.authenticate asks it for every request, and not for a token', async (t) => {
  const app = await startApp(t, { credentials: fromCookies })
  const headers = { cookie: `jwt=${good}` }
  for (const source of [{ headers }, new Headers(headers), new Request('http://app.example', { headers })]) {
    const { auth } = await app.auth.authenticate(source)
    assert.equal(auth.kind, 'custom-token')
  }
  const sources = [
    { headers, protocol: 'wss' },
    { headers: new Headers(headers), protocol: 'wss' },
    new Headers(headers),
  ]
  const seen: unknown[] = []
  const watching = await startWith(t, ((req: { headers: object; protocol?: string }) => {
    seen.push([req.headers, req.protocol])
    return { jwt: good }
  }) as () => unknown)
  for (const source of sources) await watching.auth.authenticate(source)
  // What has headers as Node has them is seen itself; of all else, the headers alone.
  assert.deepEqual(seen, [
    [headers, 'wss'],
    [headers, undefined],
    [headers, undefined],
  ])
  const code = (source: unknown) =>
    app.auth.authenticate(source as CredentialSource).catch((error: AuthError) => error.code)
  assert.equal(await code({ headers: { cookie: `jwt=${forged}` } }), 'TOKEN_SIGNATURE')
  // Whatever a client sends in place of a request, the option gets headers to look into.
  for (const junk of [undefined, null, {}, [], 5, { headers: 'x' }, { headers: null }])
    assert.equal(await code(junk), 'CREDENTIALS_MISSING', JSON.stringify(junk))

  const failing = await startWith(t, () => assert.fail('asked'))
  assert.equal((await failing.auth.authenticate(good)).auth.kind, 'custom-token')
})

test('it sees what the app’s own middleware has put on the request', async (t) => {
  const seen: unknown[] = []
  const app = await startApp(t, {
    credentials: (req: ExpressRequest) => {
      seen.push(req.originalUrl, typeof req.get)
      return { jwt: good }
    },
  })
  assert.equal((await app.send('/api/me?x=1')).status, 200)
  assert.deepEqual(seen, ['/api/me?x=1', 'function'])
})

test('as docs/options.md has it, a cookie counts for nothing where another site makes a request that does something', async (t) => {
  const page = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8')
  const [code = assert.fail('the page has no such example')] =
    /^credentials\(req\) \{.*?^\}/ms.exec(page) ?? []
  const { credentials } = new Function(`return { ${code} }`)() as Options
  const app = await startApp(t, { credentials: credentials as never }, ({ auth, seen }) => {
    const withCookies = express().use((req, _res, next) => {
      req.cookies = { token: cookie('token', req.headers.cookie) }
      next()
    })
    return withCookies.use(auth, meHandler(seen), errorHandler()) as RequestListener
  })
  for (const [site, method, upgrade, status] of [
    ['same-origin', 'POST', '', 200],
    ['none', 'POST', '', 200],
    ['', 'POST', '', 200],
    ['same-site', 'GET', '', 200],
    ['cross-site', 'GET', '', 200],
    ['same-site', 'POST', '', 401],
    ['cross-site', 'POST', '', 401],
    ['cross-site', 'DELETE', '', 401],
    ['cross-site', 'GET', 'websocket', 401],
    ['same-origin', 'GET', 'websocket', 200],
  ] as const) {
    const headers = {
      Cookie: `token=${good}`,
      ...(site && { 'Sec-Fetch-Site': site }),
      ...(upgrade && { Upgrade: upgrade, Connection: 'upgrade' }),
    }
    assert.equal((await app.send('/', { method, headers })).status, status, `${site} ${method} ${upgrade}`)
  }
})

test('start-up refuses what is not a function', () => {
  for (const credentials of [null, 'cookie', {}, true])
    assert.throws(
      () =>
        customJwtAuth({
          appId: 'myapp-abcde',
          signingAlgorithm: 'HS256',
          signingKeys: [SECRET],
          clock: () => NOW * 1000,
          credentials: credentials as never,
        }),
      { code: 'CONFIGURATION_INVALID', message: /credentials: is .*Pass a function/ },
    )
})
