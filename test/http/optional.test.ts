// One guard, some of whose routes anonymous users may see.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { test } from 'node:test'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { customJwtAuth, errorHandler, requireScopes, type CustomJwtAuth } from 'custom-jwt-auth'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { APP_ID } from '../support/tokens.js'
import { send } from '../support/client.js'
import { listen } from '../support/server.js'
import { countingStore } from '../support/wrapped-store.js'

function appWith(auth: CustomJwtAuth) {
  const app = express()
  app.set('env', 'test') // keeps Express from printing refusals
  app.get('/open', auth.optional, (req, res) => res.json({ id: req.user?.id, kind: req.auth?.kind }))
  app.get('/closed', auth, (req, res) => res.json({ id: auth.userOf(req).id }))
  app.get('/twice', auth.optional, auth, (req, res) => res.json({ id: auth.userOf(req).id }))
  app.get('/scoped', auth.optional, requireScopes('read'), (_req, res) => res.json({}))
  return app.use(errorHandler())
}

test('auth.optional lets anonymous requests through, and refuses bad credentials as the guard does', async (t) => {
  const issuer = await createTestIssuer()
  const { store, calls } = countingStore()
  const options = { appId: APP_ID, jwkUri: issuer.jwkUri, issuer: issuer.issuer, autoCreateUser: true }
  const auth = customJwtAuth({ ...options, store })
  const server = await listen(appWith(auth))
  t.after(() => Promise.all([server.close(), auth.close(), issuer.close()]))
  const get = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
    const { status, body, headers: got } = await send(server.url + path, { headers })
    return { status, body, challenge: got['www-authenticate'] }
  }

  assert.deepEqual(await get('/open'), { status: 200, body: {}, challenge: undefined })
  for (const path of ['/closed', '/twice', '/scoped']) assert.equal((await get(path)).status, 401, path)
  const token = issuer.mint({ sub: '24601', aud: APP_ID })
  const { body } = await get('/closed', token)
  assert.equal(String(body.id).length, 24)
  assert.deepEqual((await get('/open', token)).body, { id: body.id, kind: 'custom-token' })
  assert.deepEqual((await get('/twice', token)).body, { id: body.id })
  assert.equal((await get('/scoped', token)).status, 403)
  // What one way remembers, the other knows.
  assert.deepEqual([issuer.fetches, calls], [1, ['signIn']])
  for (const bad of ['', 'junk', issuer.mint({ sub: '24601', aud: 'another' })]) {
    const closed = await get('/closed', bad)
    assert.equal(closed.status, 401)
    assert.deepEqual(await get('/open', bad), closed)
  }
  await auth.users.disable(String(body.id))
  assert.equal((await get('/open', token)).status, 401)
})

test('a dependency that fails is a 503 on optional routes too, never an anonymous request', async (t) => {
  const gone = createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  const { port } = gone.address() as AddressInfo
  gone.close()
  const issuer = await createTestIssuer()
  const jwkUri = `http://127.0.0.1:${port}/jwks`
  const auth = customJwtAuth({ appId: APP_ID, jwkUri, issuer: issuer.issuer, credentialsRequired: false })
  const server = await listen(appWith(auth))
  t.after(() => Promise.all([server.close(), auth.close(), issuer.close()]))
  const headers = { jwtTokenString: issuer.mint({ sub: '24601', aud: APP_ID }) }
  for (const path of ['/open', '/closed'])
    assert.equal((await send(server.url + path, { headers })).status, 503, path)
  assert.equal((await send(`${server.url}/open`, {})).status, 200)
})
