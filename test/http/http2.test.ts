// HTTP/2 without a proxy: the host is in `:authority`, a body has no announced length, and the request is none of
// node:http's. Express does not speak it; Connect and a bare handler do.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTo, createSecureServer, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import { customJwtAuth } from 'custom-jwt-auth'
import { BASE, LOGIN, PROFILE } from '../support/app.js'
import { certificateOf } from '../support/certificate.js'
import { frameworks, type BuildApp } from '../support/frameworks.js'
import { APP_ID, mint, NOW, rsaKeys, SECRET, SESSION_SECRET } from '../support/tokens.js'

type Headers = Readonly<Record<string, string>>

const keys = rsaKeys('tls')
const tls = { key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: certificateOf(keys) }

/** A server with one guard, and a client of its own connection. */
async function serve(t: TestContext, build: BuildApp, scheme: 'http' | 'https') {
  const auth = customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    autoCreateUser: true,
    session: { signingKeys: [SESSION_SECRET] },
    clock: () => NOW * 1000,
  })
  const app = build({ auth, sessions: true, seen: [] }) as unknown as Parameters<typeof createServer>[1]
  const server: Http2Server = scheme === 'http' ? createServer(app) : createSecureServer(tls, app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `${scheme}://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const client = connectTo(origin, { rejectUnauthorized: false })
  t.after(() => {
    client.destroy()
    server.close()
  })
  return {
    origin,
    async send(path: string, headers: Headers = {}, body?: object) {
      const method = body ? 'POST' : 'GET'
      const stream = client.request({ ':path': path, ':method': method, ...headers }, { endStream: !body })
      if (body) stream.end(JSON.stringify(body))
      const [answer] = (await once(stream, 'response')) as [Record<string, unknown>]
      return {
        status: answer[':status'],
        type: answer['content-type'],
        body: JSON.parse(await text(stream)) as Record<string, string>,
      }
    },
  }
}

for (const name of ['Connect', 'a bare node:http handler'] as const)
  for (const scheme of ['http', 'https'] as const)
    test(`a session lives over HTTP/2 in ${name}, ${scheme}`, async (t) => {
      const build = frameworks[name]
      assert.ok(build)
      const { origin, send } = await serve(t, build, scheme)
      const location = await send(`${BASE}/app/${APP_ID}/location`)
      assert.equal(location.status, 200)
      assert.equal(location.body.hostname, origin)
      const login = await send(LOGIN, { 'content-type': 'application/json' }, { token: mint() })
      assert.equal(login.status, 200, JSON.stringify(login.body))
      const profile = await send(PROFILE, { authorization: `Bearer ${String(login.body.access_token)}` })
      assert.equal(profile.body.user_id, login.body.user_id)
      assert.equal((await send('/api/me', { jwttokenstring: mint() })).body.id, login.body.user_id)
      const refused = await send('/api/me', { authorization: 'Bearer junk' })
      assert.deepEqual([refused.status, refused.type], [401, 'application/json'])
      const large = await send(LOGIN, { 'content-type': 'application/json' }, { token: 'x'.repeat(100_000) })
      assert.equal(large.status, 413)
    })

test('the page that inspects tokens knows its own host over HTTP/2', async (t) => {
  const build: BuildApp = ({ auth }) => {
    const page = auth.inspectPage()
    return (req, res) => {
      page(req, res, () => res.writeHead(404).end())
    }
  }
  const { origin, send } = await serve(t, build, 'https')
  const ask = (headers: Headers) => send('/', headers, { token: mint() })
  assert.match((await ask({ origin })).body.error ?? '', /reload it/, 'all that is missing is its secret')
  assert.match((await ask({ origin: 'https://elsewhere.example' })).body.error ?? '', /own requests/)
  assert.match(
    (await ask({ origin, ':authority': 'rebound.example' })).body.error ?? '',
    /open this page as localhost/,
  )
})
