import assert from 'node:assert/strict'
import test, { describe, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryStore, type Store } from 'custom-jwt-auth'
import { DELETE_USER, LOGIN, PROFILE, SESSION, startApp, type Options, type TestApp } from '../support/app.js'
import type { JsonBody } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { payloadOf } from '../support/payload.js'
import { randomFrom } from '../support/random.js'
import { claims, mint, NOW, SESSION_SECRET } from '../support/tokens.js'
import { asyncStore, heldStore, wrapStore, type Verb } from '../support/wrapped-store.js'

const ROTATING = { signingKeys: [SESSION_SECRET], rotateRefreshTokens: true }

function refresh(app: TestApp, token: string) {
  return app.bearer('POST', SESSION, token)
}

async function assertDead(
  app: TestApp,
  login: { access_token: string; refresh_token: string },
): Promise<void> {
  for (const path of ['/api/me', PROFILE]) {
    assert.equal((await app.bearer('GET', path, login.access_token)).status, 401)
    assert.equal(app.lastCode(), 'SESSION_INVALID')
  }
  assert.equal((await refresh(app, login.refresh_token)).status, 401)
  assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
}

describe('refresh tokens that rotate', () => {
  test('are replaced by each refresh, while the session and its end stay', async (t) => {
    const app = await startApp(t, { session: ROTATING })
    const login = await app.loggedIn()
    const first = payloadOf(login.refresh_token)
    let token = login.refresh_token
    for (let round = 1; round <= 5; round += 1) {
      app.clock.advance(60)
      const { status, body } = await refresh(app, token)
      assert.equal(status, 201)
      assert.deepEqual(Object.keys(body), ['access_token', 'refresh_token'])
      assert.notEqual(body.refresh_token, token)
      const { iat, baas_generation: generation, ...rest } = payloadOf(body.refresh_token)
      assert.deepEqual({ ...rest, iat: first.iat }, first)
      assert.deepEqual([iat, generation], [NOW + 60 * round, round])
      assert.equal((await app.meBearer(body.access_token)).status, 200)
      token = body.refresh_token
    }
  })

  test('answer the old one for ten seconds more, with the current one', async (t) => {
    const app = await startApp(t, { session: ROTATING })
    const { refresh_token: old } = await app.loggedIn()
    const { refresh_token: current } = (await refresh(app, old)).body
    app.clock.advance(10)
    const again = await refresh(app, old)
    assert.equal(again.status, 201)
    assert.equal(payloadOf(again.body.refresh_token).baas_generation, payloadOf(current).baas_generation)
    // Either copy of the current one goes on.
    assert.equal((await refresh(app, again.body.refresh_token)).status, 201)
  })

  test('used again after that end the whole session, and no other', async (t) => {
    const app = await startApp(t, { session: ROTATING })
    const [stolen, other] = [await app.loggedIn(), await app.loggedIn()]
    const { body: current } = await refresh(app, stolen.refresh_token)
    assert.equal((await app.meBearer(current.access_token)).status, 200)
    app.clock.advance(10.001)
    const { status, body } = await refresh(app, stolen.refresh_token)
    assert.deepEqual([status, body.error], [401, 'invalid session: failed to find refresh token'])
    assert.equal(app.lastCode(), 'REFRESH_TOKEN_REUSED')
    await assertDead(app, current)
    await assertDead(app, stolen)
    assert.equal((await refresh(app, other.refresh_token)).status, 201)
    assert.equal((await app.meBearer(other.access_token)).status, 200)
  })

  test('used again after two rotations end the session also within the ten seconds', async (t) => {
    const app = await startApp(t, { session: ROTATING })
    const { refresh_token: first } = await app.loggedIn()
    const second = (await refresh(app, first)).body
    const third = (await refresh(app, second.refresh_token)).body
    assert.equal((await refresh(app, first)).status, 401)
    assert.equal(app.lastCode(), 'REFRESH_TOKEN_REUSED')
    await assertDead(app, third)
  })

  test('used again end the session also for a request that comes meanwhile', async (t) => {
    const { store, hold } = heldStore()
    const app = await startApp(t, { session: ROTATING, store })
    const stolen = await app.loggedIn()
    await refresh(app, stolen.refresh_token)
    app.clock.advance(11)
    const { asked, release } = hold('rotateSession', 'call')
    const reuse = refresh(app, stolen.refresh_token)
    await asked
    // The session is alive until the store has judged, and is remembered so.
    assert.equal((await app.meBearer(stolen.access_token)).status, 200)
    release()
    assert.equal((await reuse).status, 401)
    assert.equal((await app.meBearer(stolen.access_token)).status, 401)
  })

  test('of a session that is logged out meanwhile do not bring it back', async (t) => {
    const { store, hold } = heldStore()
    const app = await startApp(t, { session: ROTATING, store })
    const login = await app.loggedIn()
    const { asked, release } = hold('rotateSession', 'call')
    const late = refresh(app, login.refresh_token)
    await asked
    await app.auth.users.revokeSessions(login.user_id)
    release()
    assert.equal((await late).status, 401)
    assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
  })

  for (const [name, makeStore] of Object.entries({ memoryStore, asyncStore }))
    test(`rotate once in a hundred simultaneous refreshes, with ${name}()`, async (t) => {
      const app = await startApp(t, { session: ROTATING, store: makeStore() })
      const { refresh_token: token } = await app.loggedIn()
      const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(app, token)))
      const generations = answers.map(({ body }) => payloadOf(body.refresh_token).baas_generation)
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
      assert.deepEqual([...new Set(generations)], [1])
      app.clock.advance(11)
      assert.equal((await refresh(app, answers[99]?.body.refresh_token ?? '')).status, 201)
      assert.equal((await refresh(app, token)).status, 401)
      assert.equal(app.lastCode(), 'REFRESH_TOKEN_REUSED')
    })

  test('follow the rule in any order of refreshes and pauses', async (t) => {
    const random = randomFrom(7)
    const app = await startApp(t, { session: ROTATING })
    for (let run = 0; run < 12; run += 1) {
      const tokens = [(await app.loggedIn(mint(claims({ exp: app.clock.now() + 60 })))).refresh_token]
      let rotatedAt = Number.NEGATIVE_INFINITY
      let alive = true
      for (let step = 0; step < 12 && alive; step += 1) {
        app.clock.advance(Math.floor(random() * 4) * 3.5)
        const newest = tokens.length - 1
        const used = Math.max(0, newest - Math.floor(random() * random() * 3))
        const isGood = used === newest || (used === newest - 1 && app.clock.now() <= rotatedAt + 10)
        const { status, body } = await refresh(app, tokens[used] ?? '')
        assert.equal(status, isGood ? 201 : 401, `run ${run}, step ${step}`)
        if (used === newest) {
          tokens.push(body.refresh_token)
          rotatedAt = app.clock.now()
        }
        alive = isGood
      }
      if (!alive) assert.equal((await refresh(app, tokens.at(-1) ?? '')).status, 401, `run ${run}`)
    }
  })
})

/** What ends a user's ways in, and what is refused after it with which code. */
const endings: Record<
  string,
  {
    end: (app: TestApp, login: JsonBody) => Promise<unknown>
    token?: string
    session: string
    refresh: string
  }
> = {
  'a logout': {
    end: (app, { refresh_token: token }) => app.bearer('DELETE', SESSION, token),
    session: 'SESSION_INVALID',
    refresh: 'REFRESH_TOKEN_INVALID',
  },
  'auth.users.revokeSessions()': {
    end: (app, { user_id: id }) => app.auth.users.revokeSessions(id),
    session: 'SESSION_INVALID',
    refresh: 'REFRESH_TOKEN_INVALID',
  },
  'auth.users.disable()': {
    end: (app, { user_id: id }) => app.auth.users.disable(id),
    token: 'USER_DISABLED',
    session: 'USER_DISABLED',
    refresh: 'USER_DISABLED',
  },
  'auth.users.delete()': {
    end: (app, { user_id: id }) => app.auth.users.delete(id),
    token: 'USER_NOT_FOUND',
    session: 'SESSION_INVALID',
    refresh: 'REFRESH_TOKEN_INVALID',
  },
  'DELETE /auth/delete': {
    end: (app, { access_token: access }) => app.bearer('DELETE', DELETE_USER, access),
    token: 'USER_NOT_FOUND',
    session: 'SESSION_INVALID',
    refresh: 'REFRESH_TOKEN_INVALID',
  },
}

/** Asks on every path, and compares: `undefined` is success. */
async function assertPaths(app: TestApp, token: string, login: JsonBody, expected: (typeof endings)[string]) {
  const outcome = async (answer: Promise<{ status: number }>): Promise<string | undefined> => {
    const { status } = await answer
    return status < 300 ? undefined : `${status} ${app.lastCode()}`
  }
  const refusal = (code: string | undefined): string | undefined => code && `401 ${code}`
  assert.equal(await outcome(app.meBearer(login.access_token)), refusal(expected.session), 'bearer')
  assert.equal(await outcome(app.me(token)), refusal(expected.token), 'jwtTokenString')
  assert.equal(
    await outcome(app.bearer('GET', PROFILE, login.access_token)),
    refusal(expected.session),
    'profile',
  )
  assert.equal(await outcome(refresh(app, login.refresh_token)), refusal(expected.refresh), 'refresh')
  const deletion = app.bearer('DELETE', DELETE_USER, login.access_token)
  assert.equal(await outcome(deletion), refusal(expected.session), 'delete')
  const headers = { Authorization: `Bearer ${login.access_token}` }
  const body = { token: mint(claims({ sub: 'another' })) }
  const link = app.send(`${LOGIN}?link=true`, { method: 'POST', headers, body })
  assert.equal(await outcome(link), refusal(expected.session), 'link')
}

for (const [name, ending] of Object.entries(endings))
  test(`${name} takes effect on the next request, on every path`, async (t) => {
    for (const options of [
      {},
      { store: asyncStore() },
      { cache: { tokens: false, users: false } },
    ] satisfies Options[]) {
      const app = await startApp(t, { ...options, autoCreateUser: false })
      const token = mint()
      const login = await app.loggedIn(token)
      // Twice, so that every cache is warm.
      for (let round = 0; round < 2; round += 1) {
        assert.equal((await app.meBearer(login.access_token)).status, 200)
        assert.equal((await app.me(token)).status, 200)
      }
      await ending.end(app, login)
      await assertPaths(app, token, login, ending)
    }
  })

test('a disabled user who is enabled goes on where the user was', async (t) => {
  const app = await startApp(t, { metadataFields: [{ name: 'name' }] })
  const token = mint(claims({ name: 'Jean' }))
  const login = await app.loggedIn(token)
  assert.equal((await app.me(token)).status, 200)
  await app.auth.users.disable(login.user_id)
  const renamed = mint(claims({ name: 'Madeleine' }))
  for (const answer of [await app.me(token), await app.me(renamed), await app.login(renamed)])
    assert.equal(answer.status, 401)
  assert.deepEqual((await app.auth.users.get(login.user_id))?.data, { name: 'Jean' })

  await app.auth.users.enable(login.user_id)
  assert.equal((await app.meBearer(login.access_token)).status, 200)
  assert.equal((await refresh(app, login.refresh_token)).status, 201)
  // The token that was refused logs in now: its metadata counts.
  assert.deepEqual((await app.me(renamed)).body.data, { name: 'Madeleine' })
})

/** The lookup that a request makes, to be kept back while the user's ways in end. */
const lookups: Record<
  string,
  { verb: Verb; request: (app: TestApp, token: string, login: JsonBody) => Promise<unknown> }
> = {
  'a bearer token': {
    verb: 'findSession',
    request: (app, _token, login) => app.meBearer(login.access_token),
  },
  'a token seen before': { verb: 'findIdentity', request: (app, token) => app.me(token) },
  'a new token': { verb: 'signIn', request: (app) => app.me(mint(claims({ jti: 'new' }))) },
  'the profile': {
    verb: 'findSession',
    request: (app, _token, login) => app.bearer('GET', PROFILE, login.access_token),
  },
}

for (const [name, ending] of Object.entries(endings))
  for (const [which, { verb, request }] of Object.entries(lookups))
    test(`${name} is not undone by a slow store that is looking up ${which} meanwhile`, async (t) => {
      const { store, hold } = heldStore()
      const app = await startApp(t, { store, autoCreateUser: false })
      const token = mint()
      const login = await app.loggedIn(token)
      assert.equal((await app.me(token)).status, 200)
      // Empties the memory of users, so that the next request asks the store.
      app.clock.advance(31)
      const { asked, release } = hold(verb)
      const slow = request(app, token, login)
      await asked
      await ending.end(app, login)
      release()
      await slow
      await assertPaths(app, token, login, ending)
    })

test('a change that the store is slow to make is not undone by a request meanwhile', async (t) => {
  const { store, hold } = heldStore()
  const app = await startApp(t, { store })
  const token = mint()
  const login = await app.loggedIn(token)
  const change = hold('setUserDisabled', 'call')
  const disabling = app.auth.users.disable(login.user_id)
  await change.asked
  // Answered from the store before the change, and remembered.
  assert.equal((await app.me(token)).status, 200)
  assert.equal((await app.meBearer(login.access_token)).status, 200)
  // Asked before the change, answered after it.
  app.clock.advance(31)
  const lookup = hold('findSession')
  const slow = app.meBearer(login.access_token)
  await lookup.asked
  change.release()
  assert.equal(await disabling, true)
  lookup.release()
  await slow
  for (const answer of [await app.me(token), await app.meBearer(login.access_token)]) {
    assert.equal(answer.status, 401)
    assert.equal(app.lastCode(), 'USER_DISABLED')
  }
})

test('what another guard of this process changes in the same store is seen at once', async (t) => {
  const store = memoryStore()
  const [here, there] = [await startApp(t, { store }), await startApp(t, { store })]
  const login = await there.loggedIn()
  assert.equal((await here.meBearer(login.access_token)).status, 200)
  await there.auth.users.disable(login.user_id)
  assert.equal((await here.meBearer(login.access_token)).status, 401)
  assert.equal(here.lastCode(), 'USER_DISABLED')
})

describe('what another process changes', () => {
  async function twoProcesses(t: TestContext, options: Options = {}) {
    const shared = memoryStore()
    // Two stores on the same data, as two processes have them.
    const connect = (): Store => wrapStore((_verb, call) => call(), shared)
    const here = await startApp(t, { store: connect(), ...options })
    const there = await startApp(t, { store: connect() })
    const login = await there.loggedIn()
    assert.equal((await here.meBearer(login.access_token)).status, 200)
    return { here, there, login }
  }

  test('is seen when the memory of users has passed, and by a refresh at once', async (t) => {
    const { here, there, login } = await twoProcesses(t)
    await there.auth.users.revokeSessions(login.user_id)
    here.clock.advance(29.999)
    assert.equal((await here.meBearer(login.access_token)).status, 200)
    assert.equal((await refresh(here, login.refresh_token)).status, 401)
    here.clock.advance(0.001)
    assert.equal((await here.meBearer(login.access_token)).status, 401)
  })

  for (const [name, options] of Object.entries({
    checkRevocation: { session: { signingKeys: [SESSION_SECRET], checkRevocation: true } },
    'cache.users false': { cache: { users: false } },
  } satisfies Record<string, Options>))
    test(`is seen at once with ${name}`, async (t) => {
      for (const [change, code] of [
        [(app: TestApp, { user_id: id }: JsonBody) => app.auth.users.revokeSessions(id), 'SESSION_INVALID'],
        [(app: TestApp, { user_id: id }: JsonBody) => app.auth.users.disable(id), 'USER_DISABLED'],
        [(app: TestApp, { user_id: id }: JsonBody) => app.auth.users.delete(id), 'SESSION_INVALID'],
        [
          (app: TestApp, { refresh_token: token }: JsonBody) => app.bearer('DELETE', SESSION, token),
          'SESSION_INVALID',
        ],
      ] as const) {
        const { here, there, login } = await twoProcesses(t, options)
        await change(there, login)
        assert.equal((await here.meBearer(login.access_token)).status, 401)
        assert.equal(here.lastCode(), code)
      }
    })
})

test('one user has at most a hundred sessions: one more ends the oldest', async (t) => {
  const app = await startApp(t)
  const logins: JsonBody[] = []
  for (let count = 0; count < 101; count += 1) logins.push(await app.loggedIn())
  const [first, second] = logins
  assert.equal((await refresh(app, first?.refresh_token ?? '')).status, 401)
  assert.equal((await refresh(app, second?.refresh_token ?? '')).status, 201)
  assert.equal(await app.auth.users.revokeSessions(first?.user_id ?? ''), 100)
})

test('expired sessions are removed beside a login: for as long as there are more, and once an hour', async (t) => {
  const asked: unknown[] = []
  const removeExpiredSessions = (request: unknown) => asked.push(request) < 3
  const store = { ...memoryStore(), removeExpiredSessions }
  const app = await startApp(t, { store })
  await app.loggedIn()
  await eventually(() => asked.length === 3)
  assert.deepEqual(asked[2], { now: NOW, limit: 20 })
  for (const [seconds, total] of [
    [3599, 3],
    [1, 4],
    [3600, 5],
  ] as const) {
    app.clock.advance(seconds)
    await app.loggedIn(mint(claims({ exp: NOW + 9000 })))
    assert.equal(asked.length, total)
  }
})

test('expired sessions are not removed twice at once, however long it takes', async (t) => {
  let calls = 0
  let end = (): void => undefined
  const held = new Promise<boolean>((resolve) => (end = () => resolve(false)))
  const store = wrapStore((verb, call) => (verb === 'removeExpiredSessions' ? ((calls += 1), held) : call()))
  const app = await startApp(t, { store })
  const logIn = () => app.loggedIn(mint(claims({ exp: app.clock.now() + 60 })))
  await logIn()
  app.clock.advance(3600)
  await logIn()
  assert.equal(calls, 1)
  end()
  await eventually(async () => (await logIn(), calls === 2))
})

test('the removal of expired sessions leaves the process to others, and ends with the guard', async (t) => {
  let calls = 0
  const app = await startApp(t, { store: { ...memoryStore(), removeExpiredSessions: () => ++calls > 0 } })
  await app.loggedIn()
  assert.ok(calls < 10_000, 'it came before the answer')
  await eventually(() => calls > 1)
  await app.auth.close()
  const made = calls
  await sleep(60)
  assert.equal(calls, made)
})

test('a user who is deleted in the middle of a link gets no identity', async (t) => {
  const { store, hold } = heldStore()
  const app = await startApp(t, { store })
  const { user_id: id, access_token: access } = await app.loggedIn()
  const { asked, release } = hold('linkIdentity', 'call')
  const link = app.send(`${LOGIN}?link=true`, {
    ...{ method: 'POST', headers: { Authorization: `Bearer ${access}` } },
    body: { token: mint(claims({ sub: 'another' })) },
  })
  await asked
  await app.auth.users.delete(id)
  release()
  assert.equal((await link).status, 401)
  assert.equal(app.lastCode(), 'SESSION_INVALID')
})

test('a session that ends just before its link is a dead one', async (t) => {
  let asked = 0
  const store = wrapStore((verb, call) => (verb === 'findSession' && ++asked === 2 ? undefined : call()))
  const app = await startApp(t, { store })
  const { access_token: access } = await app.loggedIn()
  const link = await app.send(`${LOGIN}?link=true`, {
    ...{ method: 'POST', headers: { Authorization: `Bearer ${access}` } },
    body: { token: mint(claims({ sub: 'another' })) },
  })
  assert.deepEqual([link.status, app.lastCode(), asked], [401, 'SESSION_INVALID', 2])
})

test('a user who is deleted in the middle of a login gets no session', async (t) => {
  const { store, hold } = heldStore()
  const app = await startApp(t, { store })
  const { user_id: id } = await app.loggedIn()
  const { asked, release } = hold('signIn')
  const login = app.login()
  await asked
  await app.auth.users.delete(id)
  release()
  assert.equal((await login).status, 401)
  assert.equal(app.lastCode(), 'USER_NOT_FOUND')
  assert.deepEqual((await app.auth.users.list()).users, [])
})
