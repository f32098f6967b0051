import assert from 'node:assert/strict'
import test from 'node:test'
import { ConfigurationError, customJwtAuth, memoryStore, type SessionOptions } from 'custom-jwt-auth'
import { createSecretKey } from 'node:crypto'
import { createSessionTokens } from '../../lib/sessions/session-tokens.js'
import { BASE, PROFILE, SESSION, startApp, type TestApp } from '../support/app.js'
import { headerOf, payloadOf } from '../support/payload.js'
import {
  APP_ID,
  claims,
  mint,
  mintText,
  NOW,
  OTHER_SECRET,
  SECRET,
  SESSION_SECRET,
  withSegment,
} from '../support/tokens.js'

const OBJECT_ID = /^[0-9a-f]{24}$/
const DAY = 86_400

test('an access token says exactly what the protocol fixes', async (t) => {
  const app = await startApp(t)
  const { access_token: access, user_id: id, device_id: device } = await app.loggedIn()
  assert.deepEqual(headerOf(access), { alg: 'HS256', typ: 'JWT' })
  const { iss: session, baas_domain_id: domain, ...rest } = payloadOf(access)
  assert.deepEqual(rest, { typ: 'access', sub: id, iat: NOW, exp: NOW + 1800, baas_device_id: device })
  assert.match(String(session), OBJECT_ID)
  assert.match(String(domain), OBJECT_ID)
  const { domain_id } = (await app.bearer('GET', PROFILE, access)).body
  assert.equal(domain_id, domain)
})

test('a refresh token says exactly what the protocol fixes, and names the same session', async (t) => {
  const app = await startApp(t)
  const {
    access_token: access,
    refresh_token: refresh,
    user_id: id,
    device_id: device,
  } = await app.loggedIn()
  assert.deepEqual(headerOf(refresh), { alg: 'HS256', typ: 'JWT' })
  assert.deepEqual(payloadOf(refresh), {
    typ: 'refresh',
    sub: id,
    iat: NOW,
    exp: NOW + 60 * DAY,
    baas_id: payloadOf(access).iss,
    baas_device_id: device,
    baas_domain_id: payloadOf(access).baas_domain_id,
  })
})

test('an access token has user_data exactly when there is custom data', async (t) => {
  for (const data of [undefined, {}, { color: 'red', nested: { list: [1, null] } }]) {
    const app = await startApp(t, { customData: () => data })
    const { access_token: access, refresh_token: refresh } = await app.loggedIn()
    const { access_token: second } = (await app.bearer('POST', SESSION, refresh)).body
    const hasData = data !== undefined && Object.keys(data).length > 0
    for (const token of [access, second]) {
      assert.equal('user_data' in payloadOf(token), hasData)
      if (hasData) assert.deepEqual(payloadOf(token).user_data, data)
    }
    assert.ok(!('user_data' in payloadOf(refresh)))
  }
})

test('an access token lives 1800 seconds, whatever the third-party token says', async (t) => {
  for (const life of [1, 60, 1800, 7200, 10 * 365 * DAY]) {
    const app = await startApp(t)
    const { access_token: access } = await app.loggedIn(mint(claims({ exp: NOW + life })))
    assert.equal(payloadOf(access).exp, NOW + 1800)
    app.clock.advance(1799.999)
    assert.equal((await app.meBearer(access)).status, 200)
    app.clock.advance(0.001)
    assert.equal((await app.meBearer(access)).status, 401)
  }
})

/** The life of a login: both what the refresh token says and until when it works. */
async function assertRefreshLife(app: TestApp, token: string, seconds: number): Promise<void> {
  const { refresh_token: refresh } = await app.loggedIn(token)
  assert.equal(payloadOf(refresh).exp, NOW + seconds)
  app.clock.advance(seconds - 1)
  assert.equal((await app.bearer('POST', SESSION, refresh)).status, 201)
  app.clock.advance(1)
  assert.equal((await app.bearer('POST', SESSION, refresh)).status, 401)
  assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
}

test('a login lives 60 days, or as long as the option says', async (t) => {
  await assertRefreshLife(await startApp(t), mint(), 60 * DAY)
  for (const refreshTokenTtlSeconds of [1800, 5 * 365 * DAY]) {
    const session = { signingKeys: [SESSION_SECRET], refreshTokenTtlSeconds }
    await assertRefreshLife(await startApp(t, { session }), mint(), refreshTokenTtlSeconds)
  }
})

test('a login ends with the third-party token when the option says so, and never later than its own life', async (t) => {
  const session = {
    signingKeys: [SESSION_SECRET],
    refreshTokenTtlSeconds: 7200,
    capRefreshToTokenExpiry: true,
  }
  await assertRefreshLife(await startApp(t, { session }), mint(claims({ exp: NOW + 600 })), 600)
  await assertRefreshLife(await startApp(t, { session }), mint(claims({ exp: NOW + 600.9 })), 600)
  await assertRefreshLife(await startApp(t, { session }), mint(claims({ exp: NOW + 99_999 })), 7200)
})

test('the access tokens of an ended login are dead though they have not expired', async (t) => {
  const session = { signingKeys: [SESSION_SECRET], capRefreshToTokenExpiry: true }
  const app = await startApp(t, { session, cache: { users: { ttlSeconds: 1 } } })
  const { access_token: access } = await app.loggedIn(mint(claims({ exp: NOW + 60 })))
  assert.equal((await app.meBearer(access)).status, 200)
  app.clock.advance(60)
  assert.equal((await app.meBearer(access)).status, 401)
  assert.equal(app.logger.lines.at(-1)?.fields.got, 'one that expired')
})

test('start-up refuses a refresh life outside of 30 minutes to 5 years, and other mistakes of the session', () => {
  const withSession = (session: object) => () =>
    customJwtAuth({
      appId: APP_ID,
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
      session: { signingKeys: [SESSION_SECRET], ...session },
    })
  for (const [option, values] of Object.entries({
    refreshTokenTtlSeconds: [1799, 5 * 365 * DAY + 1, 0, -1, 1800.5, Number.NaN, Infinity, '7200', null],
    signingKeys: [
      [],
      undefined,
      [undefined],
      ['short'],
      [SECRET],
      [SESSION_SECRET, SESSION_SECRET],
      [{ key: SESSION_SECRET, algorithm: 'HS256' }],
      Array.from({ length: 11 }, (_, index) => SESSION_SECRET + String(index)),
      SESSION_SECRET,
    ],
    rotateRefreshTokens: ['true', 1, null],
    checkRevocation: ['false', 0],
    capRefreshToTokenExpiry: [null],
    refreshTokenTTL: [7200],
  } satisfies Record<string, unknown[]>))
    for (const value of values)
      assert.throws(withSession({ [option]: value }), (error) => {
        assert.ok(error instanceof ConfigurationError)
        assert.equal(error.problems.length, 1)
        assert.ok(error.problems[0]?.option.startsWith(`session.${option}`), error.message)
        return true
      })
})

test('session keys can be replaced without logging anyone out', async (t) => {
  const store = memoryStore()
  const startWith = (...signingKeys: string[]) => startApp(t, { store, session: { signingKeys } })
  const [oldKey, newKey] = [SESSION_SECRET, OTHER_SECRET]
  const before = await startWith(oldKey)
  const old = await before.loggedIn()

  // Both verify, the first signs.
  const during = await startWith(newKey, oldKey)
  assert.equal((await during.meBearer(old.access_token)).status, 200)
  const { access_token: fresh } = (await during.bearer('POST', SESSION, old.refresh_token)).body
  const young = await during.loggedIn()
  for (const token of [fresh, young.access_token]) {
    assert.equal((await during.meBearer(token)).status, 200)
    assert.equal((await before.meBearer(token)).status, 401)
  }

  // The old key is gone, and what it signed with it.
  const after = await startWith(newKey)
  for (const token of [fresh, young.access_token]) assert.equal((await after.meBearer(token)).status, 200)
  assert.equal((await after.bearer('POST', SESSION, young.refresh_token)).status, 201)
  assert.equal((await after.meBearer(old.access_token)).status, 401)
  assert.equal(after.lastCode(), 'SESSION_INVALID')
  assert.equal((await after.bearer('POST', SESSION, old.refresh_token)).status, 401)
  assert.equal(after.lastCode(), 'REFRESH_TOKEN_INVALID')
})

test('the log says why a session token is refused, which the client is not told', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  const saidOf = async (method: 'GET' | 'POST', path: string, token: string) => {
    const { body } = await app.bearer(method, path, token)
    const { check, got } = app.logger.lines.at(-1)?.fields as { check?: unknown; got?: unknown }
    return [body.error, check, got]
  }
  const dead = 'invalid session: failed to find refresh token'
  assert.deepEqual(await saidOf('POST', SESSION, access), [dead, 'refresh token', 'an access token'])
  assert.deepEqual(await saidOf('GET', PROFILE, refresh), [
    'invalid session',
    'access token',
    'another kind of token',
  ])
  assert.equal((await app.bearer('DELETE', SESSION, refresh)).status, 204)
  const gone = 'none: it was logged out, revoked or deleted'
  assert.deepEqual(await saidOf('POST', SESSION, refresh), [dead, 'session', gone])
})

test("a token that none of the session keys signed may be the issuer's: log and challenge say what to do", async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  const stranger = (token: string) => mint(payloadOf(token), { key: SECRET })
  for (const [method, path, token, fix, challenge] of [
    ['GET', PROFILE, stranger(access), /^If it is the issuer's,/, /if it is the issuer's, send it in/],
    ['POST', SESSION, stranger(refresh), /^If it is the issuer's,/, /^(?!.*issuer's)/],
    ['GET', PROFILE, refresh, /^undefined$/, /^(?!.*(?:issuer's|undefined))/],
  ] as const) {
    const { headers } = await app.bearer(method, path, token)
    const { fields = {} } = app.logger.lines.at(-1) ?? {}
    assert.match(String(fields.fix), fix)
    assert.equal('fix' in fields, fields.fix !== undefined)
    assert.match(String(headers['www-authenticate']), challenge)
  }
})

test('session tokens by themselves: how long one may be, which claims it needs, and that it is remembered', () => {
  const parts = { domainId: 'ab'.repeat(12), cacheMax: 10 }
  const key = createSecretKey(Buffer.from(SESSION_SECRET))
  const tokens = createSessionTokens({ ...parts, keys: [{ algorithm: 'HS256', key }] })
  const payload = { typ: 'access', sub: 'u', iss: 's', exp: NOW + 1, baas_device_id: 'd', pad: '' }
  const make = (others: object) =>
    mint({ ...payload, baas_domain_id: parts.domainId, ...others }, { key: SESSION_SECRET })
  const rest = Buffer.from(make({}).split('.')[1] ?? '', 'base64url').length
  const longest = make({ pad: 'x'.repeat(12_227 - rest) })
  assert.equal(longest.length, 16_384)
  assert.equal(tokens.verifyAccessToken(longest, NOW).userId, 'u')
  const usual = make({})
  assert.equal(tokens.verifyAccessToken(usual, NOW), tokens.verifyAccessToken(usual, NOW))
  for (const others of [{ pad: 'x'.repeat(12_228 - rest) }, { sub: 5 }, { sub: { $gt: '' } }])
    assert.throws(() => tokens.verifyAccessToken(make(others), NOW), { code: 'SESSION_INVALID' })
  assert.throws(
    () => createSessionTokens({ ...parts, keys: [] }),
    /^TypeError: session tokens need a signing key$/,
  )
})

test('an access token is not a refresh token, nor the reverse', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  for (const [method, path] of [
    ['POST', SESSION],
    ['DELETE', SESSION],
  ] as const) {
    assert.equal((await app.bearer(method, path, access)).status, 401)
    assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
  }
  for (const [method, path] of [
    ['GET', '/api/me'],
    ['GET', PROFILE],
    ['DELETE', `${BASE}/auth/delete`],
  ] as const) {
    assert.equal((await app.bearer(method, path, refresh)).status, 401)
    assert.equal(app.lastCode(), 'SESSION_INVALID')
  }
  // All of it left no trace.
  assert.equal((await app.meBearer(access)).status, 200)
  assert.equal((await app.bearer('POST', SESSION, refresh)).status, 201)
})

test('a session token that is not exactly what was issued is refused', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  const good = payloadOf(access)
  const key = SESSION_SECRET
  assert.equal((await app.meBearer(mint(good, { key }))).status, 200)
  const wrong = [
    mint(good, { key: SECRET }),
    mint(good, { key, header: { alg: 'none' } }),
    mint(good, { key, header: { alg: 'HS512' } }),
    withSegment(access, 2, ''),
    withSegment(mint(good, { key, header: { alg: 'none' } }), 2, ''),
    withSegment(access, 1, mint({ ...good, sub: 'ab'.repeat(12) }).split('.')[1] ?? ''),
    `${access}.`,
    `${access}=`,
    access.slice(0, -1),
    mintText('null', { key }),
    mintText('"access"', { key }),
    mintText('{', { key }),
    // Not UTF-8 (LESSONS 24).
    mintText(Buffer.from(JSON.stringify({ ...good, name: 'Jos\xe9' }), 'latin1'), { key }),
    ...[
      { typ: 'Access' },
      { typ: ['access'] },
      { typ: undefined },
      { exp: undefined },
      { exp: String(NOW + 60) },
      { exp: NOW },
      { sub: undefined },
      { sub: 'ab'.repeat(12) },
      { sub: { $gt: '' } },
      { iss: undefined },
      { iss: 'ab'.repeat(12) },
      { iss: { $gt: '' } },
      { baas_device_id: undefined },
      { baas_domain_id: undefined },
    ].map((change) => mint({ ...good, ...change }, { key })),
    mint({ ...good, pad: 'x'.repeat(8_000) }, { key: SECRET }),
  ]
  for (const token of wrong) {
    assert.equal((await app.meBearer(token)).status, 401, token)
    assert.equal(app.lastCode(), 'SESSION_INVALID')
  }
  const goodRefresh = payloadOf(refresh)
  for (const change of [
    { exp: NOW },
    { exp: undefined },
    { sub: 'ab'.repeat(12) },
    { baas_id: 'ab'.repeat(12) },
    { baas_id: undefined, iss: goodRefresh.baas_id },
    { baas_domain_id: undefined },
    { baas_generation: '0' },
  ]) {
    assert.equal(
      (await app.bearer('POST', SESSION, mint({ ...goodRefresh, ...change }, { key }))).status,
      401,
    )
    assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
  }
})

test('a verified access token is remembered by its whole text, and its date is checked again', async (t) => {
  for (const cache of [{}, { tokens: { max: 1 } }, { tokens: false }] as const) {
    const app = await startApp(t, { cache })
    const [one, two] = [await app.loggedIn(), await app.loggedIn(mint(claims({ sub: 'other' })))]
    for (const round of ['first', 'again']) {
      for (const { access_token: access, user_id: id } of [one, two]) {
        assert.equal((await app.meBearer(access)).body.id, id, round)
        assert.equal((await app.meBearer(withSegment(access, 2, 'A'.repeat(43)))).status, 401)
      }
    }
    app.clock.advance(1800)
    assert.equal((await app.meBearer(one.access_token)).status, 401)
  }
})

test('nothing that a store keeps makes a token', async (t) => {
  const kept: unknown[] = []
  const inner = memoryStore()
  const session: SessionOptions = { signingKeys: [SESSION_SECRET], rotateRefreshTokens: true }
  const app = await startApp(t, {
    session,
    store: {
      ...inner,
      createSession(request) {
        kept.push(request.session)
        return inner.createSession(request)
      },
    },
  })
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  assert.deepEqual(Object.keys(kept[0] ?? {}).sort(), [
    'createdAt',
    'deviceId',
    'expiresAt',
    'generation',
    'id',
    'rotatedAt',
    'userId',
  ])
  const text = JSON.stringify(kept)
  for (const token of [access, refresh])
    for (const segment of token.split('.')) assert.ok(!text.includes(segment))
})
