import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import jwt from 'jsonwebtoken'
import { customJwtAuth, isAuthError } from 'custom-jwt-auth'
import { createTestIssuer, type TestIssuer } from 'custom-jwt-auth/testing'

const CLAIMS = { sub: '24601', aud: 'myapp-abcde' }

async function start(t: TestContext, options?: Parameters<typeof createTestIssuer>[0]): Promise<TestIssuer> {
  const issuer = await createTestIssuer(options)
  t.after(() => issuer.close())
  return issuer
}

const kidOf = (token: string): unknown => jwt.decode(token, { complete: true })?.header.kid

async function keySet(issuer: TestIssuer): Promise<unknown> {
  const response = await fetch(issuer.jwkUri)
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
}

test('its tokens are accepted by a guard that asks it for keys, by URL and by discovery', async (t) => {
  const issuer = await start(t)
  for (const way of [{ jwkUri: issuer.jwkUri }, { discover: issuer.issuer }]) {
    const auth = customJwtAuth({ appId: 'myapp-abcde', ...(way as { jwkUri: string }) })
    t.after(() => auth.close())
    assert.equal((await auth.explain(issuer.mint(CLAIMS))).summary, 'accepted')
  }
  assert.equal(issuer.fetches, 2)
})

test('mint() adds the dates and the issuer, and does as told about header, life and key', async (t) => {
  const issuer = await start(t, { clock: () => 1_700_000_000_000 })
  assert.deepEqual(jwt.decode(issuer.mint({ sub: 'a', iat: 5 }, { expiresInSeconds: -1 })), {
    iss: issuer.issuer,
    iat: 5,
    exp: 1_699_999_999,
    sub: 'a',
  })
  const [first] = issuer.kids
  const second = issuer.rotate()
  const header = { typ: 'at+jwt' }
  assert.equal(jwt.decode(issuer.mint(CLAIMS, { header }), { complete: true })?.header.typ, 'at+jwt')
  assert.equal(kidOf(issuer.mint(CLAIMS)), second)
  assert.equal(kidOf(issuer.mint(CLAIMS, { kid: first ?? '' })), first)
  assert.throws(() => issuer.mint(CLAIMS, { kid: 'nobody' }), /no key nobody/)
})

test('rotate() publishes a key, withdraw() takes one back', async (t) => {
  const issuer = await start(t)
  const [first] = issuer.kids
  const second = issuer.rotate()
  assert.deepEqual(await keySet(issuer), [first, second])
  issuer.withdraw()
  assert.deepEqual(await keySet(issuer), [second])
  assert.equal(kidOf(issuer.mint(CLAIMS, { kid: first ?? '' })), first)
})

test('goDown() breaks connections, goSlow() delays answers, recover() ends both', async (t) => {
  const issuer = await start(t)
  issuer.goDown()
  await assert.rejects(fetch(issuer.jwkUri))
  const auth = customJwtAuth({ appId: 'myapp-abcde', jwkUri: issuer.jwkUri })
  t.after(() => auth.close())
  await assert.rejects(auth.ready(), (error) => isAuthError(error) && error.code === 'KEYS_UNAVAILABLE')
  issuer.recover()
  issuer.goSlow(60_000)
  await assert.rejects(fetch(issuer.jwkUri, { signal: AbortSignal.timeout(100) }))
  issuer.recover()
  assert.equal((await fetch(issuer.jwkUri)).status, 200)
})
