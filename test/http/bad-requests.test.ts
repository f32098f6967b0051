// What no client of ours sends: every answer is a refusal in the shape of PROTOCOL §5, and the server stays up.
import assert from 'node:assert/strict'
import express, { type RequestHandler } from 'express'
import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import test from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { BASE, LOGIN, PROFILE, SESSION, startApp, type TestApp } from '../support/app.js'
import { send, sendRaw, type Answer, type Outgoing } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { expressApp } from '../support/frameworks.js'
import { randomFrom } from '../support/random.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, OTHER_SECRET, withSegment } from '../support/tokens.js'

const JSON_TYPE = { 'Content-Type': 'application/json' }

function assertShape({ status, headers, body, text }: Answer, expected: number, what: string): void {
  assert.equal(status, expected, what)
  assert.equal(headers['content-type'], 'application/json', what)
  assert.deepEqual(Object.keys(body), ['error', 'error_code', 'link'], `${what}: ${text}`)
}

function logIn(
  app: TestApp,
  body: Outgoing['body'],
  headers: Outgoing['headers'] = JSON_TYPE,
): Promise<Answer> {
  return app.send(LOGIN, { method: 'POST', headers, ...(body !== undefined && { body }) })
}

test('arrays, numbers and objects where the login wants strings and objects are refused by name', async (t) => {
  const app = await startApp(t)
  const token = mint()
  const cases: [unknown, RegExp][] = [
    [[token], /the request body must be an object/],
    [[], /the request body must be an object/],
    [{ token: 1 }, /'token' must be a string/],
    [{ token: true }, /'token' must be a string/],
    [{ token: {} }, /'token' must be a string/],
    [{ token: [token] }, /'token' must be a string/],
    [{ token: { $ne: '' } }, /'token' must be a string/],
    [{ token, options: 'x' }, /'options' must be an object/],
    [{ token, options: [] }, /'options' must be an object/],
    [{ token, options: 1 }, /'options' must be an object/],
    [{ token, options: { device: 'x' } }, /'options.device' must be an object/],
    [{ token, options: { device: [] } }, /'options.device' must be an object/],
    [{ token, options: { device: 0 } }, /'options.device' must be an object/],
    [{ __proto__: null, constructor: { token } }, /missing parameter: 'token'/],
  ]
  for (const [body, error] of cases) {
    const text = JSON.stringify(body)
    const answer = await logIn(app, text)
    assertShape(answer, 400, text)
    assert.match(String(answer.body.error), error)
  }
  assertShape(await logIn(app, `{"__proto__":{"token":"${token}"}}`), 400, '__proto__')
  for (const options of [undefined, null, {}, { device: null }, { device: {} }, { other: 1 }])
    assert.equal((await logIn(app, { token, options, more: [1] })).status, 200)
})

test('a body that is absent, empty, no JSON or of another type is refused with 400 or 415', async (t) => {
  const app = await startApp(t)
  const token = mint()
  const good = JSON.stringify({ token })
  for (const [body, headers, status] of [
    [undefined, {}, 400],
    [undefined, JSON_TYPE, 400],
    ['', JSON_TYPE, 400],
    ['   ', JSON_TYPE, 400],
    ['{', JSON_TYPE, 400],
    [good.slice(0, -1), JSON_TYPE, 400],
    [`${good}}`, JSON_TYPE, 400],
    [`${good}${good}`, JSON_TYPE, 400],
    [JSON.stringify(token), JSON_TYPE, 400],
    ['null', JSON_TYPE, 400],
    ['1', JSON_TYPE, 400],
    [Buffer.from([0xff, 0xfe, 0x00]), JSON_TYPE, 400],
    [good, {}, 415],
    [good, { 'Content-Type': 'text/plain' }, 415],
    [good, { 'Content-Type': 'text/json' }, 415],
    [good, { 'Content-Type': 'application/jsonx' }, 415],
    [good, { 'Content-Type': 'application/json, text/plain' }, 415],
    [`token=${token}`, { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    [good, { 'Content-Type': 'application/json; charset=latin1' }, 415],
    [good, { 'Content-Type': 'application/json; charset=utf-99' }, 415],
    [good, { ...JSON_TYPE, 'Content-Encoding': 'x-unknown' }, 415],
    [gzipSync(good), { ...JSON_TYPE, 'Content-Encoding': 'gzip' }, 415],
    [deflateSync(good), { ...JSON_TYPE, 'Content-Encoding': 'deflate' }, 415],
    [Buffer.from(good, 'utf16le'), { 'Content-Type': 'application/json; charset=utf-16le' }, 415],
    [Buffer.from(good, 'utf16le'), JSON_TYPE, 400],
  ] as const)
    assertShape(await logIn(app, body, headers), status, `${JSON.stringify(headers)} ${String(body)}`)
})

test('JSON in every dress that is allowed logs in', async (t) => {
  const app = await startApp(t)
  const good = JSON.stringify({ token: mint() })
  for (const [body, headers] of [
    [good, JSON_TYPE],
    [good, { 'Content-Type': 'APPLICATION/JSON; Charset="UTF-8"' }],
    [good, { 'Content-Type': 'application/ejson' }],
    [good, { 'Content-Type': 'application/vnd.api+json' }],
    [`\r\n\t ${good} \n`, JSON_TYPE],
    [`\ufeff${good}`, JSON_TYPE],
    [good, { ...JSON_TYPE, 'Content-Encoding': 'identity' }],
    [JSON.stringify({ token: ` ${mint()}\n` }), JSON_TYPE],
  ] as const)
    assert.equal((await logIn(app, body, headers)).status, 200, JSON.stringify(headers))
})

test('a body with more than 4 KB beside the longest token is refused with 413', async (t) => {
  const app = await startApp(t)
  const fits = JSON.stringify({ token: mint(), pad: 'x'.repeat(5_500) })
  const big = JSON.stringify({ token: mint(), pad: 'x'.repeat(6_200) })
  assert.equal((await logIn(app, fits)).status, 200)
  assertShape(await logIn(app, big), 413, 'with a length')
  // Chunked: no length is announced.
  const chunked = await fetch(app.url + LOGIN, {
    method: 'POST',
    headers: JSON_TYPE,
    body: new Blob([big]).stream(),
    duplex: 'half',
  })
  assert.equal(chunked.status, 413)
  assert.equal(((await chunked.json()) as { error_code: string }).error_code, 'InvalidParameter')

  // The limit leaves room for the longest token allowed.
  const wide = await startApp(t, { maxTokenLength: 200_000 })
  const long = mint(claims({ pad: 'x'.repeat(140_000) }))
  assert.equal((await wide.login(long)).status, 200)
})

test('a client that hangs up in the middle of its body harms nobody', async (t) => {
  let begun = 0
  const app = await startApp(t, {}, (parts) => {
    const handle = expressApp(parts)
    return (req, res) => {
      handle(req, res)
      begun += 1
    }
  })
  const { hostname, port } = new URL(app.url)
  for (const [index, length] of [10, 5_000, 500_000].entries()) {
    const socket = connect(Number(port), hostname)
    const head = `POST ${LOGIN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n{"to`
    socket.write(head)
    await eventually(() => begun > index)
    socket.resetAndDestroy()
    await eventually(() => app.logger.lines.length > index)
  }
  assert.deepEqual(
    app.logger.lines.map(({ fields }) => fields.code),
    ['BODY_INVALID', 'BODY_INVALID', 'BODY_TOO_LARGE'],
  )
  assert.equal((await app.login()).status, 200)
})

test('unknown routes and methods below the base path are 404 in the same shape, and beside it the app answers', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  for (const [method, path] of [
    // What SDKs ask with the refresh token.
    ['GET', '/auth/api_keys'],
    ['POST', '/auth/api_keys'],
    ['GET', ''],
    ['GET', '/'],
    ['GET', '/auth'],
    ['GET', '/auth/session'],
    ['GET', '/auth/profile/x'],
    ['GET', '/auth//profile'],
    ['GET', '/auth%2Fprofile'],
    ['GET', '/auth/profile%00'],
    ['GET', '/auth/delete'],
    ['GET', `/app/${APP_ID}`],
    ['GET', `/app/${APP_ID}/location/x`],
    ['POST', `/app/${APP_ID}/location`],
    ['GET', `/app/${APP_ID}/auth/providers/custom-token/login`],
    ['POST', `/app/${APP_ID}/auth/providers/custom-token`],
    ['POST', `/app/${APP_ID}/auth/providers/custom-token/login/x`],
    ['PUT', '/auth/session'],
    ['PATCH', '/auth/session'],
    ['OPTIONS', '/auth/session'],
    ['OPTIONS', '/auth/profile'],
    ['POST', '/auth/profile'],
    ['DELETE', '/auth/profile'],
    ['POST', '/auth/delete'],
  ] as const)
    for (const token of [access, refresh]) {
      const what = `${method} ${path}`
      const bad = await app.bearer(method, BASE + path, withSegment(token, 2, 'AAAA'))
      assertShape(await app.bearer(method, BASE + path, token), 404, what)
      assertShape(bad, 401, what)
      assert.equal(bad.body.error_code, 'InvalidSession', what)
    }
  assert.equal((await app.bearer('HEAD', `${BASE}/nothing`, access)).status, 404)

  for (const path of [
    '/api/client/v2.1/auth/profile',
    '/api/client/v2x0/auth/profile',
    `${BASE}x/auth/profile`,
    `/x${PROFILE}`,
  ]) {
    const { status, body } = await app.bearer('GET', path, access)
    // Below /api the guard of the app comes next, and then nothing.
    assert.equal(status, 404, path)
    assert.deepEqual(body, {}, path)
  }
  assert.equal((await app.bearer('POST', SESSION, refresh)).status, 201)
})

test('a malformed path is refused with 400 or 404', async (t) => {
  const app = await startApp(t)
  for (const [path, status] of [
    [`${BASE}/app/%zz/location`, 400],
    [`${BASE}/app/%/location`, 400],
    [`${BASE}/app/%c3%28/location`, 400],
    [`${BASE}/app/${APP_ID}%/location`, 400],
    [`${BASE}/%zz`, 404],
    [`${BASE}/auth/profile%`, 404],
  ] as const)
    assertShape(await app.send(path), status, path)
  const { error } = (await app.send(`${BASE}/app/%zz/location`)).body
  assert.equal(error, 'the path is malformed')
  const login = LOGIN.replace('custom-token', '%zz')
  assertShape(await app.send(login, { method: 'POST', body: { token: mint() } }), 400, login)
  for (const query of [
    '?%zz',
    '?link=%zz',
    '?link[]=true',
    '?link=true%00',
    '?&&&=',
    `?${'a=b&'.repeat(500)}`,
  ])
    assert.equal(
      (await app.send(LOGIN + query, { method: 'POST', body: { token: mint() } })).status,
      200,
      query,
    )
})

test('a login whose body the app parsed itself, into whatever, is held to the same rules', async (t) => {
  const { auth } = await startApp(t)
  const token = mint()
  const good = JSON.stringify({ token })
  const all = { type: () => true }
  const set = (body: unknown): RequestHandler[] => [
    express.raw(all),
    (req, _res, next) => {
      req.body = body
      next()
    },
  ]
  const gzip = { ...JSON_TYPE, 'Content-Encoding': 'gzip' }
  type Case = [
    what: string,
    RequestHandler | RequestHandler[],
    sent: string | Buffer,
    number,
    headers?: object,
  ]
  const cases: Case[] = [
    ['json', express.json(), good, 200],
    ['json of another type alone', express.json({ type: 'text/x' }), good, 200],
    ['text', express.text(all), good, 200],
    ['raw', express.raw(all), good, 200],
    ['raw, which unpacked it', express.raw(all), gzipSync(good), 200, gzip],
    ['raw without a body', express.raw(all), '', 400],
    ['raw, broken', express.raw(all), good.slice(1), 400],
    ['raw, too large', express.raw(all), ' '.repeat(7_000) + good, 413],
    ['urlencoded', express.urlencoded({ extended: true }), good, 200],
    ['a text', set('text'), good, 400],
    ['bytes', set(Buffer.from('bytes')), good, 400],
    ['a list', set([]), good, 400],
    ['a number', set(1), good, 400],
    ['null', set(null), good, 400],
    ['nothing', set(undefined), good, 400],
    ['an object of no class', set(Object.create(null)), good, 400],
    ['a token that is a number', set({ token: 1 }), good, 400],
    ['a good object', set({ token }), good, 200],
  ]
  for (const [what, parse, body, status, headers = JSON_TYPE] of cases) {
    const server = await listen(express().use(parse).use(auth.sessionRoutes()) as RequestListener)
    t.after(() => server.close())
    const answer = await send(server.url + LOGIN, { method: 'POST', headers: { ...headers }, body })
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
  }
})

test('what is not even HTTP is answered by Node and harms nobody', async (t) => {
  const app = await startApp(t)
  for (const bytes of [
    '\r\n\r\njunk\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET ${PROFILE} HTTP/1.1\r\nAuthorization: B\0\r\n\r\n`,
  ])
    assert.equal((await sendRaw(app.url, bytes)).status, 400)
  const long = `GET ${PROFILE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${'x'.repeat(20_000)}\r\n\r\n`
  assert.equal((await sendRaw(app.url, long)).status, 431)
  assert.equal((await app.login()).status, 200)
})

test('500 random requests get a documented answer each, and none of them a 500', async (t) => {
  const random = randomFrom(20_240_607)
  const app = await startApp(t, { bearerJwt: true })
  const logins = [await app.loggedIn(), await app.loggedIn(mint(claims({ sub: 'other' })))]
  const tokens = [
    ...logins.flatMap(({ access_token, refresh_token }) => [access_token, refresh_token]),
    mint(),
    mint(claims({ sub: 'other' })),
    mint(claims({ exp: 1 })),
    mint(claims({ sub: { $gt: '' } })),
    mint(claims(), { key: OTHER_SECRET }),
    withSegment(mint(), 1, 'bnVsbA'),
    '',
    ' ',
    'a.b.c',
    'é'.normalize('NFC'),
    '\x7f',
    'null',
    'x'.repeat(5_000),
  ].map((token) => Buffer.from(token).toString('latin1').replace('\x7f', '~'))
  const paths = [
    '/api/me',
    LOGIN,
    `${LOGIN}?link=true`,
    LOGIN.replace(APP_ID, '%zz'),
    LOGIN.replace('custom-token', 'anon-user'),
    PROFILE,
    SESSION,
    `${BASE}/auth/delete`,
    `${BASE}/app/${APP_ID}/location`,
    `${BASE}/app/${APP_ID}/${'x'.repeat(2_000)}`,
    `${BASE}/${'%41'.repeat(20)}`,
  ]
  const bodies = [
    '',
    '{',
    '[]',
    '{}',
    'null',
    '{"token":1}',
    '{"token":""}',
    '\0\0\0',
    '"x"',
    '['.repeat(5_000),
  ]
  const types = ['application/json', 'text/plain', '', 'application/json; charset=utf-7', 'a/b; c="', ';']
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T

  const request = (): Outgoing & { path: string } => {
    const headers: Record<string, string | string[]> = {}
    if (random() < 0.6) headers.Authorization = `${pick(['Bearer', 'bearer', 'Basic', ''])} ${pick(tokens)}`
    if (random() < 0.4) headers.jwtTokenString = random() < 0.1 ? [pick(tokens), pick(tokens)] : pick(tokens)
    if (random() < 0.5) headers['Content-Type'] = pick(types)
    if (random() < 0.1) headers['Content-Encoding'] = pick(['gzip', 'br', 'deflate', 'x'])
    if (random() < 0.1) headers.Host = pick(['', 'a b', 'x'.repeat(3_000)])
    const method = pick(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
    const token = pick(tokens)
    const body =
      random() < 0.5 ? pick(bodies) : JSON.stringify(pick([{ token }, { token: { token } }, [token]]))
    const hasBody = method === 'POST' || random() < 0.1
    return { path: pick(paths), method, headers, ...(hasBody && { body }) }
  }
  const requests = Array.from({ length: 500 }, request)

  const seen = new Map<number, number>()
  const check = async ({ path, ...outgoing }: Outgoing & { path: string }): Promise<void> => {
    const { status, headers, text, body } = await app.send(path, outgoing)
    seen.set(status, (seen.get(status) ?? 0) + 1)
    const what = `${String(outgoing.method)} ${path} ${JSON.stringify(outgoing.headers).slice(0, 500)}: ${status} ${text}`
    assert.ok([200, 201, 204, 400, 401, 404, 413, 415].includes(status), what)
    if (status === 401) assert.ok(headers['www-authenticate'], what)
    if (status >= 400 && text !== '') assert.ok(body.error_code ?? path === '/api/me', what)
  }
  // Twenty at a time, each twenty in order.
  const lanes = Array.from({ length: 20 }, (_, lane) =>
    requests.filter((_request, index) => index % 20 === lane),
  )
  await Promise.all(
    lanes.map(async (lane) => {
      for (const each of lane) await check(each)
    }),
  )
  for (const status of [200, 400, 401, 404, 415])
    assert.ok(seen.has(status), `no ${status} in ${[...seen].join(' ')}`)
  const unexpected = app.logger.lines.filter(({ fields }) => fields.code === 'UNEXPECTED')
  assert.deepEqual(unexpected, [])
  assert.equal((await app.login(mint(claims({ sub: 'somebody new' })))).status, 200)
})
