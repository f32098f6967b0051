// A certified OpenID provider, unmodified, over loopback: discovery, an access token and an ID token got by real flows,
// and a rotation of its keys while requests go on.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import express from 'express'
import Provider, { type Configuration, type JWK } from 'oidc-provider'
import { customJwtAuth, errorHandler, issuers } from 'custom-jwt-auth'
import { startApp } from '../support/app.js'
import { send } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { headerOf, payloadOf } from '../support/payload.js'
import { listen } from '../support/server.js'
import { APP_ID } from '../support/tokens.js'

const MACHINE = { id: 'my-service', secret: randomBytes(32).toString('hex') }
const BROWSER = { id: 'my-web-app', redirectUri: 'https://app.example.com/callback' }
const ACCOUNT = '24601'

function newKey(kid: string): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid, use: 'sig', alg: 'RS256' }
}

const configurationWith = (keys: readonly JWK[]): Configuration => ({
  jwks: { keys: [...keys] },
  cookies: { keys: ['a cookie key'] },
  ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
  clients: [
    {
      client_id: MACHINE.id,
      client_secret: MACHINE.secret,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
    {
      client_id: BROWSER.id,
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      redirect_uris: [BROWSER.redirectUri],
    },
  ],
  claims: { openid: ['sub'], profile: ['name'] },
  conformIdTokenClaims: false, // the name is in the ID token itself
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId, name: 'Jean Valjean' }) }),
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: 'api',
        audience: APP_ID,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
})

/** The provider at an address that stays the same while it is replaced by one with other keys. */
async function startProvider() {
  let handle: RequestListener = () => undefined
  const server = createServer((req, res) => {
    if (req.url === '/jwks') fetches += 1
    handle(req, res)
  })
  let fetches = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`

  async function request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(new URL(path, issuer), { redirect: 'manual', ...init })
  }

  async function tokens(form: Record<string, string>): Promise<{ access_token: string; id_token: string }> {
    const response = await request('/token', { method: 'POST', body: new URLSearchParams(form) })
    assert.equal(response.status, 200, await response.clone().text())
    return (await response.json()) as { access_token: string; id_token: string }
  }

  return {
    issuer,
    fetches: () => fetches,
    /** Restarts it; the first key signs, all of them are published. */
    publish(...keys: readonly JWK[]): void {
      const provider = new Provider(issuer, configurationWith(keys))
      handle = (req, res) => void provider.callback()(req, res)
    },
    /** RFC 6749 §4.4, with RFC 8707's resource: a JWT access token (RFC 9068). */
    async accessToken(): Promise<string> {
      const { access_token: token } = await tokens({
        grant_type: 'client_credentials',
        client_id: MACHINE.id,
        client_secret: MACHINE.secret,
        resource: 'https://api.example.com',
        scope: 'api',
      })
      return token
    },
    /** The authorization code flow with PKCE, as a browser goes through it: log in, consent, come back with a code. */
    async idToken(): Promise<string> {
      return (await this.codeFlow({ scope: 'openid profile' })).id_token
    },
    /** @param wanted `resource` asks for an access token that is a JWT (RFC 8707) */
    async codeFlow(wanted: {
      scope: string
      resource?: string
    }): Promise<{ access_token: string; id_token: string }> {
      const verifier = randomBytes(32).toString('base64url')
      const query = new URLSearchParams({
        client_id: BROWSER.id,
        response_type: 'code',
        redirect_uri: BROWSER.redirectUri,
        ...wanted,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      })
      const jar = new Map<string, string>()
      const forms = [{ prompt: 'login', login: ACCOUNT, password: 'x' }, { prompt: 'consent' }]
      let location = `/auth?${query.toString()}`
      for (let steps = 0; !location.startsWith(BROWSER.redirectUri); steps += 1) {
        assert.ok(steps < 10, `the flow does not end: ${location}`)
        const form = /\/interaction\/[^/]+$/.test(location) ? forms.shift() : undefined
        const response = await request(location, {
          headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
          ...(form && { method: 'POST', body: new URLSearchParams(form) }),
        })
        for (const cookie of response.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
          if (value === '') jar.delete(name)
          else jar.set(name, value)
        }
        location = response.headers.get('location') ?? assert.fail(await response.text())
      }
      const code = new URL(location).searchParams.get('code') ?? assert.fail(location)
      return tokens({
        grant_type: 'authorization_code',
        ...(wanted.resource !== undefined && { resource: wanted.resource }),
        client_id: BROWSER.id,
        redirect_uri: BROWSER.redirectUri,
        code,
        code_verifier: verifier,
      })
    },
    close(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}

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

  test('an everyday access token works at the first attempt with what the README says', async (t) => {
    const auth = customJwtAuth({
      appId: 'myapp-abcde',
      ...issuers.oidc({ issuer: provider.issuer, audience: APP_ID }),
      autoCreateUser: true,
    })
    const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    const blocks = [...read('README.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code)
    const [, shown = ''] = blocks.find((code) => code.includes('issuers.oidc'))?.split('\n\n') ?? []
    const indented = shown
      .trim()
      .replace("'https://issuer.example'", 'provider.issuer')
      .replace("'https://api.example.com'", 'APP_ID')
      .replaceAll('\n', '\n    ')
    assert.ok(shown !== '' && read('test/clients/oidc-provider.test.ts').includes(indented), shown)

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
