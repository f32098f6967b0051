// How often the store is asked, and what is remembered in between.
import assert from 'node:assert/strict'
import test from 'node:test'
import { customJwtAuth, memoryStore } from 'custom-jwt-auth'
import { PROFILE, SESSION, startApp, type Options } from '../support/app.js'
import { assertFreed, memoryInUse } from '../support/heap.js'
import { APP_ID, claims, mint, NOW, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { countingStore, heldStore, wrapStore } from '../support/wrapped-store.js'

const IDENTITY = { id: '24601', provider_type: 'custom-token', data: {} }
const TERMS = { issuedAt: NOW, maxIdentities: 20 }

/** An app whose store counts; `asked` says which verbs a request asked for. */
async function startCounting(t: Parameters<typeof startApp>[0], options: Options = {}) {
  const { store, calls } = countingStore()
  const app = await startApp(t, { store, ...options })
  const asked = async (request: () => Promise<{ status: number }>, status = 200): Promise<string[]> => {
    calls.length = 0
    assert.equal((await request()).status, status)
    return [...calls]
  }
  return { app, asked }
}

test('a first token asks the store once, and the next request not at all', async (t) => {
  const { app, asked } = await startCounting(t)
  const [token, other] = [mint(), mint(claims({ jti: '2' }))]
  assert.deepEqual(await asked(() => app.me(token)), ['signIn'])
  for (let count = 0; count < 5; count += 1) assert.deepEqual(await asked(() => app.me(token)), [])
  assert.equal(new Set(app.seen).size, 1, 'it is the same object each time')
  // A second token of the same user is a login too.
  assert.deepEqual(await asked(() => app.me(other)), ['signIn'])
  for (const each of [token, other, token]) assert.deepEqual(await asked(() => app.me(each)), [])
})

for (const isAsync of [false, true])
  test(`of a new user, a store that answers ${isAsync ? 'later' : 'at once'} is asked as seldom as can be`, async (t) => {
    const counts = { signIn: 0, ids: 0 }
    const app = await startApp(t, {
      store: wrapStore((_verb, call) => {
        counts.signIn += 1
        return isAsync ? Promise.resolve().then(call) : call()
      }),
      generateUserId: () => String((counts.ids += 1)).padStart(24, '0'),
    })
    const asked = async (sub: string, jti: string) => {
      const before = { ...counts }
      assert.equal((await app.me(mint(claims({ sub, jti })))).status, 200)
      return [counts.signIn - before.signIn, counts.ids - before.ids]
    }
    assert.deepEqual(await asked('Jean', '1'), [1, 1])
    // An id is made only for a new user.
    assert.deepEqual(await asked('Jean', '2'), [1, 0])
    assert.deepEqual(await asked('Cosette', '3'), [1, 1])
  })

test('a bearer token asks the store once, and the next request not at all', async (t) => {
  const { app, asked } = await startCounting(t)
  const { access_token: access } = await app.loggedIn()
  assert.deepEqual(await asked(() => app.meBearer(access)), ['findSession'])
  for (let count = 0; count < 5; count += 1) assert.deepEqual(await asked(() => app.meBearer(access)), [])
  assert.deepEqual(await asked(() => app.bearer('GET', PROFILE, access)), [])
})

test('what is remembered is asked for again after 30 seconds, or the time of the option', async (t) => {
  for (const [cache, ttlSeconds] of [
    [{}, 30],
    [{ users: { ttlSeconds: 5 } }, 5],
  ] as const) {
    const { app, asked } = await startCounting(t, { cache })
    const token = mint()
    const { access_token: access } = await app.loggedIn(token)
    assert.deepEqual(await asked(() => app.meBearer(access)), ['findSession'])
    app.clock.advance(ttlSeconds - 0.001)
    assert.deepEqual(await asked(() => app.meBearer(access)), [])
    // A hit does not make the memory last longer.
    app.clock.advance(0.001)
    assert.deepEqual(await asked(() => app.meBearer(access)), ['findSession'])
    // The session does not say whether the token's identity is blocked.
    for (const wanted of [['findIdentity'], []]) assert.deepEqual(await asked(() => app.me(token)), wanted)
    app.clock.advance(ttlSeconds)
    assert.deepEqual(await asked(() => app.me(token)), ['findIdentity'])
  }
})

test('two sessions of one user, and a token beside them, do not push each other out', async (t) => {
  const { app, asked } = await startCounting(t)
  const token = mint()
  const [one, two] = [await app.loggedIn(token), await app.loggedIn(token)]
  const requests = [
    () => app.meBearer(one.access_token),
    () => app.meBearer(two.access_token),
    () => app.me(token),
  ]
  const first: string[][] = []
  for (const request of requests) first.push(await asked(request))
  assert.deepEqual(first, [['findSession'], ['findSession'], ['findIdentity']])
  for (let round = 0; round < 3; round += 1)
    for (const request of requests) assert.deepEqual(await asked(request), [])
})

test('a second session of a remembered user does not make the memory of the first last longer', async (t) => {
  const { app, asked } = await startCounting(t)
  const [one, two] = [await app.loggedIn(), await app.loggedIn()]
  assert.deepEqual(await asked(() => app.meBearer(one.access_token)), ['findSession'])
  app.clock.advance(20)
  assert.deepEqual(await asked(() => app.meBearer(two.access_token)), ['findSession'])
  app.clock.advance(10)
  assert.deepEqual(await asked(() => app.meBearer(one.access_token)), ['findSession'])
})

test('of one user a hundred sessions are remembered: the next one begins anew', async (t) => {
  const session = { signingKeys: [SESSION_SECRET], maxPerUser: 200 }
  const { app, asked } = await startCounting(t, { session })
  const tokens: string[] = []
  for (let count = 0; count < 101; count += 1) tokens.push((await app.loggedIn()).access_token)
  const [first = '', last = ''] = [tokens[0], tokens.at(-1)]
  for (const token of tokens) assert.deepEqual(await asked(() => app.meBearer(token)), ['findSession'])
  for (const [token, wanted] of [[last, []] as const, [first, ['findSession']] as const])
    assert.deepEqual(await asked(() => app.meBearer(token)), wanted)
})

test('many users are remembered beside each other, as many as the option says', async (t) => {
  const { app, asked } = await startCounting(t, { cache: { users: { max: 2 } } })
  const tokens = ['a', 'b', 'c'].map((sub) => mint(claims({ sub })))
  for (const token of tokens) await app.me(token)
  const [a = '', b = '', c = ''] = tokens
  assert.deepEqual(await asked(() => app.me(c)), [])
  assert.deepEqual(await asked(() => app.me(b)), [])
  // The oldest had to go, and comes back in the place of the next one.
  assert.deepEqual(await asked(() => app.me(a)), ['findIdentity'])
  assert.deepEqual(await asked(() => app.me(a)), [])
  assert.deepEqual(await asked(() => app.me(c)), [])
  assert.deepEqual(await asked(() => app.me(b)), ['findIdentity'])
})

test('without the memory of users every request asks the store', async (t) => {
  const { app, asked } = await startCounting(t, { cache: { users: false } })
  const token = mint()
  const { access_token: access } = await app.loggedIn(token)
  for (let count = 0; count < 3; count += 1) {
    assert.deepEqual(await asked(() => app.meBearer(access)), ['findSession'])
    assert.deepEqual(await asked(() => app.bearer('GET', PROFILE, access)), ['findSession'])
    assert.deepEqual((await asked(() => app.me(token))).length, 1)
  }
})

test('without any memory every request verifies its token and asks the store', async (t) => {
  const { app, asked } = await startCounting(t, { cache: { users: false, tokens: false } })
  const { access_token: access } = await app.loggedIn()
  for (let count = 0; count < 3; count += 1) {
    assert.deepEqual(await asked(() => app.meBearer(access)), ['findSession'])
    assert.deepEqual(await asked(() => app.me(mint())), ['signIn'])
  }
})

test('with checkRevocation every bearer request asks the store, and third-party tokens are remembered still', async (t) => {
  const session = { signingKeys: [SESSION_SECRET], checkRevocation: true }
  const { app, asked } = await startCounting(t, { session })
  const token = mint()
  const { access_token: access } = await app.loggedIn(token)
  for (let count = 0; count < 3; count += 1)
    assert.deepEqual(await asked(() => app.meBearer(access)), ['findSession'])
  for (const wanted of [['findIdentity'], []]) assert.deepEqual(await asked(() => app.me(token)), wanted)
})

test('a creation hook costs two more questions, and only when there is no user', async (t) => {
  const { app, asked } = await startCounting(t, { autoCreateUser: () => undefined })
  // The second: the hook sees the id that the user gets, so it has to be free.
  assert.deepEqual(await asked(() => app.me(mint())), ['signIn', 'findUser', 'signIn'])
  assert.deepEqual(await asked(() => app.me(mint(claims({ jti: '2' })))), ['signIn'])
})

test('a login asks once for the user and once for the session, and tidies up once an hour', async (t) => {
  const { app, asked } = await startCounting(t)
  const logIn = (): ReturnType<typeof app.login> => app.login(mint(claims({ exp: app.clock.now() + 60 })))
  assert.deepEqual(await asked(logIn), ['signIn', 'removeExpiredSessions', 'createSession'])
  assert.deepEqual(await asked(logIn), ['signIn', 'createSession'])
  app.clock.advance(3600)
  assert.deepEqual(await asked(logIn), ['signIn', 'removeExpiredSessions', 'createSession'])
})

test('the custom data is loaded once per memory, anew after it, and after each login and refresh', async (t) => {
  const loads: string[] = []
  const { app, asked } = await startCounting(t, {
    customData: (id) => {
      loads.push(id)
      return { loads: loads.length }
    },
  })
  const token = mint()
  const { access_token: access, refresh_token: refresh, user_id: id } = await app.loggedIn(token)
  assert.deepEqual(loads.splice(0), [id])
  for (let count = 0; count < 3; count += 1) {
    await asked(() => app.meBearer(access))
    await asked(() => app.me(token))
  }
  assert.deepEqual(loads.splice(0), [id])
  app.clock.advance(30)
  await asked(() => app.me(token))
  assert.deepEqual(loads.splice(0), [id])
  await app.bearer('POST', SESSION, refresh)
  await asked(() => app.me(token))
  assert.deepEqual(loads.splice(0), [id, id])
})

test('requests of many sessions at once, while the custom data is loaded, are all remembered', async (t) => {
  const { app, asked } = await startCounting(t, {
    customData: () => new Promise((resolve) => setTimeout(resolve, 20, {})),
  })
  const logins = await Promise.all(Array.from({ length: 10 }, () => app.loggedIn()))
  const tokens = logins.map(({ access_token }) => access_token)
  const all = async () => {
    const answers = await Promise.all(tokens.map((token) => app.meBearer(token)))
    return { status: Math.max(...answers.map(({ status }) => status)) }
  }
  assert.equal((await asked(all)).length, 10)
  assert.deepEqual(await asked(all), [])
})

test('a later answer that differs is remembered in place of the earlier one', async (t) => {
  const store = memoryStore()
  const asked: string[] = []
  const counted = wrapStore((verb, call) => {
    asked.push(verb)
    return call()
  }, store)
  const app = await startApp(t, { store: counted })
  const [one, two] = [await app.loggedIn(), await app.loggedIn()]
  assert.equal((await app.meBearer(one.access_token)).status, 200)
  // As another process does.
  await store.linkIdentity(one.user_id, { ...IDENTITY, id: 'second' }, TERMS)
  assert.equal((await app.meBearer(two.access_token)).status, 200)
  asked.length = 0
  for (const { access_token: access } of [one, two])
    assert.equal(((await app.meBearer(access)).body.identities as unknown[]).length, 2)
  assert.deepEqual(asked, [])
})

for (const stale of [0, 1])
  for (const next of [0, 1])
    test(`of two answers at once that differ, neither is remembered: ${stale} is old, ${next} comes next`, async (t) => {
      const { store, hold } = heldStore()
      const app = await startApp(t, { store })
      const logins = [await app.loggedIn(), await app.loggedIn()]
      const id = logins[0]?.user_id ?? ''
      const ask = async (index: number) =>
        ((await app.meBearer(logins[index]?.access_token ?? '')).body.identities as unknown[]).length
      // As another process does.
      const link = (subject: string) => store.linkIdentity(id, { ...IDENTITY, id: subject }, TERMS)

      const requests = []
      for (const index of [0, 1]) {
        const { asked, release } = hold('findSession', index === stale ? 'answer' : 'call')
        requests.push({ release, answer: ask(index) })
        await asked
      }
      await link('second')
      for (const [index, count] of [[1 - stale, 2] as const, [stale, 1] as const]) {
        requests[index]?.release()
        assert.equal(await requests[index]?.answer, count)
      }
      await link('third')
      assert.equal(await ask(next), 3)
    })

test('what was found good of a user is asked again when another process has unlinked an identity', async (t) => {
  const store = memoryStore()
  const app = await startApp(t, { store })
  const { user_id: id, access_token: access } = await app.loggedIn()
  const stranger = mint(claims({ sub: 'stranger' }))
  await app.auth.users.link(id, { subject: 'stranger' })
  assert.equal((await app.me(stranger)).body.id, id)
  await store.unlinkIdentity(id, { ...IDENTITY, id: 'stranger' })
  assert.equal((await app.meBearer(access)).body.id, id)
  assert.notEqual((await app.me(stranger)).body.id, id)
})

test('what was found good of a user is asked again when another process has made the user again', async (t) => {
  const store = memoryStore()
  const app = await startApp(t, { store })
  const { user_id: id, access_token: access } = await app.loggedIn()
  assert.equal((await app.meBearer(access)).body.id, id)
  await store.deleteUser(id)
  await store.signIn({ identity: IDENTITY, now: NOW + 1, newUserId: () => id })
  assert.equal((await app.me(mint())).body.id, id)
  assert.equal((await app.meBearer(access)).status, 401)
})

test('what is read while a change is under way does not outlive it', async (t) => {
  const { store, hold } = heldStore()
  const app = await startApp(t, { store })
  const id = String((await app.me(mint())).body.id)
  const { asked, release } = hold('setUserDisabled', 'call')
  const change = app.auth.users.disable(id)
  await asked
  assert.equal((await app.me(mint())).status, 200)
  const late = hold('findIdentity')
  app.clock.advance(30)
  const slow = app.me(mint())
  await late.asked
  release()
  await change
  late.release()
  assert.equal((await slow).status, 200)
  assert.equal((await app.me(mint())).status, 401)
})

test('a remembered token that has become the token of another user is answered with that user', async (t) => {
  const store = memoryStore()
  let ids = 0
  const generateUserId = () => String((ids += 1)).padStart(24, '0')
  const app = await startApp(t, { store, generateUserId })
  const token = mint()
  const id = String((await app.me(token)).body.id)
  // As another process does.
  await store.deleteUser(id)
  const { user_id: newId } = await app.loggedIn(token)
  assert.notEqual(newId, id)
  assert.equal((await app.me(token)).body.id, newId)
})

test('no more users are kept than the option says, whatever tokens are remembered', async (t) => {
  const app = await startApp(t, {
    cache: { users: { max: 10 } },
    customData: () => ({ text: 'x'.repeat(100_000) }),
  })
  assert.equal((await app.me(mint())).status, 200)
  const before = await memoryInUse()
  for (let count = 0; count < 300; count += 1)
    assert.equal((await app.me(mint(claims({ sub: `user ${count}` })))).status, 200)
  app.seen.length = 0
  await assertFreed(before, 15e6)
  assert.equal((await app.me(mint())).status, 200)
})

test('a token whose user is gone asks once, whether or not it was remembered', async (t) => {
  const { app, asked } = await startCounting(t, { autoCreateUser: false })
  const token = mint()
  const { user_id: id } = await app.loggedIn(token)
  assert.deepEqual(await asked(() => app.me(token)), ['findIdentity'])
  await app.auth.users.delete(id)
  for (const wanted of [['findIdentity', 'signIn'], ['signIn'], ['signIn']])
    assert.deepEqual(await asked(() => app.me(token), 401), wanted)
})

test('a guard that was let go hinders no change', async (t) => {
  const store = memoryStore()
  const app = await startApp(t, { store })
  const { user_id: id } = await app.loggedIn()
  const more = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET], store } as const
  for (let count = 0; count < 20; count += 1) customJwtAuth(more)
  await memoryInUse()
  assert.equal(await app.auth.users.disable(id), true)
})

test('a request that fails is not remembered', async (t) => {
  const { app, asked } = await startCounting(t, { autoCreateUser: false })
  const token = mint()
  assert.equal((await app.me(token)).status, 401)
  const { user_id: id } = await app.loggedIn(mint(claims({ jti: '2' })))
  assert.deepEqual(await asked(() => app.me(token)), ['signIn'])
  await app.auth.users.disable(id)
  assert.equal((await app.me(token)).status, 401)
  await app.auth.users.enable(id)
  assert.deepEqual(await asked(() => app.me(token)), ['findIdentity'])
  assert.deepEqual(await asked(() => app.me(token)), [])
})
