// What the app is told beside the answers: log lines, and events of node:diagnostics_channel. That none of it holds a
// token or a key is watched by support/secrecy.ts, in this file and in all others that send requests.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import test, { type TestContext } from 'node:test'
import { PROFILE, startApp } from '../support/app.js'
import { secretsIn } from '../support/secrecy.js'
import { claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'

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
    assert.deepEqual(events.splice(0), [{ userId, credential }])
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
  for (const request of [() => app.me(token), () => app.login(token)]) {
    assert.equal((await request()).status, 401)
    assert.deepEqual(events.splice(0), [{ ...refusal, message }])
    assert.deepEqual(app.logger.lines.splice(0), [
      { level: 'info', fields: refusal, message: `custom-jwt-auth: ${message}` },
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
        "Is it the issuer's? Then send it in the jwtTokenString header, or set bearerJwt. Was it ours? Then keep the " +
        'session key that signed it in session.signingKeys',
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
    { code: 'STORE_UNAVAILABLE', status: 503, message: 'temporarily unavailable, try again later' },
  ])
  assert.deepEqual(app.logger.lines, [
    {
      level: 'error',
      fields: { code: 'STORE_UNAVAILABLE', status: 503, err: cause },
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

test('an anonymous request is not an event', async (t) => {
  const all = ['authenticated', 'rejected'].map((name) => listen(t, name))
  const app = await startApp(t, { credentialsRequired: false })
  await app.send('/api/me')
  assert.deepEqual(all, [[], []])
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
