// The test issuer that apps get from custom-jwt-auth/testing: what its documentation promises, through real clients.
import assert from 'node:assert/strict'
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { after, before, describe, test, type TestContext } from 'node:test'
import jwt from 'jsonwebtoken'
import { createTestIssuer, type TestIssuer } from 'custom-jwt-auth/testing'
import { startApp, type TestApp } from '../support/app.js'
import { sendRaw } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { headerOf, payloadOf } from '../support/payload.js'
import { APP_ID, claims, NOW } from '../support/tokens.js'

async function start(t: TestContext): Promise<TestIssuer> {
  const issuer = await createTestIssuer({ clock: () => NOW * 1000 })
  t.after(() => issuer.close())
  return issuer
}

async function startBoth(
  t: TestContext,
  options: object = {},
): Promise<{ issuer: TestIssuer; app: TestApp }> {
  const issuer = await start(t)
  return { issuer, app: await startApp(t, { jwkUri: issuer.jwkUri, ...options }) }
}

const user = { sub: '24601', aud: APP_ID }
const getJson = async (url: string) => (await (await fetch(url)).json()) as Record<string, unknown>

describe('a test issuer', () => {
  // Making keys takes time, so the tests that change nothing share one.
  let shared: TestIssuer
  before(async () => {
    shared = await createTestIssuer({ clock: () => NOW * 1000 })
  })
  after(() => shared.close())

  test('serves its public keys, and a discovery document that names itself', async () => {
    const issuer = shared
    assert.match(issuer.issuer, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.deepEqual(await getJson(`${issuer.issuer}/.well-known/openid-configuration`), {
      issuer: issuer.issuer,
      jwks_uri: issuer.jwkUri,
    })
    const { keys } = (await getJson(issuer.jwkUri)) as { keys: Record<string, string>[] }
    assert.deepEqual(
      keys.map((key) => Object.keys(key).sort()),
      [['alg', 'e', 'kid', 'kty', 'n', 'use']],
    )
    assert.deepEqual(
      issuer.kids,
      keys.map(({ kid }) => kid),
    )
    assert.equal((await fetch(`${issuer.issuer}/other`)).status, 404)
  })

  test('mints what other packages verify too', async () => {
    const issuer = shared
    const { keys } = (await getJson(issuer.jwkUri)) as { keys: [object] }
    const key = createPublicKey({ key: keys[0] as JsonWebKey, format: 'jwk' })
    const payload = jwt.verify(issuer.mint(user), key, { algorithms: ['RS256'], clockTimestamp: NOW })
    assert.deepEqual(payload, { iss: issuer.issuer, iat: NOW, exp: NOW + 300, ...user })
  })

  test('mints by the real time when it has no clock', async (t) => {
    const issuer = await createTestIssuer()
    t.after(() => issuer.close())
    const before = Math.floor(Date.now() / 1000)
    const { iat } = payloadOf(issuer.mint(user))
    assert.ok(Number(iat) >= before && Number(iat) <= Date.now() / 1000)
  })

  test('mints good tokens for jwkUri and for discover', async (t) => {
    const issuer = shared
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    assert.equal((await app.me(issuer.mint(user))).status, 200)
    const discovering = await startApp(t, { discover: issuer.issuer })
    assert.equal((await discovering.me(issuer.mint(user))).status, 200)
  })

  test('mints expired tokens, and bad ones of any kind', async (t) => {
    const issuer = shared
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    const refusals: Readonly<Record<string, string>> = {
      TOKEN_EXPIRED: issuer.mint(user, { expiresInSeconds: -1 }),
      TOKEN_DATE_INVALID: issuer.mint({ ...user, exp: undefined }),
      TOKEN_NOT_YET_VALID: issuer.mint({ ...user, nbf: NOW + 60 }),
      TOKEN_SUBJECT: issuer.mint({ ...user, sub: 5 }),
      TOKEN_AUDIENCE_MISMATCH: issuer.mint({ ...user, aud: 'other' }),
      TOKEN_ALGORITHM: issuer.mint(user, { header: { alg: 'none' } }),
      TOKEN_TYPE: issuer.mint(user, { header: { typ: 'at+jwt' } }),
      TOKEN_KEY_ID_MISSING: issuer.mint(user, { header: { kid: undefined } }),
      TOKEN_CRITICAL_HEADER: issuer.mint(user, { header: { crit: ['x'] } }),
    }
    for (const [code, token] of Object.entries(refusals)) {
      assert.equal((await app.me(token)).status, 401)
      assert.equal(app.lastCode(), code)
    }
  })

  test('rotates: the newest key signs, and the older ones are still published', async (t) => {
    const { issuer, app } = await startBoth(t)
    const [first = ''] = issuer.kids
    const old = issuer.mint(user)
    assert.equal((await app.me(old)).status, 200)
    const second = issuer.rotate()
    assert.deepEqual(issuer.kids, [first, second])
    assert.equal(headerOf(issuer.mint(user)).kid, second)
    assert.equal(headerOf(issuer.mint(user, { kid: first })).kid, first)
    for (const token of [issuer.mint(user), old, issuer.mint(user, { kid: first })])
      assert.equal((await app.me(token)).status, 200)
    assert.equal(issuer.fetches, 2)
  })

  test('withdraws the oldest key, or the one it is told', async (t) => {
    const { issuer, app } = await startBoth(t)
    const [first = ''] = issuer.kids
    const second = issuer.rotate()
    const third = issuer.rotate()
    issuer.withdraw()
    assert.deepEqual(issuer.kids, [second, third])
    issuer.withdraw(third)
    assert.deepEqual(issuer.kids, [second])
    assert.equal((await app.me(issuer.mint(user, { kid: second }))).status, 200)
    assert.equal((await app.me(issuer.mint(user, { kid: first }))).status, 401)
    assert.equal(app.lastCode(), 'TOKEN_KEY_ID_UNKNOWN')
    for (const kid of ['unknown', ''])
      assert.throws(() => issuer.mint(user, { kid }), { message: `the test issuer has no key ${kid}` })
    assert.throws(() => {
      issuer.withdraw('unknown')
    }, /has no key unknown/)
  })

  test('goes slow, goes down, and recovers', async (t) => {
    const { issuer, app } = await startBoth(t, { jwks: { timeoutSeconds: 1 } })
    issuer.goDown()
    assert.equal((await app.me(issuer.mint(user))).status, 503)
    await assert.rejects(fetch(`${issuer.issuer}/.well-known/openid-configuration`))
    issuer.recover()
    issuer.goSlow(5000)
    app.clock.advance(5)
    assert.equal((await app.me(issuer.mint(user))).status, 503)
    issuer.goSlow(50)
    const patient = await startApp(t, { jwkUri: issuer.jwkUri, jwks: { timeoutSeconds: 60 } })
    const began = performance.now()
    assert.equal((await patient.me(issuer.mint(user))).status, 200)
    assert.ok(performance.now() - began >= 49)
    issuer.recover()
    assert.equal((await fetch(issuer.jwkUri)).status, 200)
  })

  test('answers 404 to a path that it does not know, also to one that is none', async () => {
    for (const path of ['/', '/nothing', '//', '/\\\\', 'http://[']) {
      const { status } = await sendRaw(
        shared.issuer,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      )
      assert.equal(status, 404, path)
    }
  })

  test('is gone after close(), also when somebody waits for its answer', async () => {
    const active = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap' || name === 'Timeout').length
    const before = active()
    const issuer = await createTestIssuer()
    issuer.goSlow(60_000)
    const asked = assert.rejects(fetch(issuer.jwkUri))
    await eventually(() => issuer.fetches === 1)
    await issuer.close()
    await asked
    await assert.rejects(fetch(issuer.jwkUri))
    assert.ok(active() <= before)
  })
})

test('two test issuers know nothing of each other', async (t) => {
  const { app } = await startBoth(t)
  const other = await start(t)
  assert.equal((await app.me(other.mint({ ...claims() }))).status, 401)
  assert.equal(app.lastCode(), 'TOKEN_KEY_ID_UNKNOWN')
})
