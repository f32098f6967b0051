// RFC 9728: what OAuth clients find an app's issuer by, over HTTP.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import connect from 'connect'
import express from 'express'
import {
  ConfigurationError,
  customJwtAuth,
  errorHandler,
  isAuthError,
  requireClaims,
  requireScopes,
  type Middleware,
  type ResourceMetadataOptions,
} from 'custom-jwt-auth'
import { send } from '../support/client.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, SECRET } from '../support/tokens.js'

const ISSUER = 'https://issuer.example/'
const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const RESOURCE = 'https://api.example.com/orders'
const ADDRESS = `https://api.example.com${WELL_KNOWN}/orders`

const guard = () =>
  customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    issuer: ISSUER,
    autoCreateUser: true,
    clock: () => NOW * 1000,
  })

async function serve(t: TestContext, app: Parameters<typeof listen>[0]): Promise<string> {
  const server = await listen(app)
  t.after(() => server.close())
  return server.url
}

const servedBy = (t: TestContext, options: ResourceMetadataOptions) =>
  serve(t, express().use(guard().resourceMetadata(options)))

test('GET, HEAD and the question of a browser are answered, all other methods refused', async (t) => {
  const url = await servedBy(t, { resource: RESOURCE, scopes: ['read:orders', 'write:orders'] })
  const at = `${url}${WELL_KNOWN}/orders`
  const got = await send(at, {})
  assert.equal(got.status, 200)
  assert.deepEqual(got.body, {
    resource: RESOURCE,
    authorization_servers: [ISSUER],
    scopes_supported: ['read:orders', 'write:orders'],
    bearer_methods_supported: ['header'],
  })
  assert.equal(got.headers['content-type'], 'application/json')
  assert.equal(got.headers['access-control-allow-origin'], '*')
  assert.equal(got.headers['cache-control'], 'public, max-age=3600')

  const head = await send(at, { method: 'HEAD' })
  assert.deepEqual([head.status, head.text], [200, ''])
  assert.equal(head.headers['content-length'], got.headers['content-length'])

  const preflight = await send(at, {
    method: 'OPTIONS',
    headers: { Origin: 'https://x.example', 'Access-Control-Request-Headers': 'mcp-protocol-version' },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers['access-control-allow-origin'], '*')
  assert.equal(preflight.headers['access-control-allow-headers'], '*')

  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const { status, headers } = await send(at, { method })
    const cors = headers['access-control-allow-origin']
    assert.deepEqual([status, headers.allow, cors], [405, 'GET, HEAD, OPTIONS', '*'], method)
  }
})

// RFC 9728 §3.1.
const paths = [
  { resource: 'https://api.example.com', path: '' },
  { resource: 'https://api.example.com/', path: '' },
  { resource: 'https://api.example.com:8443/a/b', path: '/a/b' },
  { resource: 'https://api.example.com/a/', path: '/a/' },
  { resource: 'http://localhost:3000/mcp', path: '/mcp' },
]
for (const { resource, path } of paths)
  test(`the metadata of ${resource} is at ${WELL_KNOWN}${path}, and nowhere else`, async (t) => {
    const auth = guard()
    const app = express().use(auth.resourceMetadata({ resource }))
    app.get('/guarded', auth)
    app.use(errorHandler())
    const url = await serve(t, app)
    // Neither a host that the client, nor one that a proxy makes up changes what is said.
    const headers = { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http' }
    const { status, body } = await send(`${url}${WELL_KNOWN}${path}?x=1`, { headers })
    assert.deepEqual([status, body.resource], [200, resource])
    for (const other of [`${WELL_KNOWN}/other`, `${WELL_KNOWN}${path}/more`, `/x${WELL_KNOWN}${path}`])
      assert.equal((await send(url + other, {})).status, 404, other)
    const challenge = (await send(`${url}/guarded`, { headers })).headers['www-authenticate']
    const address = `${new URL(resource).origin}${WELL_KNOWN}${path}`
    assert.equal(challenge, `Bearer realm="custom-jwt-auth", resource_metadata="${address}"`)
  })

test('it is served wherever it is mounted: on its path, below a prefix, by Connect', async (t) => {
  const make = (): Middleware => guard().resourceMetadata({ resource: RESOURCE })
  const answersAt = async (app: Parameters<typeof listen>[0], path: string) =>
    assert.equal((await send((await serve(t, app)) + path, {})).body.resource, RESOURCE, path)
  await answersAt(express().use(WELL_KNOWN, make()), `${WELL_KNOWN}/orders`)
  await answersAt(express().use(`${WELL_KNOWN}/orders`, make()), `${WELL_KNOWN}/orders`)
  await answersAt(express().use('/prefix', express.Router().use(make())), `/prefix${WELL_KNOWN}/orders`)
  await answersAt(connect().use(make()), `${WELL_KNOWN}/orders`)
  await answersAt(connect().use(WELL_KNOWN, make()), `${WELL_KNOWN}/orders`)
  // Of node:http, which has no originalUrl, another path is somebody else's.
  const serveMetadata = make()
  const bare: Parameters<typeof listen>[0] = (req, res) => {
    serveMetadata(req, res, () => res.end('next'))
  }
  assert.equal((await send(`${await serve(t, bare)}/x`, {})).text, 'next')
  await answersAt(bare, `${WELL_KNOWN}/orders`)
})

test('every challenge leads to it, and names the scopes that are known', async (t) => {
  const auth = guard()
  const app = express().use(auth.resourceMetadata({ resource: RESOURCE, scopes: ['a'] }))
  const done: Middleware = (req, res) => res.end(auth.userOf(req).id)
  app.get('/guarded', auth, requireScopes('a', 'b'), done)
  app.get('/claims', auth, requireClaims({ role: 'x' }), done)
  app.get('/optional', auth.optional, requireScopes('a', 'b'), done)
  app.get('/user', auth.optional, done)
  app.use(errorHandler())
  const url = await serve(t, app)
  const challengeAt = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { jwtTokenString: token }
    const { status, headers: answered } = await send(url + path, { headers })
    return [status, answered['www-authenticate']?.replace('Bearer realm="custom-jwt-auth", ', '')]
  }
  const metadata = `resource_metadata="${ADDRESS}"`
  const good = mint(claims({ iss: ISSUER, scope: 'a' }))
  const expired = mint(claims({ iss: ISSUER, exp: NOW - 5 }))
  const invalid = 'error="invalid_token", error_description="invalid custom auth token: token is expired"'
  const insufficient = 'error="insufficient_scope"'
  assert.deepEqual(await challengeAt('/guarded'), [401, metadata])
  assert.deepEqual(await challengeAt('/guarded', expired), [401, `${invalid}, ${metadata}`])
  assert.deepEqual(await challengeAt('/guarded', good), [403, `${insufficient}, scope="a b", ${metadata}`])
  assert.deepEqual(await challengeAt('/claims', good), [403, `${insufficient}, ${metadata}`])
  assert.deepEqual(await challengeAt('/optional'), [401, `scope="a b", ${metadata}`])
  assert.deepEqual(await challengeAt('/user'), [401, metadata])
  assert.deepEqual(await challengeAt('/user', good), [200, undefined])
  // A refusal that is not a challenge stays none.
  const twice = await send(`${url}/guarded`, { headers: { jwtTokenString: [good, good] } })
  assert.deepEqual([twice.status, twice.headers['www-authenticate']], [400, undefined])

  await assert.rejects(auth.authenticate({ headers: {} }), (error) => {
    assert(isAuthError(error))
    assert.equal(error.headers['WWW-Authenticate'], `Bearer realm="custom-jwt-auth", ${metadata}`)
    return true
  })
})

test('the issuers are those of the providers that are on, unless the app names others', async (t) => {
  const providers = {
    a: {
      issuer: ['https://a.example', 'http://localhost:8080', 'a.example', 'urn:https://a.example'],
      jwkUri: 'https://a.example/jwks',
    },
    b: { discover: 'https://b.example' },
    off: { discover: 'https://off.example', disabled: true },
  }
  const auth = customJwtAuth({ appId: APP_ID, providers })
  const url = await serve(t, express().use(auth.resourceMetadata({ resource: RESOURCE })))
  const { body } = await send(`${url}${WELL_KNOWN}/orders`, {})
  assert.deepEqual(body.authorization_servers, [
    'https://a.example',
    'http://localhost:8080',
    'https://b.example',
  ])
  assert.equal('scopes_supported' in body, false)

  const authorizationServers = ['https://login.example']
  const other = await servedBy(t, { resource: RESOURCE, authorizationServers })
  const said = (await send(`${other}${WELL_KNOWN}/orders`, {})).body
  assert.deepEqual(said.authorization_servers, authorizationServers)
})

const mistakes: readonly [option: string, options: object, problem: RegExp][] = [
  ['resource', { resource: undefined }, /^is undefined/],
  ['resource', { resource: 'api.example.com' }, /^is neither an https: URL/],
  ['resource', { resource: 'http://api.example.com' }, /^is neither an https: URL/],
  ['resource', { resource: 'https://api.example.com/?a' }, /^has a query/],
  ['resource', { resource: 'https://api.example.com/#a' }, /^has a query/],
  ['resource', { resource: 'https://a:b@api.example.com/' }, /^has a query, a fragment or a password$/],
  ['scopes', { scopes: 'read' }, /^is a string$/],
  ['scopes', { scopes: [] }, /^is empty$/],
  ['scopes[1]', { scopes: ['a', 'b c'] }, /^is not one$/],
  ['scopes[0]', { scopes: [5] }, /^is the number 5$/],
  ['authorizationServers[0]', { authorizationServers: ['issuer'] }, /^is not one$/],
  ['resources', { resources: [] }, /^is not an option$/],
]
for (const [option, options, problem] of mistakes)
  test(`start-up refuses ${option} of ${JSON.stringify(options)}`, () => {
    const given = { resource: RESOURCE, ...options } as ResourceMetadataOptions
    assert.throws(
      () => guard().resourceMetadata(given),
      (error) => {
        assert(error instanceof ConfigurationError)
        assert.deepEqual(
          error.problems.map((one) => one.option),
          [`resourceMetadata().${option}`],
        )
        assert.match(error.problems[0]?.problem ?? '', problem)
        return true
      },
    )
  })

test('start-up says that no issuer is known, and that a guard has one resource', () => {
  const refusal = {
    name: 'ConfigurationError',
    message: /\.authorizationServers: is not set, and no provider has an/,
  }
  for (const issuer of [undefined, 'not-a-url']) {
    const auth = customJwtAuth({
      appId: APP_ID,
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
      ...(issuer !== undefined && { issuer }),
    })
    assert.throws(() => auth.resourceMetadata({ resource: RESOURCE }), refusal)
  }
  const tenants = customJwtAuth({ appId: APP_ID, providers: () => undefined })
  assert.throws(() => tenants.resourceMetadata({ resource: RESOURCE }), refusal)

  const auth = guard()
  auth.resourceMetadata({ resource: RESOURCE })
  const twice = { name: 'ConfigurationError', message: /resourceMetadata\(\): was called before/ }
  assert.throws(() => auth.resourceMetadata({ resource: RESOURCE }), twice)
})
