// What is not ours fails: it throws, rejects, never answers or answers nonsense. Clients get a 503 in bounded time, the
// app's log gets the cause, and a 401 (which would log everybody out) comes only where the protocol says so.
import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import { isAuthError, type ErrorCode } from 'custom-jwt-auth'
import { DELETE_USER, LOGIN, PROFILE, SESSION, startApp, type Options, type TestApp } from '../support/app.js'
import type { Answer } from '../support/client.js'
import { claims, mint, SESSION_SECRET } from '../support/tokens.js'
import { wrapStore, type Verb } from '../support/wrapped-store.js'

/** What a fault says to whoever reads the app's log; no client may see it. */
const INTERNAL = new Error('connect ECONNREFUSED 10.0.0.7:5432')

const faults: Readonly<Record<string, () => unknown>> = {
  throws: () => {
    throw INTERNAL
  },
  rejects: () => Promise.reject(INTERNAL),
  'never answers': () => new Promise(() => undefined),
}

const nonsense: unknown[] = [
  null,
  0,
  '',
  'nonsense',
  true,
  Number.NaN,
  [],
  {},
  { user: 1 },
  { session: {} },
  Symbol('x'),
]

interface Logins {
  readonly access: string
  readonly refresh: string
  readonly userId: string
}

/** For each verb of a store, the requests that need it. */
const requestsOf: Readonly<Partial<Record<Verb, ((app: TestApp, login: Logins) => Promise<Answer>)[]>>> = {
  signIn: [(app) => app.me(mint(claims({ sub: 'new' }))), (app) => app.login()],
  findIdentity: [(app) => app.me(mint()), (app, { access }) => link(app, access)],
  findSession: [
    (app, { access }) => app.meBearer(access),
    (app, { access }) => app.bearer('GET', PROFILE, access),
    (app, { access }) => app.bearer('DELETE', DELETE_USER, access),
    (app, { access }) => link(app, access),
    (app, { refresh }) => app.bearer('POST', SESSION, refresh),
  ],
  createSession: [(app) => app.login()],
  linkIdentity: [(app, { access }) => link(app, access)],
  rotateSession: [(app, { refresh }) => app.bearer('POST', SESSION, refresh)],
  revokeSession: [(app, { refresh }) => app.bearer('DELETE', SESSION, refresh)],
  deleteUser: [(app, { access }) => app.bearer('DELETE', DELETE_USER, access)],
}

function link(app: TestApp, access: string): Promise<Answer> {
  return app.send(`${LOGIN}?link=true`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${access}` },
    body: { token: mint(claims({ sub: 'linked' })) },
  })
}

/** An app whose store works until `fail` is set, with a user who is logged in and has used a token. */
async function startFaulty(t: Parameters<typeof startApp>[0], options: Options = {}) {
  const failing = new Map<Verb, () => unknown>()
  const app = await startApp(t, {
    timeoutSeconds: 1,
    cache: { users: false },
    store: wrapStore((verb, call) => (failing.get(verb) ?? call)()),
    session: { signingKeys: [SESSION_SECRET], rotateRefreshTokens: true },
    ...options,
  })
  const { access_token: access, refresh_token: refresh, user_id: userId } = await app.loggedIn()
  assert.equal((await app.me(mint())).status, 200)
  return { app, failing, login: { access, refresh, userId } }
}

function assertUnavailable(answer: Answer, app: TestApp, code: ErrorCode, cause: RegExp): void {
  assert.equal(answer.status, 503)
  const error = 'temporarily unavailable, try again later'
  assert.deepEqual(answer.body, { error, error_code: 'InternalServerError', link: '' })
  assert.equal(answer.headers['retry-after'], '5')
  assert.equal(answer.headers['www-authenticate'], undefined)
  const line = app.logger.lines.findLast(({ fields }) => fields.code === code)
  assert.equal(line?.level, 'error')
  assert.match(String(line.fields.err), cause)
}

describe('a store', { concurrency: true }, () => {
  for (const [verb, requests] of Object.entries(requestsOf))
    for (const [kind, fault] of Object.entries(faults))
      test(`whose ${verb}() ${kind} makes its requests 503, and recovers without a restart`, async (t) => {
        const { app, failing, login } = await startFaulty(t)
        failing.set(verb as Verb, fault)
        const cause = kind === 'never answers' ? /no answer within 1 s/ : /ECONNREFUSED/
        const answers = await Promise.all(requests.map((request) => request(app, login)))
        for (const answer of answers) assertUnavailable(answer, app, 'STORE_UNAVAILABLE', cause)
        failing.clear()
        assert.equal((await app.me(mint())).status, 200)
        assert.equal((await app.login()).status, 200)
      })

  for (const [verb, requests] of Object.entries(requestsOf))
    test(`whose ${verb}() answers nonsense makes nobody another user`, async (t) => {
      const { app, failing, login } = await startFaulty(t)
      for (const answer of nonsense) {
        failing.set(verb as Verb, () => answer)
        for (const { status, text } of await Promise.all(requests.map((request) => request(app, login)))) {
          const what = `${String(answer)}: ${status} ${text}`
          // Whether a session was made, moved or removed is the store's word; whom findIdentity() does not find, signIn() may.
          const grants = !['signIn', 'findSession', 'linkIdentity'].includes(verb)
          assert.ok([401, 503, ...(grants ? [200, 201, 204] : [])].includes(status), what)
        }
      }
      for (const user of app.seen) assert.equal(user?.id, login.userId)
    })

  test('whose verbs of administration fail makes auth.users reject with the cause', async (t) => {
    const { app, failing, login } = await startFaulty(t)
    const { users } = app.auth
    const calls: [Verb, () => Promise<unknown>][] = [
      ['findUser', () => users.get(login.userId)],
      ['listUsers', () => users.list()],
      ['findIdentity', () => users.find({ subject: '24601' })],
      ['setIdentityBlocked', () => users.block({ subject: 'x' })],
      ['findIdentity', () => users.disable({ subject: 'x' })],
      ['linkIdentity', () => users.link(login.userId, { subject: 'linked' })],
      ['setUserDisabled', () => users.disable(login.userId)],
      ['setUserDisabled', () => users.enable(login.userId)],
      ['deleteUser', () => users.delete(login.userId)],
      ['revokeSessions', () => users.revokeSessions(login.userId)],
    ]
    await Promise.all(
      Object.values(faults).flatMap((fault) =>
        calls.map(async ([verb, call]) => {
          failing.set(verb, fault)
          await assert.rejects(call, (error) => {
            assert.ok(isAuthError(error))
            assert.equal(error.code, 'STORE_UNAVAILABLE')
            assert.ok(error.cause instanceof Error)
            return true
          })
        }),
      ),
    )
    failing.clear()
    assert.equal((await app.meBearer(login.access)).status, 200)
  })

  test('that cannot tidy up fails no login', async (t) => {
    const { app, failing } = await startFaulty(t)
    for (const fault of [faults.throws, faults.rejects]) {
      failing.set('removeExpiredSessions', fault as () => unknown)
      app.clock.advance(3600)
      assert.equal((await app.login(mint(claims({ exp: app.clock.now() + 60 })))).status, 200)
      await new Promise(setImmediate)
      const line = app.logger.lines.at(-1)
      assert.equal(line?.level, 'warn')
      assert.match(String(line.fields.err), /temporarily unavailable/)
      assert.match(String((line.fields.err as Error).cause), /ECONNREFUSED/)
    }
  })
})

describe('a loader of custom data', { concurrency: true }, () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const bad: Record<string, () => unknown> = {
    ...faults,
    'answers a string': () => 'nonsense',
    'answers a number': () => 1,
    'answers an array': () => [{ color: 'red' }],
    'answers a function': () => () => undefined,
    'answers what JSON cannot say': () => circular,
    'answers what JSON makes null': () => new Date(Number.NaN),
  }
  for (const [kind, customData] of Object.entries(bad))
    test(`that ${kind} makes the requests that need it 503`, async (t) => {
      let load: () => unknown = () => ({ color: 'red' })
      const app = await startApp(t, {
        timeoutSeconds: 1,
        customData: (() => load()) as () => object,
        cache: { users: false },
      })
      const { access_token: access, refresh_token: refresh } = await app.loggedIn()
      load = customData
      const answers = await Promise.all([
        app.me(mint()),
        app.login(),
        app.meBearer(access),
        app.bearer('GET', PROFILE, access),
        app.bearer('POST', SESSION, refresh),
        link(app, access),
      ])
      for (const answer of answers) assertUnavailable(answer, app, 'CUSTOM_DATA_UNAVAILABLE', /^/)
      load = () => ({ color: 'blue' })
      assert.deepEqual((await app.meBearer(access)).body.custom_data, { color: 'blue' })
    })

  test('may answer nothing, as databases do with null', async (t) => {
    for (const nothing of [undefined, null, {}, Promise.resolve(null)]) {
      const app = await startApp(t, { customData: () => nothing })
      const { access_token: access } = await app.loggedIn()
      assert.deepEqual((await app.meBearer(access)).body.custom_data, {})
    }
  })

  test("may answer a database's objects: requests and clients get their JSON", async (t) => {
    const objectId = { toJSON: () => '59fdd02846244cdae5369ebf' }
    const document = { _id: objectId, born: new Date(0), bytes: new Uint8Array([1, 2]), none: undefined }
    const app = await startApp(t, { customData: () => document })
    const { access_token: access } = await app.loggedIn()
    const expected = {
      _id: '59fdd02846244cdae5369ebf',
      born: '1970-01-01T00:00:00.000Z',
      bytes: { 0: 1, 1: 2 },
    }
    assert.deepEqual((await app.meBearer(access)).body.custom_data, expected)
    assert.deepEqual(app.seen[0]?.custom_data, expected)
    document.none = 1 as never
    assert.ok(!Object.isFrozen(document))
  })
})

describe('generateUserId', { concurrency: true }, () => {
  const bad: Record<string, () => unknown> = {
    ...faults,
    'answers nothing': () => undefined,
    'answers an id in upper case': () => 'ABCDEF'.repeat(4),
    'answers an id that is too short': () => 'abc',
    'answers a number': () => 1,
    'answers a promise of an id': () => Promise.resolve('ab'.repeat(12)),
  }
  for (const [kind, generateUserId] of Object.entries(bad))
    test(`that ${kind} makes no user`, async (t) => {
      // Good in the trial at start-up.
      const generate = ({ subject }: { subject: string }) =>
        subject === '0'.repeat(24) ? subject : (generateUserId() as string)
      const app = await startApp(t, { timeoutSeconds: 1, generateUserId: generate })
      for (const answer of [await app.me(mint()), await app.login()])
        assertUnavailable(answer, app, 'USER_ID_UNAVAILABLE', /ECONNREFUSED|24 lowercase hex/)
      assert.deepEqual((await app.auth.users.list()).users, [])
    })

  test('that answers the id of another user makes no user, and leaves the other alone', async (t) => {
    const app = await startApp(t, { generateUserId: () => 'ab'.repeat(12) })
    const { user_id: id } = await app.loggedIn()
    assert.equal(id, 'ab'.repeat(12))
    assertUnavailable(
      await app.login(mint(claims({ sub: 'other' }))),
      app,
      'STORE_UNAVAILABLE',
      /belongs to another/,
    )
    const { users } = await app.auth.users.list()
    assert.deepEqual(
      users.map(({ identities }) => identities[0]?.id),
      ['24601'],
    )
  })
})
