import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Agent } from 'node:http'
import test, { describe, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { memoryStore, type Store, type User, type UserCreationHook } from 'custom-jwt-auth'
import { startApp, type Options } from '../support/app.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET } from '../support/tokens.js'
import { asyncStore, countingStore, heldStore, wrapStore } from '../support/wrapped-store.js'

const metadataFields = [{ name: 'name' }]

/** The events of created users while a test runs. */
function createdUsers(t: TestContext): unknown[] {
  const events: unknown[] = []
  const note = (event: unknown): void => void events.push(event)
  subscribe('custom-jwt-auth:user-created', note)
  t.after(() => unsubscribe('custom-jwt-auth:user-created', note))
  return events
}

describe('simultaneous first requests of one new subject make one user', () => {
  const slowHook = async (): Promise<void> => {
    await setTimeout(100)
  }
  const cases: Record<string, { count: number; store?: () => Store; hook?: UserCreationHook }> = {
    '1,000 with an asynchronous hook and store': { count: 1000, store: asyncStore, hook: slowHook },
    '100 without a hook': { count: 100 },
    '100 without a hook, with an asynchronous store': { count: 100, store: asyncStore },
    '100 with a hook': { count: 100, hook: () => undefined },
    '100 with an asynchronous hook': { count: 100, hook: slowHook },
  }
  for (const [name, { count, store, hook }] of Object.entries(cases))
    test(`${name}, from two tokens`, async (t) => {
      const hookCalls: User[] = []
      const app = await startApp(t, {
        metadataFields,
        ...(store && { store: store() }),
        ...(hook && {
          autoCreateUser: (user, context) => {
            hookCalls.push(user)
            return hook(user, context)
          },
        }),
      })
      const created = createdUsers(t)
      const tokens = [mint(claims({ name: 'Jean', jti: '1' })), mint(claims({ name: 'Jean', jti: '2' }))]
      // On 250 connections, so that the usual limit of 1,024 open files suffices.
      const agent = new Agent({ keepAlive: true, maxSockets: 250 })
      t.after(() => {
        agent.destroy()
      })
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          app.send('/api/me', { agent, headers: { jwtTokenString: tokens[index % 2] ?? '' } }),
        ),
      )
      const { users } = await app.auth.users.list()
      assert.equal(users.length, 1)
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
      assert.deepEqual([...new Set(answers.map(({ body }) => body.id))], [users[0]?.id])
      assert.deepEqual(created, [{ userId: users[0]?.id }])
      assert.equal(hookCalls.length, hook ? 1 : 0)
      if (hook) assert.equal(hookCalls[0]?.id, users[0]?.id)
    })
})

describe('the creation hook', () => {
  test('gets the complete, frozen user and the claims before anything is stored', async (t) => {
    const seen: unknown[][] = []
    const app = await startApp(t, {
      metadataFields,
      autoCreateUser: async (user, context) => {
        seen.push([user, context.claims, (await app.auth.users.list()).users])
        assert.ok(
          [user, user.data, user.custom_data, user.identities, user.identities[0]].every(Object.isFrozen),
        )
        assert.ok(Object.isFrozen(context.claims))
      },
    })
    const token = mint(claims({ name: 'Jean', role: 'mayor' }))
    const { body } = await app.me(token)
    const user = {
      id: body.id,
      type: 'normal',
      data: { name: 'Jean' },
      custom_data: {},
      identities: [{ id: '24601', provider_type: 'custom-token', data: { name: 'Jean' } }],
    }
    assert.deepEqual(seen, [[user, claims({ name: 'Jean', role: 'mayor' }), []]])
    assert.deepEqual(body, user)
    assert.match(String(body.id), /^[0-9a-f]{24}$/)
    // And never again for this user.
    await app.me(token)
    await app.me(mint(claims({ name: 'Madeleine' })))
    await app.login()
    assert.equal(seen.length, 1)
  })

  test('runs at a login as well, and means that endpoints create', async (t) => {
    for (const way of ['login', 'me'] as const) {
      const subjects: unknown[] = []
      const app = await startApp(t, { autoCreateUser: (user) => void subjects.push(user.identities[0]?.id) })
      assert.equal((await app[way](mint())).status, 200)
      assert.deepEqual(subjects, ['24601'])
    }
  })

  test('does not run for a token that is refused', async (t) => {
    let calls = 0
    const app = await startApp(t, { autoCreateUser: () => void (calls += 1) })
    for (const token of ['junk', mint(claims({ exp: NOW })), mint(claims(), { key: OTHER_SECRET })]) {
      await app.me(token)
      await app.login(token)
    }
    assert.equal(calls, 0)
  })

  for (const [name, refuse] of Object.entries({
    'throws at once': () => {
      throw new Error('not on the list at 10.0.0.7')
    },
    rejects: () => Promise.reject(new Error('not on the list at 10.0.0.7')),
    'rejects with a status below 500': () => Promise.reject(Object.assign(new Error('no'), { status: 403 })),
  }))
    test(`that ${name} refuses the user, and nothing is stored`, async (t) => {
      let isAllowed = false
      const { store, calls } = countingStore()
      const app = await startApp(t, {
        store,
        autoCreateUser: () => (isAllowed ? undefined : refuse()),
      })
      const created = createdUsers(t)
      for (const answer of [await app.me(mint()), await app.login(), await app.me(mint())]) {
        assert.equal(answer.status, 401)
        assert.equal(app.lastCode(), 'USER_CREATION_REFUSED')
        assert.deepEqual(answer.body, {
          error: 'user creation was refused',
          error_code: 'AuthError',
          link: '',
        })
      }
      assert.deepEqual((await app.auth.users.list()).users, [])
      assert.ok(!calls.includes('createSession'))
      assert.equal(created.length, 0)
      // The refusal is not remembered.
      isAllowed = true
      assert.equal((await app.me(mint())).status, 200)
      assert.equal((await app.auth.users.list()).users.length, 1)
    })

  test('that refuses refuses all simultaneous requests of the subject', async (t) => {
    const app = await startApp(t, {
      autoCreateUser: async () => {
        await setTimeout(50)
        throw new Error('no')
      },
    })
    const answers = await Promise.all(Array.from({ length: 50 }, () => app.me(mint())))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [401])
    assert.deepEqual((await app.auth.users.list()).users, [])
  })

  test('that fails with a status of 500 or more makes a 503 with the cause in the log', async (t) => {
    for (const status of [500, 503, 599]) {
      const cause = Object.assign(new Error('10.0.0.7 is down'), { status })
      const app = await startApp(t, { autoCreateUser: () => Promise.reject(cause) })
      for (const answer of [await app.me(mint()), await app.login()]) {
        assert.equal(answer.status, 503)
        assert.equal(app.lastCode(), 'HOOK_UNAVAILABLE')
        const { err } = app.logger.lines.at(-1)?.fields ?? {}
        assert.equal((err as Error & { cause: unknown }).cause ?? err, cause)
      }
      assert.deepEqual((await app.auth.users.list()).users, [])
    }
  })

  test('that does not answer in time makes a 503, and its late consent stores nothing', async (t) => {
    let consent = (): void => undefined
    const late = new Promise<void>((resolve) => (consent = resolve))
    let hook = () => late
    const app = await startApp(t, { timeoutSeconds: 1, autoCreateUser: () => hook() })
    const answers = await Promise.all([app.me(mint()), app.login(), app.me(mint(claims({ jti: '2' })))])
    for (const { status } of answers) assert.equal(status, 503)
    assert.equal(app.lastCode(), 'HOOK_UNAVAILABLE')
    consent()
    await setTimeout(20)
    assert.deepEqual((await app.auth.users.list()).users, [])
    // The next request asks again.
    hook = () => Promise.resolve()
    assert.equal((await app.me(mint())).status, 200)
  })
})

describe('a token on an endpoint', () => {
  test('is a login at its first use, and shows its own metadata whatever other tokens say', async (t) => {
    const app = await startApp(t, { metadataFields })
    const [jean, madeleine] = [mint(claims({ name: 'Jean' })), mint(claims({ name: 'Madeleine' }))]
    assert.deepEqual((await app.me(jean)).body.data, { name: 'Jean' })
    app.clock.advance(60)
    assert.deepEqual((await app.me(madeleine)).body.data, { name: 'Madeleine' })
    const { users } = await app.auth.users.list()
    assert.deepEqual(
      users.map(({ creation_date, last_authentication_date }) => [creation_date, last_authentication_date]),
      [[NOW, NOW + 60]],
    )
    // A token seen before finds the user, and does not bring its old metadata back into the store.
    assert.deepEqual((await app.me(jean)).body.data, { name: 'Jean' })
    app.clock.advance(60)
    assert.deepEqual((await app.me(jean)).body.data, { name: 'Jean' })
    const [stored] = (await app.auth.users.list()).users
    assert.deepEqual(stored?.data, { name: 'Madeleine' })
    assert.equal(stored.last_authentication_date, NOW + 60)
  })

  const undated = { jean: { name: 'Jean', iat: undefined }, madeleine: { name: 'Madeleine', iat: undefined } }
  for (const [since, logins, newest] of [
    ['its iat', [{ name: 'Jean', iat: NOW - 50 }, { name: 'Madeleine' }], 'Jean'],
    ['its first use when it has no iat', [undated.jean, undated.madeleine, undated.jean], 'Madeleine'],
  ] as const)
    test(`counts from ${since}`, async (t) => {
      const app = await startApp(t, { metadataFields })
      for (const login of logins) {
        await app.loggedIn(mint(claims(login)))
        app.clock.advance(10)
      }
      assert.deepEqual((await app.auth.users.list()).users[0]?.data, { name: newest })
    })

  test('begins no session', async (t) => {
    const app = await startApp(t)
    const { id } = (await app.me(mint())).body
    assert.equal(await app.auth.users.revokeSessions(String(id)), 0)
    await app.loggedIn()
    assert.equal(await app.auth.users.revokeSessions(String(id)), 1)
  })

  test('makes no user unless the options say so, and finds the one that a login made', async (t) => {
    const app = await startApp(t, { autoCreateUser: false })
    assert.equal((await app.me(mint())).status, 401)
    assert.equal(app.lastCode(), 'USER_NOT_FOUND')
    const { user_id: id } = await app.loggedIn()
    assert.equal((await app.me(mint())).body.id, id)
    await app.auth.users.delete(id)
    assert.equal((await app.me(mint())).status, 401)
    assert.equal(app.lastCode(), 'USER_NOT_FOUND')
  })

  test('makes the user again when the user was deleted', async (t) => {
    const app = await startApp(t)
    const id = String((await app.me(mint())).body.id)
    await app.auth.users.delete(id)
    app.clock.advance(10)
    assert.equal((await app.me(mint())).status, 200)
    assert.equal((await app.auth.users.list()).users[0]?.creation_date, NOW + 10)
  })

  test('never finds the user of another subject, however alike the two are', async (t) => {
    const app = await startApp(t)
    const subjects = [
      'a',
      'A',
      'a ',
      ' a',
      'a\0',
      'á',
      'a\u0301',
      '__proto__',
      'constructor',
      '["a"]',
      '1',
      '01',
      'users/1',
    ]
    const ids = new Set<unknown>()
    for (const sub of subjects) {
      const { body } = await app.me(mint(claims({ sub })))
      assert.equal((body as unknown as User).identities[0]?.id, sub)
      ids.add(body.id)
    }
    assert.equal(ids.size, subjects.length)
  })
})

describe('the id of a new user', () => {
  test('follows from app, provider and subject, so that every machine makes the same', async (t) => {
    const idOf = async (options: Options, sub: string): Promise<unknown> =>
      (await (await startApp(t, options)).me(mint(claims({ sub })))).body.id
    const other = { appId: 'other-fghij', audience: APP_ID }
    const [one, again, subject, app] = [
      await idOf({}, 'x'),
      await idOf({}, 'x'),
      await idOf({}, 'y'),
      await idOf(other, 'x'),
    ]
    assert.equal(one, again)
    // Of an earlier version, too.
    assert.equal(await idOf({}, '24601'), '2143a2b30a8a86e8432eea86')
    assert.equal(new Set([one, subject, app]).size, 3)
  })

  test('is what generateUserId says, who is told of whom', async (t) => {
    const asked: unknown[] = []
    const app = await startApp(t, {
      generateUserId: (identity) => {
        asked.push(identity)
        return 'ab'.repeat(12)
      },
    })
    assert.equal((await app.me(mint())).body.id, 'ab'.repeat(12))
    assert.deepEqual(asked.slice(1), [{ appId: APP_ID, provider: undefined, subject: '24601' }])
  })

  test('is the same for the hook and for the store, also when generateUserId never repeats one', async (t) => {
    let count = 0
    const told: string[] = []
    const app = await startApp(t, {
      generateUserId: () => String((count += 1)).padStart(24, '0'),
      autoCreateUser: ({ id }) => void told.push(id),
    })
    const { id } = (await app.me(mint())).body
    assert.deepEqual(told, [id])
    assert.equal((await app.auth.users.list()).users[0]?.id, id)
  })

  for (const [when, open] of Object.entries({ 'at once': memoryStore, later: asyncStore }))
    for (const hasHook of [false, true])
      test(`is another one when it is taken, but not in place of the app's: a store that answers ${when}, ${hasHook ? 'a' : 'no'} hook`, async (t) => {
        const told: string[] = []
        const autoCreateUser: Options['autoCreateUser'] = hasHook ? ({ id }) => void told.push(id) : true
        const app = await startApp(t, { store: open(), autoCreateUser })
        const first = String((await app.me(mint())).body.id)
        await app.auth.users.link(first, { subject: 'Cosette' })
        await app.auth.users.unlink(first, { subject: '24601' })
        const { status, body } = await app.me(mint())
        assert.equal(status, 200)
        assert.notEqual(body.id, first)
        assert.deepEqual(told, hasHook ? ['2143a2b30a8a86e8432eea86', body.id] : [])

        const theirs = { generateUserId: () => 'ab'.repeat(12), store: open(), autoCreateUser }
        const other = await startApp(t, theirs)
        assert.equal((await other.me(mint())).body.id, 'ab'.repeat(12))
        assert.equal((await other.me(mint(claims({ sub: 'Cosette' })))).status, 503)
        assert.equal(other.lastCode(), 'STORE_UNAVAILABLE')
      })
})

test('a store that fails once makes a 503 with what it threw in the log, and no other id', async (t) => {
  for (const thrown of [new Error('deadlock detected'), null, undefined]) {
    const faults = [thrown]
    const store = wrapStore((verb, call) => {
      if (verb !== 'signIn' || faults.length === 0) return call()
      return Promise.reject(faults.pop() as Error)
    })
    const app = await startApp(t, { store })
    assert.equal((await app.me(mint())).status, 503)
    const { code, err } = app.logger.lines.at(-1)?.fields ?? {}
    assert.equal(code, 'STORE_UNAVAILABLE')
    assert.equal(err, thrown)
    assert.equal((await app.me(mint())).body.id, '2143a2b30a8a86e8432eea86')
  }
})

test('while nobody knows whether an id is free, the hook is not asked', async (t) => {
  const store = wrapStore((verb, call) => (verb === 'findUser' ? Promise.reject(new Error('down')) : call()))
  const app = await startApp(t, { store, autoCreateUser: () => assert.fail() })
  assert.equal((await app.me(mint())).status, 503)
  assert.equal(app.lastCode(), 'STORE_UNAVAILABLE')
})

test('a request that waited for the hook of another finds nobody when the user is deleted at that moment', async (t) => {
  const memory = memoryStore()
  let consent = (): void => undefined
  const consented = new Promise<void>((resolve) => (consent = resolve))
  let signIns = 0
  const store = wrapStore((verb, call) => {
    const answer = call() as { user: User; created: boolean } | undefined
    if (verb === 'signIn' && (signIns += 1) === 2) consent()
    if (verb === 'signIn' && answer?.created) void memory.deleteUser(answer.user.id)
    return answer
  }, memory)
  const app = await startApp(t, { store, autoCreateUser: () => consented })
  const answers = await Promise.all([app.me(mint()), app.me(mint())])
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401])
  assert.equal(app.lastCode(), 'USER_NOT_FOUND')
})

test('a user whom another machine makes while the hook runs is that user, once', async (t) => {
  const { store, hold } = heldStore()
  const app = await startApp(t, { store, autoCreateUser: () => undefined })
  const elsewhere = await startApp(t, { store, autoCreateUser: true })
  const created = createdUsers(t)
  const { asked, release } = hold('signIn')
  const slow = app.me(mint())
  await asked
  const { id } = (await elsewhere.me(mint(claims({ jti: '2' })))).body
  release()
  assert.equal((await slow).body.id, id)
  assert.equal(created.length, 1)
})
