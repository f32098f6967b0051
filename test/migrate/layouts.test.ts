// What real exported folders look like: every layout, with every kind of keys, given in every way, starts a guard that
// logs a user in.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { customJwtAuth, fromProvidersJson, type CarriedOver } from 'custom-jwt-auth'
import { createTestIssuer, type TestIssuer } from 'custom-jwt-auth/testing'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, rsaKeys, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { itemsOf, LAYOUTS, writeApp, type ExportedKeys } from './exported-providers.js'

const rsa = rsaKeys()
const secrets = { 'hmac-key': SECRET, 'public-key': rsa.publicPem }
let issuer: TestIssuer
before(async () => {
  issuer = await createTestIssuer()
  // More keys than the old service took: Firebase publishes as many.
  for (let count = 1; count < 4; count += 1) issuer.rotate()
  assert.equal(issuer.kids.length, 4)
})
after(() => issuer.close())

const now = Math.floor(Date.now() / 1000)
const body = claims({ aud: APP_ID, iat: now, exp: now + 600 })
const KEYS: Readonly<Record<string, { keys: () => ExportedKeys; token: () => string }>> = {
  HS256: {
    keys: () => ({ config: { signingAlgorithm: 'HS256' }, names: ['hmac-key'] }),
    token: () => mint(body),
  },
  RS256: {
    keys: () => ({ config: { signingAlgorithm: 'RS256' }, names: ['public-key'] }),
    token: () => mint(body, { key: rsa.privateKey }),
  },
  'a JWK URI': {
    keys: () => ({ config: { useJWKURI: true, jwkURI: issuer.jwkUri }, names: [] }),
    token: () => issuer.mint({ sub: '24601', aud: APP_ID }),
  },
}

async function logIn({ options }: CarriedOver, token: string): Promise<number> {
  const auth = customJwtAuth({ ...options, session: { signingKeys: [SESSION_SECRET] } })
  const routes = auth.sessionRoutes()
  const server = await listen((req, res) => {
    routes(req, res, () => res.end())
  })
  const answer = await fetch(
    `${server.url}/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    },
  )
  await answer.text()
  await Promise.all([server.close(), auth.close()])
  return answer.status
}

for (const { name, file, files } of LAYOUTS)
  describe(`the layout ${name}`, () => {
    for (const [kind, { keys, token }] of Object.entries(KEYS))
      test(`with ${kind}, as a folder, a file and an object, logs a user in`, async () => {
        const folder = writeApp(files(APP_ID, keys()))
        const text = readFileSync(join(folder, file), 'utf8')
        const given = { appId: APP_ID, secrets }
        const ways = [
          fromProvidersJson(folder, { secrets }),
          fromProvidersJson(join(folder, file), given),
          fromProvidersJson(JSON.parse(text) as object, given),
        ]
        for (const carried of ways) {
          assert.equal(carried.options.appId, APP_ID)
          assert.deepEqual(itemsOf(carried), [])
          assert.equal(await logIn(carried, token()), 200)
        }
      })
  })
