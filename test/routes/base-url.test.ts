import assert from 'node:assert/strict'
import connect from 'connect'
import express from 'express'
import type { RequestListener } from 'node:http'
import test, { type TestContext } from 'node:test'
import { BASE, startApp, type Options } from '../support/app.js'
import { send, sendRaw, type Outgoing } from '../support/client.js'
import { frameworks } from '../support/frameworks.js'
import { listen } from '../support/server.js'
import { APP_ID } from '../support/tokens.js'

const LOCATION = `${BASE}/app/${APP_ID}/location`

/** What `/location` answers for its two host names. */
async function hosts(url: string, headers: Outgoing['headers'] = {}): Promise<unknown[]> {
  const { status, body } = await send(url, { headers })
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['deployment_model', 'location', 'hostname', 'ws_hostname'])
  assert.deepEqual([body.deployment_model, body.location], ['GLOBAL', 'US-VA'])
  return [body.hostname, body.ws_hostname]
}

async function serve(t: TestContext, app: RequestListener): Promise<string> {
  const server = await listen(app)
  t.after(() => server.close())
  return server.url
}

/** An Express app with the session routes at a path, and its `trust proxy` setting. */
async function mounted(t: TestContext, { path = '/', trustProxy }: { path?: string; trustProxy?: unknown }) {
  const { auth } = await startApp(t)
  const app = express()
  if (trustProxy !== undefined) app.set('trust proxy', trustProxy)
  app.use(path, auth.sessionRoutes())
  return serve(t, app as RequestListener)
}

const FORWARDED = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'api.example.com' }

for (const [name, build] of Object.entries(frameworks))
  test(`/location names the host that the request was sent to, in ${name}`, async (t) => {
    const { url } = await startApp(t, {}, build)
    assert.deepEqual(await hosts(url + LOCATION), [url, url.replace('http', 'ws')])
    const named = await hosts(url + LOCATION, { Host: 'auth.example.com:8080' })
    assert.deepEqual(named, ['http://auth.example.com:8080', 'ws://auth.example.com:8080'])
    // No proxy is trusted, so what it would forward is anybody's word.
    assert.deepEqual(await hosts(url + LOCATION, FORWARDED), [url, url.replace('http', 'ws')])
  })

test('/location names the host that a trusted proxy forwards', async (t) => {
  const url = await mounted(t, { trustProxy: 'loopback' })
  const secure = ['https://api.example.com', 'wss://api.example.com']
  assert.deepEqual(await hosts(url + LOCATION, FORWARDED), secure)
  const chain = { 'X-Forwarded-Proto': 'https, http', 'X-Forwarded-Host': 'api.example.com, inner.local' }
  assert.deepEqual(await hosts(url + LOCATION, chain), secure)
  assert.deepEqual(await hosts(url + LOCATION), [url, url.replace('http', 'ws')])
  assert.deepEqual(
    await hosts(url + LOCATION, { 'X-Forwarded-Proto': 'javascript', Host: 'api.example.com' }),
    ['http://api.example.com', 'ws://api.example.com'],
  )
})

test('/location ignores what a proxy forwards that the app does not trust', async (t) => {
  for (const trustProxy of [undefined, false, '10.0.0.1', 0]) {
    const url = await mounted(t, { trustProxy })
    assert.deepEqual(
      await hosts(url + LOCATION, FORWARDED),
      [url, url.replace('http', 'ws')],
      String(trustProxy),
    )
  }
})

test('/location says once in the log that it overlooked TLS, and how to let it see', async (t) => {
  for (const [trustProxy, options, expected] of [
    [undefined, {}, 1],
    ['loopback', {}, 0],
    [undefined, { baseUrl: 'https://api.example.com' }, 0],
  ] as const) {
    const { auth, logger } = await startApp(t, options)
    const app = express().use(auth.sessionRoutes())
    if (trustProxy !== undefined) app.set('trust proxy', trustProxy)
    const url = await serve(t, app as RequestListener)
    await hosts(url + LOCATION)
    assert.deepEqual(logger.lines, [])
    for (let count = 0; count < 2; count += 1) await hosts(url + LOCATION, FORWARDED)
    const lines = logger.lines.map(
      ({ level, message, fields }) => `${level} ${message} ${JSON.stringify(fields)}`,
    )
    assert.equal(lines.length, expected, String(trustProxy))
    if (expected) assert.match(lines[0] ?? '', /^warn .*http:.*'trust proxy'.*baseUrl/)
  }
})

test('/location keeps the path that the routes are mounted on', async (t) => {
  const url = await mounted(t, { path: '/auth/v1' })
  assert.deepEqual(await hosts(`${url}/auth/v1${LOCATION}`), [
    `${url}/auth/v1`,
    `${url.replace('http', 'ws')}/auth/v1`,
  ])

  const { auth } = await startApp(t)
  const nested = express().use('/one', express.Router().use('/two', auth.sessionRoutes()))
  const nestedUrl = await serve(t, nested as RequestListener)
  assert.equal((await hosts(`${nestedUrl}/one/two${LOCATION}`))[0], `${nestedUrl}/one/two`)

  const outer = express().use('/outer', express().use('/inner', auth.sessionRoutes()))
  const outerUrl = await serve(t, outer as RequestListener)
  assert.equal((await hosts(`${outerUrl}/outer/inner${LOCATION}`))[0], `${outerUrl}/outer/inner`)

  const connected = connect().use('/auth/v1', auth.sessionRoutes())
  const connectUrl = await serve(t, connected)
  assert.equal((await hosts(`${connectUrl}/auth/v1${LOCATION}?a=/b`))[0], `${connectUrl}/auth/v1`)
})

test('/location answers the option baseUrl, whatever the request says', async (t) => {
  const cases: [string, string[]][] = [
    ['https://api.example.com', ['https://api.example.com', 'wss://api.example.com']],
    ['https://api.example.com/', ['https://api.example.com', 'wss://api.example.com']],
    ['http://localhost:3000/base/', ['http://localhost:3000/base', 'ws://localhost:3000/base']],
  ]
  for (const [baseUrl, expected] of cases) {
    const { url } = await startApp(t, { baseUrl } satisfies Options)
    for (const headers of [{}, FORWARDED, { Host: 'evil.example' }])
      assert.deepEqual(await hosts(url + LOCATION, headers), expected)
  }
})

test('/location refuses a request that names no host, or something that is none', async (t) => {
  const { url } = await startApp(t)
  for (const Host of [
    'a b',
    'evil.example/path',
    'user@evil.example',
    'evil.example?x',
    'evil.example#x',
    '"><script>',
    'host:port',
    'host:123456',
    '[::1',
  ]) {
    const { status, body } = await send(url + LOCATION, { headers: { Host } })
    assert.deepEqual([status, body.error_code], [400, 'InvalidParameter'], Host)
  }
  for (const Host of ['example.com', 'EXAMPLE.com:80', 'a-b.example.', '[::1]:8080', '127.0.0.1', 'my_host'])
    assert.equal((await hosts(url + LOCATION, { Host }))[0], `http://${Host}`)
  // Only HTTP/1.0 lets a request name no host at all.
  for (const head of ['HTTP/1.0', 'HTTP/1.0\r\nHost:', 'HTTP/1.1\r\nConnection: close\r\nHost:']) {
    const { status, text } = await sendRaw(url, `GET ${LOCATION} ${head}\r\n\r\n`)
    assert.equal(status, 400, head)
    assert.match(text, /"error_code":"InvalidParameter"/)
  }

  const trusting = await mounted(t, { trustProxy: true })
  for (const host of ['evil.example/path', 'a b', ', api.example.com'])
    assert.equal(
      (await send(trusting + LOCATION, { headers: { 'X-Forwarded-Host': host } })).status,
      400,
      host,
    )
})

test('/location leaves another App to the handlers that come next', async (t) => {
  const { auth } = await startApp(t)
  const app = express().use(auth.sessionRoutes(), (_req, res) => res.end('the next handler'))
  const url = await serve(t, app as RequestListener)
  for (const appId of ['other-app', `${APP_ID}x`, 'MYAPP-ABCDE', '..', '%2e%2e']) {
    const { status, text } = await send(`${url}${BASE}/app/${appId}/location`, {})
    assert.deepEqual([status, text], [200, 'the next handler'], appId)
  }
})
