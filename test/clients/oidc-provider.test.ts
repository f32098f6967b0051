import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { test } from 'node:test'
import express from 'express'
import { Provider, type Configuration, type JWK } from 'oidc-provider'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import { listen } from '../support/server.js'

const API = 'https://api.example/'
const CLIENT_ID = 'web'
const CALLBACK = 'https://web.example/callback'
const ACCOUNT = '24601'

/** A signing key as the provider takes it. */
function signingKey(kid: string): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }
}

function configuration(keys: JWK[]): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: 'a-secret-of-the-client-alone',
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    cookies: { keys: ['for this test alone'] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    jwks: { keys },
    pkce: { required: () => false },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'api',
          audience: API,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  }
}

/** An OpenID provider at one address, whose keys can be replaced as an operator would: by a restart. */
async function startProvider() {
  let handle: RequestListener = (_req, res) => res.end()
  const server = await listen((req, res) => {
    handle(req, res)
  })
  const issuer = server.url
  return {
    issuer,
    close: () => server.close(),
    restart(...keys: JWK[]): void {
      const callback = new Provider(issuer, configuration(keys)).callback()
      handle = (req, res) => void callback(req, res)
    },
  }
}

/** The authorization code flow, as a browser and a confidential client walk through it. */
async function logIn(issuer: string): Promise<{ access_token: string; id_token: string }> {
  const cookies = new Map<string, string>()
  const visit = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=')
      cookies.set(name, value)
    }
    return response
  }
  const scope = 'openid api'
  const asked = { client_id: CLIENT_ID, redirect_uri: CALLBACK, response_type: 'code', scope, resource: API }
  let next = `${issuer}/auth?${new URLSearchParams(asked).toString()}`
  while (!next.startsWith(CALLBACK)) {
    const isPrompt = next.includes('/interaction/')
    const prompt = isPrompt ? await (await visit(next)).text() : ''
    const answer = prompt.includes('name="login"')
      ? { prompt: 'login', login: ACCOUNT, password: 'any' }
      : { prompt: 'consent' }
    const response = await visit(next, isPrompt ? answer : undefined)
    next = new URL(response.headers.get('location') ?? assert.fail(await response.text()), issuer).href
  }
  const code = new URL(next).searchParams.get('code') ?? assert.fail(next)
  const exchanged = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      client_id: CLIENT_ID,
      client_secret: 'a-secret-of-the-client-alone',
      resource: API,
    }),
  })
  assert.equal(exchanged.status, 200)
  return (await exchanged.json()) as { access_token: string; id_token: string }
}

test('a certified OpenID provider: discovery, both kinds of tokens, and keys that rotate while requests flow', async (t) => {
  const [first, second] = [signingKey('first'), signingKey('second')]
  const provider = await startProvider()
  provider.restart(first)
  let late = 0
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    discover: provider.issuer,
    audience: [API, CLIENT_ID],
    requireAnyAudience: true,
    allowedTypes: ['at+jwt', null], // of its access tokens and of its ID tokens
    autoCreateUser: true,
    clock: () => Date.now() + late,
  })
  await auth.ready()
  const app = await listen(
    express()
      .use(auth)
      .get('/', (req, res) => void res.json(req.user))
      .use(errorHandler()),
  )
  t.after(async () => {
    await auth.close()
    await app.close()
    await provider.close()
  })
  const call = async (token: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(app.url, { headers: { jwtTokenString: token } })
    return { status: response.status, body: await response.json() }
  }

  const old = await logIn(provider.issuer)
  const { status, body } = await call(old.access_token)
  assert.equal(status, 200)
  assert.deepEqual((body as { identities: unknown[] }).identities, [
    { id: ACCOUNT, provider_type: 'custom-token', data: {} },
  ])
  assert.deepEqual(await call(old.id_token), { status, body }, 'the ID token is the same user')

  // Requests flow, with tokens of the old key and, once there are any, of the new one.
  const tokens = [old.access_token, old.id_token]
  const statuses = new Map<number, number>()
  let isOver = false
  const traffic = Array.from({ length: 4 }, async (_, worker) => {
    for (let number = worker; !isOver; number += 1) {
      const answer = await call(tokens[number % tokens.length] ?? '')
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    }
  })
  provider.restart(second, first)
  const fresh = await logIn(provider.issuer)
  tokens.push(fresh.access_token, fresh.id_token)
  assert.equal((await call(fresh.access_token)).status, 200)
  late = 601_000 // the set has grown too old, and is fetched again
  assert.equal((await call(old.access_token)).status, 200)
  await new Promise((resolve) => setTimeout(resolve, 300))
  isOver = true
  await Promise.all(traffic)
  assert.deepEqual([...statuses.keys()], [200])
  assert.ok((statuses.get(200) ?? 0) > 20, 'requests did flow')

  provider.restart(second)
  late = 2 * 601_000
  assert.equal((await call(fresh.access_token)).status, 200)
  const refused = await call(old.access_token)
  assert.equal(refused.status, 401)
  assert.equal(
    (refused.body as { error: string }).error,
    "invalid custom auth token: 'kid' does not name a signing key",
  )
})
