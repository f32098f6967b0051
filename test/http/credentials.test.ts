import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import test from 'node:test'
import { customJwtAuth, isAuthError, type User } from 'custom-jwt-auth'
import { BASE, LOGIN, startApp, type TestApp } from '../support/app.js'
import { sendRaw, type Outgoing } from '../support/client.js'
import { APP_ID, mint, NOW, SECRET, SESSION_SECRET } from '../support/tokens.js'

type Headers = Outgoing['headers']

/** The outcome of a request to `/api/me`: `ok`, or the code of the refusal. */
async function outcome(app: TestApp, headers: Headers): Promise<string> {
  const { status } = await app.send('/api/me', { headers: headers ?? {} })
  return status === 200 ? 'ok' : `${status} ${app.lastCode()}`
}

test('a bearer token is judged alone, whatever else the request carries', async (t) => {
  const app = await startApp(t)
  const { access_token: access } = await app.loggedIn()
  const jwt = mint()
  const cases: [Headers, string][] = [
    [{ Authorization: `Bearer ${access}` }, 'ok'],
    [{ Authorization: `Bearer ${access}`, jwtTokenString: 'junk' }, 'ok'],
    [{ Authorization: `Bearer   ${access}  ` }, 'ok'],
    [{ Authorization: 'Bearer junk', jwtTokenString: jwt }, '401 SESSION_INVALID'],
    [{ Authorization: `Bearer ${access}x`, jwtTokenString: jwt }, '401 SESSION_INVALID'],
    [{ Authorization: `Bearer ${access} ${access}`, jwtTokenString: jwt }, '401 SESSION_INVALID'],
    [{ Authorization: `Bearer ${jwt}`, jwtTokenString: jwt }, '401 SESSION_INVALID'],
    [{ Authorization: 'Bearer', jwtTokenString: jwt }, '401 SESSION_INVALID'],
    [{ Authorization: 'Bearer ', jwtTokenString: jwt }, '401 SESSION_INVALID'],
    [{ Authorization: 'bearer' }, '401 SESSION_INVALID'],
    [{ Authorization: `Bearer\t${access}` }, 'ok'],
    [{ Authorization: 'Bearer\tjunk', jwtTokenString: jwt }, '401 SESSION_INVALID'],
  ]
  for (const [headers, expected] of cases)
    assert.equal(await outcome(app, headers), expected, JSON.stringify(headers))
})

test('the scheme Bearer is read in any case', async (t) => {
  const app = await startApp(t)
  const { access_token: access } = await app.loggedIn()
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR', 'beareR'])
    assert.equal(await outcome(app, { Authorization: `${scheme} ${access}` }), 'ok', scheme)
})

test('another scheme, or an empty Authorization header, leaves the way to jwtTokenString open', async (t) => {
  const app = await startApp(t)
  const jwt = mint()
  const { access_token: access } = await app.loggedIn()
  const others = [
    'Basic dXNlcjpwYXNz',
    'Digest a=b',
    `Bearer${access}`,
    `BearerX ${access}`,
    `Basic bearer ${access}`,
    'xBasic dXNlcjpwYXNz',
    access,
    '',
    '   ',
  ]
  for (const Authorization of others) {
    assert.equal(await outcome(app, { Authorization, jwtTokenString: jwt }), 'ok', Authorization)
    assert.equal(await outcome(app, { Authorization }), '401 CREDENTIALS_MISSING', Authorization)
    const { got, expected } = app.logger.lines.at(-1)?.fields as { got?: string; expected?: string }
    const scheme = /^(?:Basic|Digest)(?= )/.exec(Authorization)?.[0]
    assert.equal(got, `Authorization with${scheme ? ` the scheme ${scheme}` : 'out a known scheme'}`)
    assert.equal(expected, 'the header jwtTokenString, or Authorization: Bearer')
  }
})

test('an empty, blank or joined jwtTokenString header is an invalid credential, not a missing one', async (t) => {
  const app = await startApp(t, { credentialsRequired: false })
  const jwt = mint()
  for (const [jwtTokenString, code] of [
    ['', 'TOKEN_SEGMENTS'],
    ['   ', 'TOKEN_SEGMENTS'],
    ['junk', 'TOKEN_SEGMENTS'],
    ['undefined', 'TOKEN_SEGMENTS'],
    [`Bearer ${jwt}`, 'TOKEN_MALFORMED'],
    [`"${jwt}"`, 'TOKEN_MALFORMED'],
    [`${jwt}, ${jwt}`, 'TOKEN_SEGMENTS'],
  ] as const)
    assert.equal(await outcome(app, { jwtTokenString }), `401 ${code}`, jwtTokenString)
  assert.equal(await outcome(app, { jwtTokenString: `  ${jwt}  ` }), 'ok')
})

test('a credential header that arrives twice is refused with 400', async (t) => {
  for (const credentialsRequired of [true, false]) {
    const app = await startApp(t, { credentialsRequired })
    const { access_token: access } = await app.loggedIn()
    const jwt = mint()
    const bearer = `Bearer ${access}`
    for (const headers of [
      { Authorization: [bearer, bearer] },
      { Authorization: ['Basic dXNlcjpwYXNz', bearer] },
      { Authorization: [bearer, ''] },
      { Authorization: [bearer, bearer], jwtTokenString: jwt },
      { jwtTokenString: [jwt, jwt] },
      { jwtTokenString: ['', jwt] },
      { Authorization: bearer, jwtTokenString: [jwt, jwt] },
    ])
      assert.equal(await outcome(app, headers), '400 CREDENTIALS_DUPLICATED', JSON.stringify(headers))
  }
})

test('a credential header that arrives twice in different cases is refused with 400 too', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  const request = (method: string, path: string, ...headers: string[]) =>
    sendRaw(
      app.url,
      [`${method} ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers, '', ''].join('\r\n'),
    )
  const jwt = mint()
  const [upper, lower] = [`AUTHORIZATION: Bearer ${access}`, `authorization: Bearer ${access}`]
  assert.equal((await request('GET', '/api/me', upper)).status, 200)
  assert.equal((await request('GET', '/api/me', `JWTTOKENSTRING: ${jwt}`)).status, 200)
  // Others of the same length may.
  const others = ['X-Thirteenths: 1', 'X-Thirteenths: 2', 'X-Of-Fourteens: 1', 'X-Of-Fourteens: 2']
  assert.deepEqual(
    others.map((line) => line.indexOf(':')),
    [13, 13, 14, 14],
  )
  assert.equal((await request('GET', '/api/me', upper, ...others)).status, 200)
  for (const [name, ...headers] of [
    ['Authorization', upper, lower],
    ['jwtTokenString', `JwtTokenString: ${jwt}`, `jwttokenstring: ${jwt}`],
  ] as const) {
    assert.equal((await request('GET', '/api/me', ...headers)).status, 400)
    assert.equal(
      app.logger.lines.at(-1)?.message,
      `custom-jwt-auth: the ${name} header was sent more than once`,
    )
  }
  const twice = await request(
    'POST',
    `${BASE}/auth/session`,
    `Authorization: Bearer ${refresh}`,
    'authorization: Bearer x',
  )
  assert.equal(twice.status, 400)
  assert.match(twice.text, /"error_code":"InvalidParameter"/)
})

test('no credential is read from a URL, a body or a cookie', async (t) => {
  const app = await startApp(t)
  const { access_token: access } = await app.loggedIn()
  const jwt = mint()
  for (const [name, token] of [
    ['access_token', access],
    ['access_token', jwt],
    ['jwtTokenString', jwt],
    ['token', jwt],
  ] as const) {
    const pair = `${name}=${token}`
    assert.equal((await app.send(`/api/me?${pair}`)).status, 401, name)
    assert.equal((await app.send('/api/me', { headers: { cookie: pair } })).status, 401, name)
    const body = { [name]: token }
    assert.equal((await app.send('/api/me', { method: 'POST', body })).status, 401, name)
  }
})

test('session routes know no credential but the bearer token', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  for (const [method, path, token] of [
    ['GET', '/auth/profile', access],
    ['POST', '/auth/session', refresh],
    ['DELETE', '/auth/session', refresh],
    ['DELETE', '/auth/delete', access],
    ['GET', '/auth/profile', mint()],
  ] as const) {
    const answer = await app.send(BASE + path, { method, headers: { jwtTokenString: token } })
    assert.equal(answer.status, 401)
    assert.equal(app.lastCode(), 'CREDENTIALS_MISSING')
  }
  const link = await app.send(`${LOGIN}?link=true`, {
    method: 'POST',
    headers: { jwtTokenString: mint() },
    body: { token: mint() },
  })
  assert.equal(link.status, 401)
  assert.equal(app.lastCode(), 'CREDENTIALS_MISSING')
  assert.equal((await app.bearer('GET', `${BASE}/auth/profile`, access)).status, 200)
})

test("a request that is not Node's own, without rawHeaders or with lists of values, is read like any other", () => {
  const auth = customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    autoCreateUser: true,
    session: { signingKeys: [SESSION_SECRET] },
    clock: () => NOW * 1000,
  })
  const jwt = mint()
  for (const [headers, expected] of [
    [{ jwttokenstring: jwt }, 'ok'],
    [{ jwttokenstring: [jwt] }, 'ok'],
    [{ authorization: ['Basic eDp5'], jwttokenstring: jwt }, 'ok'],
    [{ authorization: [], jwttokenstring: jwt }, 'ok'],
    [{ authorization: [] }, 'CREDENTIALS_MISSING'],
    [{ authorization: ['Bearer junk'], jwttokenstring: jwt }, 'SESSION_INVALID'],
    [{ authorization: ['Bearer a', 'Bearer b'] }, 'the Authorization header was sent more than once'],
    [{ jwttokenstring: [jwt, jwt] }, 'the jwtTokenString header was sent more than once'],
    [{}, 'CREDENTIALS_MISSING'],
    [undefined, 'CREDENTIALS_MISSING'],
    [null, 'CREDENTIALS_MISSING'],
    [{ authorization: null, jwttokenstring: null }, 'CREDENTIALS_MISSING'],
    [{ authorization: null, jwttokenstring: jwt }, 'ok'],
  ] as const) {
    const req = { headers } as unknown as IncomingMessage & { user?: User }
    let outcome = 'not at once'
    auth(req, {} as ServerResponse, (error) => {
      // With the words for the log, which are made only when they are read.
      if (isAuthError(error)) outcome = error.status === 400 ? error.message : (error.detail, error.code)
      else outcome = req.user ? 'ok' : 'nobody'
    })
    assert.equal(outcome, expected, JSON.stringify(headers ?? 'none').slice(0, 60))
  }
})
