// A certified OpenID provider, unmodified, over loopback: discovery, and tokens got by real flows.
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider, { type Configuration, type JWK } from 'oidc-provider'
import { APP_ID } from './tokens.js'

export const MACHINE = { id: 'my-service', secret: randomBytes(32).toString('hex') }
export const BROWSER = { id: 'my-web-app', redirectUri: 'https://app.example.com/callback' }
export const ACCOUNT = '24601'

export function newKey(kid: string): JWK {
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

/**
 * Logs in and consents as a browser does, on oidc-provider's pages for development.
 * @returns where it is sent at the end: to the client, with the code
 */
export async function logIn(page: string, redirectUri: string): Promise<string> {
  const jar = new Map<string, string>()
  const forms = [{ prompt: 'login', login: ACCOUNT, password: 'x' }, { prompt: 'consent' }]
  let location = page
  for (let steps = 0; !location.startsWith(redirectUri); steps += 1) {
    assert.ok(steps < 10, `the flow does not end: ${location}`)
    const form = /\/interaction\/[^/]+$/.test(location) ? forms.shift() : undefined
    const response = await fetch(location, {
      redirect: 'manual',
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const next = response.headers.get('location') ?? assert.fail(await response.text())
    location = new URL(next, location).href
  }
  return location
}

/** The provider at an address that stays the same while it is replaced by one with other keys. */
export async function startProvider() {
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
      const location = await logIn(`${issuer}/auth?${query.toString()}`, BROWSER.redirectUri)
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
