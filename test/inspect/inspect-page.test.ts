// Who may open the page and ask it, and what it answers, over HTTP. The page itself: browser.test.ts.
import assert from 'node:assert/strict'
import connect from 'connect'
import express from 'express'
import type { IncomingMessage, RequestListener } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { ConfigurationError, customJwtAuth, memoryStore, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { whenOf } from '../../lib/inspect/dates.js'
import { createInspectPage } from '../../lib/inspect/inspect-page.js'
import { strangerIn } from '../../lib/inspect/loopback-only.js'
import type { Report } from '../../lib/inspect/report.js'
import { startApp } from '../support/app.js'
import { send, type Answer, type Outgoing } from '../support/client.js'
import { recordingLogger } from '../support/logger.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, SECRET } from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'

const clock = (): number => NOW * 1000
function guard(options: object = {}) {
  const all = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET], clock, ...options }
  return customJwtAuth(all as CustomJwtAuthOptions)
}

/** The page at /inspect, and the two requests of its script. */
async function openPage(
  t: TestContext,
  options: object = {},
  app: RequestListener & { use?: unknown } = express(),
) {
  const use = app.use as (...handlers: unknown[]) => void
  use.call(app, '/inspect', guard(options).inspectPage())
  return serve(t, app)
}

async function serve(t: TestContext, app: RequestListener) {
  const server = await listen(app)
  t.after(() => server.close())
  const { url } = server
  const page = await send(`${url}/inspect`, {})
  const [, secret = ''] = /name="page-secret" content="([^"]+)"/.exec(page.text) ?? []
  const good = { Origin: url, 'Sec-Fetch-Site': 'same-origin', 'X-Page-Secret': secret }
  return {
    url,
    page,
    get: (path = '/inspect', outgoing: Outgoing = {}) => send(url + path, outgoing),
    post: (body: Outgoing['body'], headers: object = {}) =>
      send(`${url}/inspect`, { method: 'POST', body: body ?? {}, headers: { ...good, ...headers } }),
  }
}

const reportIn = ({ text }: Answer) => JSON.parse(text) as Report

test('every answer forbids to keep, frame, refer to or extend it', async (t) => {
  const { page, post, get } = await openPage(t)
  const refused = await get('/inspect', { headers: { Host: 'rebound.example' } })
  for (const { headers } of [
    page,
    await post({ token: mint() }),
    refused,
    await post({}, { Origin: 'null' }),
  ]) {
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const policy = String(headers['content-security-policy']).split('; ')
    assert.ok(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'"))
    assert.ok(policy.includes("connect-src 'self'") && policy.includes("form-action 'none'"))
    assert.deepEqual(
      policy.filter((part) => /unsafe|\*|https?:/.test(part)),
      [],
    )
  }
})

describe('it refuses', () => {
  const hosts: [host: string, status: number][] = [
    ['localhost:3000', 200],
    ['app.localhost', 200],
    ['127.0.0.1', 200],
    ['[::1]:3000', 200],
    ['rebound.example', 403],
    ['127.0.0.1.rebound.example', 403],
    ['localhost@rebound.example', 403],
    ['rebound.example/localhost', 403],
    ['10.0.0.7:3000', 403],
  ]
  test('other names than those of this machine: DNS rebinding', async (t) => {
    const { get } = await openPage(t)
    for (const [host, status] of hosts)
      assert.equal((await get('/inspect', { headers: { Host: host } })).status, status, host)
  })

  test('whoever comes through a proxy or a tunnel', async (t) => {
    const { get } = await openPage(t)
    for (const [headers, status] of [
      [{ 'X-Forwarded-For': '203.0.113.7' }, 403],
      [{ 'X-Forwarded-For': '127.0.0.1, 203.0.113.7' }, 403],
      [{ 'X-Forwarded-For': '' }, 403],
      [{ Forwarded: 'for=127.0.0.1' }, 403],
      [{ Via: '1.1 somewhere' }, 403],
      [{ 'X-Real-IP': '203.0.113.7' }, 403],
      [{ 'CF-Connecting-IP': '203.0.113.7' }, 403],
      [{ 'True-Client-IP': '203.0.113.7' }, 403],
      [{ 'X-Forwarded-Host': 'app.example' }, 403],
      [{ 'X-Forwarded-Proto': 'https' }, 403],
      [{ 'X-Forwarded-For': '::1' }, 200],
      [{ 'X-Forwarded-For': '::1', 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'localhost:5173' }, 200],
    ] as const)
      assert.equal((await get('/inspect', { headers })).status, status, JSON.stringify(headers))
  })

  test('connections from other machines', () => {
    const from = (remoteAddress: string | undefined) =>
      strangerIn({ socket: { remoteAddress }, headers: { host: 'localhost' } } as unknown as IncomingMessage)
    for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
      assert.equal(from(address), undefined, address)
    for (const address of ['10.0.0.7', '::ffff:10.0.0.7', 'fe80::1', undefined])
      assert.match(from(address) ?? '', /only answers connections from this machine/, address)
  })

  test("POSTs of other sites' pages, and of whoever does not know the page", async (t) => {
    const { url, post } = await openPage(t)
    const wrong: object[] = [
      { Origin: 'https://elsewhere.example' },
      { Origin: 'null' },
      { Origin: '' },
      { Origin: url.replace(/\d+$/, '1') },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'X-Page-Secret': '' },
      { 'X-Page-Secret': 'x'.repeat(32) },
    ]
    assert.equal((await post({ token: mint() })).status, 200)
    for (const headers of wrong)
      assert.equal((await post({ token: mint() }, headers)).status, 403, JSON.stringify(headers))
  })

  test('bodies that are too long, are not JSON, or hold no token', async (t) => {
    const { post, get } = await openPage(t)
    assert.equal((await post({ token: 'x'.repeat(1_010_000) })).status, 413)
    assert.equal((await post('{')).status, 415)
    assert.equal((await post('{', { 'Content-Type': 'application/json' })).status, 400)
    for (const body of [{}, { token: 5 }, { handOver: true }, []])
      assert.equal((await post(body)).status, 404)
    const { status, headers } = await get('/inspect', { method: 'DELETE' })
    assert.deepEqual([status, headers.allow], [405, 'GET, HEAD, POST'])
    assert.equal((await get('/inspect/deeper')).status, 404)
  })

  test('to exist in production', (t) => {
    const before = process.env.NODE_ENV
    t.after(() => {
      if (before === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = before
    })
    const auth = guard({ store: memoryStore() })
    process.env.NODE_ENV = 'production'
    assert.throws(
      () => auth.inspectPage(),
      (error) =>
        error instanceof ConfigurationError &&
        /inspectPage\(\): .*NODE_ENV is production/.test(error.message),
    )
  })
})

test('it works in Connect, in a bare server, and behind a body parser', async (t) => {
  const page = guard().inspectPage()
  const bare: RequestListener = (req, res) => {
    req.url = req.url?.replace(/^\/inspect/, '')
    page(req, res, () => res.writeHead(404).end())
  }
  const parsing = express().use(express.json())
  for (const { post } of [
    await openPage(t, {}, connect()),
    await serve(t, bare),
    await openPage(t, {}, parsing),
  ]) {
    const [verdict] = reportIn(await post({ token: mint() })).verdicts
    assert.equal(verdict?.explanation.checks.find(({ name }) => name === 'signature')?.pass, true)
  }
})

test('what it says the guard answers is what the guard answers', async (t) => {
  const app = await startApp(t, { autoCreateUser: false })
  const outer = express().use('/inspect', app.auth.inspectPage())
  const { post } = await serve(t, outer)
  const tokens = [
    mint(),
    mint(claims({ aud: 'other' })),
    mint(claims({ exp: NOW })),
    'no token',
    `${mint()}x`,
  ]
  for (const token of tokens) {
    const [verdict] = reportIn(await post({ token })).verdicts
    const { status, headers, text } = await app.me(token)
    const told = verdict?.answer
    assert.deepEqual(
      [told?.status, JSON.stringify(JSON.parse(told?.body ?? '')), told?.headers],
      [status, text, { 'WWW-Authenticate': headers['www-authenticate'] }],
    )
  }
  assert.equal((await app.auth.users.list()).users.length, 0, 'it makes no users')
})

test('a report has neither signature nor key, and nothing is logged', async (t) => {
  const logger = recordingLogger()
  const { post } = await openPage(t, {
    logger,
    store: wrapStore(() => {
      throw new Error('down')
    }),
  })
  const token = mint(claims({ name: 'a\u202e\u0007b', iat: NOW - 7200 }))
  const answer = await post({ token: ` ${token} ` })
  const { length, claims: rows, verdicts } = reportIn(answer)
  assert.equal(length, token.length)
  for (const secret of [token.split('.')[2] ?? '', SECRET]) assert.ok(!answer.text.includes(secret))
  assert.equal(rows?.find(({ name }) => name === 'name')?.value, '"a\\u{202e}\\u0007b"')
  assert.deepEqual(rows.find(({ name }) => name === 'iat')?.when, {
    at: '2023-11-14T20:13:20.000Z',
    words: 'issued 2 hours ago',
  })
  assert.deepEqual([verdicts[0]?.answer?.status, verdicts[0]?.answer?.code], [503, 'STORE_UNAVAILABLE'])
  assert.deepEqual(logger.lines, [])
})

test('a claim that is nested deeply is shown as far as it can be', async (t) => {
  const { post } = await openPage(t)
  const [header = '', , signature = ''] = mint().split('.')
  const deep = `{"sub":"24601","deep":${'['.repeat(4900)}${']'.repeat(4900)}}`
  const answer = await post({ token: [header, Buffer.from(deep).toString('base64url'), signature].join('.') })
  assert.equal(answer.status, 200)
  // How deep JSON can be written depends on the stack of the process.
  const { name, value = '' } = reportIn(answer).claims?.at(-1) ?? {}
  assert.equal(name, 'deep')
  assert.match(value, /^(?:nested too deeply to be shown|\[[\s[]+…)$/)
})

test('a token that cannot be explained is a 503 with the reason, and the page goes on', async (t) => {
  const explain = () => Promise.reject(new Error('not today'))
  const inspect = createInspectPage({
    configurations: [{ name: 'a', explain, hasStore: false }],
    now: () => NOW,
  })
  const { post, get } = await serve(t, inspect)
  const { status, body } = await post({ token: mint() })
  assert.deepEqual([status, body.error], [503, 'the token could not be inspected: not today'])
  assert.equal((await get()).status, 200)
})

describe('dates in words:', () => {
  for (const [name, seconds, words] of [
    ['exp', -180, 'expired 3 minutes ago'],
    ['exp', 0, 'expired just now'],
    ['exp', 3600, 'expires in 60 minutes'],
    ['iat', -1, 'issued 1 second ago'],
    ['iat', 90, 'to be issued in 90 seconds'],
    ['nbf', -300, 'became valid 5 minutes ago'],
    ['nbf', 300, 'becomes valid in 5 minutes'],
    ['auth_time', -86_400 * 3, '3 days ago'],
    ['updated_at', 300, 'in 5 minutes'],
    ['exp', NOW * 999, 'in milliseconds instead of seconds'],
    ['amount', 5, undefined],
    ['exp', Infinity, undefined],
    ['exp', 1e300, undefined],
  ] as const)
    test(`${name} of ${String(seconds)} seconds from now is ${words ?? 'no date'}`, () => {
      assert.equal(whenOf(name, NOW + seconds, NOW)?.words, words)
    })
  test('a string is no date', () => {
    assert.equal(whenOf('exp', String(NOW), NOW), undefined)
  })
})
