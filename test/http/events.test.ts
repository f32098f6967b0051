// What the app is told beside the answers: log lines, and events of node:diagnostics_channel. That none of it holds a
// token or a key is watched by support/secrecy.ts, in this file and in all others that send requests.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import express from 'express'
import { customJwtAuth, errorHandler, requireScopes, type CredentialSource } from 'custom-jwt-auth'
import { LOGIN, PROFILE, startApp } from '../support/app.js'
import { send } from '../support/client.js'
import { recordingLogger } from '../support/logger.js'
import { secretsIn } from '../support/secrecy.js'
import { listen as listenOn } from '../support/server.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET, SECRET } from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'

/** What each event and line says of a request. */
const ME = { method: 'GET', path: '/api/me' }

/** The events of a channel while a test runs. */
function listen(t: TestContext, name: string): unknown[] {
  const events: unknown[] = []
  const note = (event: unknown): void => void events.push(event)
  subscribe(`custom-jwt-auth:${name}`, note)
  t.after(() => unsubscribe(`custom-jwt-auth:${name}`, note))
  return events
}

test('a request that the guard lets in is an event, with the user and the kind of credential', async (t) => {
  const events = listen(t, 'authenticated')
  const app = await startApp(t, { bearerJwt: true })
  const { user_id: userId, access_token: access } = await app.loggedIn()
  const token = mint()
  for (const [request, credential] of [
    [() => app.me(token), 'custom-token'],
    [() => app.me(token), 'custom-token'],
    [() => app.meBearer(access), 'session'],
    [() => app.meBearer(access), 'session'],
    [() => app.meBearer(token), 'custom-token'],
  ] as const) {
    await request()
    assert.deepEqual(events.splice(0), [{ userId, credential, ...ME }])
  }
  await app.me('junk')
  assert.deepEqual(events, [])
})

test('a refused request is one event and one log line, with the code and the full reason', async (t) => {
  const events = listen(t, 'rejected')
  const app = await startApp(t)
  const refusal = {
    code: 'TOKEN_AUDIENCE_MISMATCH',
    status: 401,
    check: 'aud',
    expected: '"myapp-abcde"',
    got: '"myapp-abcde/"',
    fix: 'The audience differs by a trailing slash: make them match',
  }
  const message = `invalid custom auth token: '"myapp-abcde"' not present in 'aud' claim`
  const token = mint(claims({ aud: 'myapp-abcde/' }))
  for (const [request, about] of [
    [() => app.me(token), ME],
    [() => app.login(token), { method: 'POST', path: LOGIN }],
  ] as const) {
    assert.equal((await request()).status, 401)
    assert.deepEqual(events.splice(0), [{ ...refusal, message, ...about }])
    assert.deepEqual(app.logger.lines.splice(0), [
      { level: 'info', fields: { ...refusal, ...about }, message: `custom-jwt-auth: ${message}` },
    ])
  }
  // The client is told less than the log: nothing of what is wrong with a session.
  await app.bearer('GET', PROFILE, 'junk')
  assert.deepEqual(events.splice(0), [
    {
      code: 'SESSION_INVALID',
      status: 401,
      message: 'invalid session',
      check: 'access token',
      got: 'a token that none of the session keys signed',
      fix:
        "If it is the issuer's, send it in the jwtTokenString header, or set bearerJwt; if it is ours, keep the " +
        'session key that signed it in session.signingKeys',
      method: 'GET',
      path: PROFILE,
    },
  ])
})

test('a failing dependency is an event without, and an error line with, its cause', async (t) => {
  const events = listen(t, 'rejected')
  const cause = new Error('connect ECONNREFUSED 10.0.0.7:5432')
  const app = await startApp(t, {
    store: wrapStore(() => {
      throw cause
    }),
  })
  await app.me(mint())
  assert.deepEqual(events, [
    { code: 'STORE_UNAVAILABLE', status: 503, message: 'temporarily unavailable, try again later', ...ME },
  ])
  assert.deepEqual(app.logger.lines, [
    {
      level: 'error',
      fields: { code: 'STORE_UNAVAILABLE', status: 503, err: cause, ...ME },
      message: 'custom-jwt-auth: STORE_UNAVAILABLE',
    },
  ])
})

test('a created user is an event and a log line, once', async (t) => {
  const events = listen(t, 'user-created')
  const app = await startApp(t)
  const { user_id: userId } = await app.loggedIn()
  await app.loggedIn()
  await app.me(mint())
  assert.deepEqual(events, [{ userId }])
  assert.deepEqual(app.logger.lines, [
    { level: 'info', fields: { userId }, message: 'custom-jwt-auth: user created' },
  ])
})

test('events and lines name the request: its id, its method, and its path without the query', async (t) => {
  const events = ['authenticated', 'rejected'].map((name) => listen(t, name))
  const logger = recordingLogger()
  const auth = customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    autoCreateUser: true,
    clock: () => NOW * 1000,
    logger,
  })
  let id: unknown
  const app = express()
  app.set('env', 'test')
  app.use((req, _res, next) => {
    Object.assign(req, { id })
    next()
  })
  const below = express.Router()
  below.get('/open', auth.optional, requireScopes('a'))
  below.use(auth, (_req, res) => void res.end())
  app.use('/below', below, errorHandler())
  const server = await listenOn(app)
  t.after(() => server.close())

  const token = mint()
  const secretPath = `/below/x?access_token=${token}`
  for (const [given, requestId] of [
    ['req-1', 'req-1'],
    [17, 17],
    ['\u001b[31m', '\\u{1b}[31m'],
    ['x'.repeat(1000), 'x'.repeat(100)],
    [{ secret: 1 }, undefined],
    [undefined, undefined],
    [NaN, undefined],
  ] as const) {
    id = given
    const about = { ...(requestId !== undefined && { requestId }), method: 'GET', path: '/below/x' }
    await send(server.url + secretPath, { headers: { jwtTokenString: token } })
    await send(server.url + secretPath, { headers: { jwtTokenString: 'junk' } })
    for (const said of [events[0]?.pop(), events[1]?.pop(), logger.lines.pop()?.fields])
      assertNames(said, about)
  }
  // A guard that refuses, and what is not a request of Node's.
  await send(`${server.url}/below/open`, { headers: { jwtTokenString: token } })
  assertNames(logger.lines.pop()?.fields, { method: 'GET', path: '/below/open' })
  const url = `http://user:pass@localhost/${'long/'.repeat(1000)}?q`
  await assert.rejects(auth.authenticate(new Request('http://localhost/a?q', { method: 'POST' })))
  assertNames(logger.lines.pop()?.fields, { method: 'POST', path: '/a' })
  await assert.rejects(
    auth.authenticate({ headers: {}, url, method: 'M'.repeat(1000) } as object as CredentialSource),
  )
  assertNames(logger.lines.pop()?.fields, {
    method: 'M'.repeat(20),
    path: `/${'long/'.repeat(40)}`.slice(0, 200),
  })
  for (const source of ['junk', undefined, null]) {
    await assert.rejects(auth.authenticate(source))
    assertNames(logger.lines.pop()?.fields, {})
  }
})

/** That it says this of its request, and nothing else. */
function assertNames(said: unknown, about: object): void {
  const { requestId, method, path } = said as Record<string, unknown>
  assert.deepEqual(JSON.parse(JSON.stringify({ requestId, method, path })), about)
}

test('an anonymous request is not an event, and a line of the level debug', async (t) => {
  const all = ['authenticated', 'rejected'].map((name) => listen(t, name))
  const app = await startApp(t, { credentialsRequired: false })
  await app.send('/api/me', { headers: { Authorization: 'Basic dXNlcjpwYXNz' } })
  assert.deepEqual(all, [[], []])
  const [{ level, fields } = { level: '', fields: {} }, ...more] = app.logger.lines
  assert.equal(level, 'debug')
  assert.equal((fields as { got?: string }).got, 'Authorization with the scheme Basic')
  assertNames(fields, ME)
  assert.deepEqual(more, [])
})

test('without a logger and subscribers everything works as well', async (t) => {
  const app = await startApp(t, { logger: undefined } as unknown as Parameters<typeof startApp>[1])
  assert.equal((await app.me(mint())).status, 200)
  assert.equal((await app.me('junk')).status, 401)
})

test('the watch for secrets knows one when it sees it', async (t) => {
  const app = await startApp(t)
  const sent = mint(claims(), { key: OTHER_SECRET })
  await app.me(sent)
  const { access_token: received } = await app.loggedIn()
  for (const token of [sent, received]) {
    const [header = '', payload = '', signature = ''] = token.split('.')
    assert.deepEqual(secretsIn(`a log line about ${token}`), [payload, signature])
    assert.deepEqual(secretsIn(JSON.stringify({ err: { token: `x.${signature}` } })), [signature])
    assert.deepEqual(secretsIn(header), [])
  }
  assert.deepEqual(secretsIn(`key ${SECRET}`), [SECRET])
})

test('a logger that throws changes no answer and ends nothing, and Node warns of it', async (t) => {
  const throwing = (): never => {
    throw new Error('the disk is full')
  }
  const logger = { debug: throwing, info: throwing, warn: throwing, error: throwing }
  const warning = once(process, 'warning')
  const app = await startApp(t, { logger })
  assert.equal((await app.me(mint())).status, 200)
  assert.equal((await app.me('junk')).status, 401)
  const [{ message }] = (await warning) as [Error]
  assert.match(message, /the logger failed: Error: the disk is full/)
})
