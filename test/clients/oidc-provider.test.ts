// A certified OpenID provider, unmodified, over loopback: discovery, an access token and an ID token got by real flows,
// and a rotation of its keys while requests go on.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import express from 'express'
import { customJwtAuth, errorHandler, issuers } from 'custom-jwt-auth'
import { startApp } from '../support/app.js'
import { send } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { ACCOUNT, BROWSER, MACHINE, newKey, startProvider } from '../support/oidc-provider.js'
import { headerOf, payloadOf } from '../support/payload.js'
import { listen } from '../support/server.js'
import { APP_ID } from '../support/tokens.js'

describe('oidc-provider', () => {
  const [first, second] = [newKey('first'), newKey('second')]
  let provider: Awaited<ReturnType<typeof startProvider>>
  before(async () => {
    provider = await startProvider()
    provider.publish(first)
  })
  after(() => {
    provider.close()
  })

  test('an everyday access token works at the first attempt', async (t) => {
    const auth = customJwtAuth({
      appId: 'myapp-abcde',
      ...issuers.oidc({ issuer: provider.issuer, audience: APP_ID }),
      autoCreateUser: true,
    })
    const app = express()
    app.get('/api/me', auth, (req, res) => res.json(req.user))
    app.use(errorHandler())
    const server = await listen(app)
    t.after(() => server.close())
    const { access_token: token } = await provider.codeFlow({
      scope: 'openid api',
      resource: 'https://api.example.com',
    })
    assert.equal(headerOf(token).typ, 'at+jwt')
    const { status, text } = await send(`${server.url}/api/me`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    assert.equal(status, 200, text)
    assert.deepEqual(JSON.parse(text).identities, [{ id: ACCOUNT, provider_type: 'custom-token', data: {} }])
  })

  test('an access token of the client credentials flow', async (t) => {
    const app = await startApp(t, {
      discover: provider.issuer,
      requiredClaims: { client_id: MACHINE.id },
      clock: Date.now,
    })
    await app.auth.ready()
    const token = await provider.accessToken()
    assert.deepEqual(
      [headerOf(token), payloadOf(token).aud],
      [{ alg: 'RS256', typ: 'at+jwt', kid: 'first' }, APP_ID],
    )
    const { status, body } = await app.me(token)
    assert.equal(status, 200)
    assert.deepEqual(body.identities, [{ id: MACHINE.id, provider_type: 'custom-token', data: {} }])
    const { ok, summary } = await app.auth.explain(token)
    assert.ok(ok, summary)
  })

  test('an ID token of the authorization code flow, which is a login too', async (t) => {
    const app = await startApp(t, {
      discover: provider.issuer,
      audience: BROWSER.id,
      metadataFields: [{ name: 'name', required: true }],
      clock: Date.now,
    })
    const token = await provider.idToken()
    assert.deepEqual(headerOf(token), { alg: 'RS256', kid: 'first' })
    assert.deepEqual([payloadOf(token).iss, payloadOf(token).aud], [provider.issuer, BROWSER.id])
    const { status, body, text } = await app.me(token)
    assert.equal(status, 200, text)
    assert.deepEqual(body.identities, [
      { id: ACCOUNT, provider_type: 'custom-token', data: { name: 'Jean Valjean' } },
    ])
    const { access_token: session } = await app.loggedIn(token)
    assert.equal((await app.meBearer(session)).status, 200)
    // The one is not taken for the other.
    assert.equal((await app.me(await provider.accessToken())).status, 401)
    assert.equal(app.lastCode(), 'TOKEN_AUDIENCE_MISMATCH')
  })

  test('its keys are rotated while requests go on: none fails whose key is published', async (t) => {
    let offset = 0
    const app = await startApp(t, {
      discover: provider.issuer,
      requireAnyAudience: true,
      audience: [APP_ID, BROWSER.id],
      jwks: { timeoutSeconds: 60 },
      clock: () => Date.now() + offset,
    })
    const idToken = await provider.idToken()
    const old = await provider.accessToken()
    let good = [idToken, old]
    const statuses = { 200: 0, other: 0 }
    let goingOn = true
    const requests = Array.from({ length: 4 }, async (_, index) => {
      for (let count = index; goingOn; count += 1) {
        const { status } = await app.me(good[count % good.length] ?? '')
        statuses[status === 200 ? 200 : 'other'] += 1
      }
    })
    const more = async (): Promise<void> => {
      const before = statuses[200]
      await eventually(() => statuses[200] >= before + 50)
    }
    await more()
    const fetches = provider.fetches()

    provider.publish(second, first)
    const fresh = await provider.accessToken()
    assert.equal(headerOf(fresh).kid, 'second')
    good = [idToken, old, fresh]
    await more()
    assert.equal(provider.fetches(), fetches + 1, 'the new key was found with one fetch')

    for (let count = 0; count < 5; count += 1) good.push(await provider.accessToken())
    await more()

    provider.publish(second)
    good = [fresh, await provider.accessToken()]
    // Requests with the old key that are under way may still be answered by it.
    await more()
    offset += 500_000
    await eventually(() => provider.fetches() === fetches + 2)
    await more()

    goingOn = false
    await Promise.all(requests)
    assert.equal(statuses.other, 0)
    for (const withdrawn of [idToken, old]) {
      assert.equal((await app.me(withdrawn)).status, 401)
      assert.equal(app.lastCode(), 'TOKEN_KEY_ID_UNKNOWN')
    }
    assert.equal((await app.me(fresh)).status, 200)
  })

  test("another issuer's name for it is refused, and the slash named", async (t) => {
    const app = await startApp(t, { discover: `${provider.issuer}/`, clock: Date.now })
    await assert.rejects(app.auth.ready(), ({ cause }: Error) =>
      /they differ by a trailing slash$/.test((cause as Error).message),
    )
  })
})
