// What an app can watch of its issuer: a diagnostics channel and a log line for each thing that happens to the keys.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test, type TestContext } from 'node:test'
import { startApp, type TestApp } from '../../support/app.js'
import { eventually } from '../../support/eventually.js'
import { rotatingIssuer, type RotatingIssuer } from '../../support/rotating-issuer.js'
import { NOW } from '../../support/tokens.js'

const AGE = 600
const STALE = 3600

interface Watched extends TestApp {
  readonly issuer: RotatingIssuer
  /** What the channels and the log said since this was last asked. */
  readonly news: () => { events: unknown[]; lines: unknown[] }
}

async function start(t: TestContext): Promise<Watched> {
  const issuer = await rotatingIssuer(t)
  const app = await startApp(t, { jwkUri: issuer.jwkUri })
  let events: unknown[] = []
  let read = 0
  for (const name of ['keys-refreshed', 'keys-failed', 'keys-stale', 'unknown-key-id']) {
    const listener = (event: unknown): void => {
      events.push([name, event])
    }
    subscribe(`custom-jwt-auth:${name}`, listener)
    t.after(() => unsubscribe(`custom-jwt-auth:${name}`, listener))
  }
  return Object.assign(app, {
    issuer,
    news() {
      const lines = app.logger.lines.slice(read).filter(({ fields }) => fields.code === undefined)
      const said = { events, lines: lines.map(({ level, message, fields }) => [level, message, fields]) }
      read = app.logger.lines.length
      events = []
      return said
    },
  })
}

const userCreated = ([, message]: unknown[]): boolean => message === 'custom-jwt-auth: user created'

test('a refresh names the kids', async (t) => {
  const app = await start(t)
  app.issuer.rotate()
  await app.auth.ready()
  const event = { kids: ['key-1', 'key-2'] }
  assert.deepEqual(app.news(), {
    events: [['keys-refreshed', event]],
    lines: [['info', 'custom-jwt-auth: signing keys refreshed', event]],
  })
})

test('a failure has its cause, with what was wrong', async (t) => {
  const app = await start(t)
  app.issuer.goDown()
  await assert.rejects(app.auth.ready())
  const { events, lines } = app.news()
  assert.equal(events.length, 1)
  const [[name, { error }]] = events as [[string, { error: Error }]]
  assert.equal(name, 'keys-failed')
  assert.match(error.message, /\/jwks could not be fetched: /)
  assert.deepEqual(lines, [
    ['error', "custom-jwt-auth: the issuer's key set could not be fetched", { err: error }],
  ])
})

test('keys that are served past their age are told as stale, until when; past that only the failure is', async (t) => {
  const app = await start(t)
  const token = app.issuer.token()
  await app.me(token)
  app.news()
  app.issuer.goDown()

  app.clock.advance(AGE - 1)
  await app.me(token)
  await eventually(() => app.logger.lines.some(({ level }) => level === 'error'))
  assert.deepEqual(
    app.news().events.map((event) => (event as unknown[])[0]),
    ['keys-failed'],
    'they are not too old yet',
  )

  app.clock.advance(10)
  assert.equal((await app.me(token)).status, 200)
  await eventually(() => app.logger.lines.some(({ level }) => level === 'warn'))
  const stale = { expiredAt: NOW + AGE, servedUntil: NOW + AGE + STALE }
  const { events, lines } = app.news()
  assert.deepEqual(events.at(-1), ['keys-stale', stale])
  assert.deepEqual(lines.at(-1), [
    'warn',
    'custom-jwt-auth: old signing keys are served while the issuer cannot be reached',
    stale,
  ])

  app.clock.advance(STALE)
  assert.equal((await app.me(token)).status, 503)
  assert.deepEqual(
    app.news().events.map((event) => (event as unknown[])[0]),
    ['keys-failed'],
  )
})

test('an unknown kid is named when the issuer is asked for it, and cut short', async (t) => {
  const app = await start(t)
  await app.me(app.issuer.token())
  app.news()
  const fresh = app.issuer.rotate()
  await app.me(app.issuer.token())
  const { events, lines } = app.news()
  assert.deepEqual(events, [
    ['unknown-key-id', { kid: fresh }],
    ['keys-refreshed', { kids: ['key-1', fresh] }],
  ])
  assert.deepEqual(
    lines.filter((line) => !userCreated(line as unknown[])),
    [
      ['info', 'custom-jwt-auth: unknown key id, asking the issuer', { kid: fresh }],
      ['info', 'custom-jwt-auth: signing keys refreshed', { kids: ['key-1', fresh] }],
    ],
  )

  app.clock.advance(5)
  await app.me(app.issuer.token({ header: { kid: 'x'.repeat(500) } }))
  assert.deepEqual(app.news().events[0], ['unknown-key-id', { kid: 'x'.repeat(100) }])
})

test('a log that throws does not make the issuer unreachable', async (t) => {
  const issuer = await rotatingIssuer(t)
  const logger = {
    debug: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    info(_fields: object, message: string) {
      if (message.includes('refreshed')) throw new Error('the disk is full')
    },
  }
  const app = await startApp(t, { jwkUri: issuer.jwkUri, logger })
  for (let times = 0; times < 2; times += 1) assert.equal((await app.me(issuer.token())).status, 200)
})
