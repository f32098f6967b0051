import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { inspect } from 'node:util'
import {
  ConfigurationError,
  memoryStore,
  type MemoryStoreOptions,
  type SessionRecord,
  type Store,
} from 'custom-jwt-auth'
import { storeContract } from 'custom-jwt-auth/testing'
import {
  begin,
  createSession,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  session,
} from '../../lib/testing/store-contract/support.js'

describe('memoryStore keeps the contract', () => {
  storeContract({ describe, it }, () => memoryStore())
})

/** Whether a call is refused because the store is full. */
async function isFull(call: () => unknown): Promise<boolean> {
  try {
    await call()
    return false
  } catch (error) {
    const { code, status, cause } = error as { code?: unknown; status?: unknown; cause?: unknown }
    assert.deepEqual([code, status], ['STORE_FULL', 503])
    assert.match(
      String(cause),
      /the in-memory store holds \d+ ((users|identities): raise maxUsers|sessions: raise maxSessions)/,
    )
    return true
  }
}

const signUp = (store: Store, id: number) => () =>
  store.signIn({ identity: identity(`subject ${id}`), now: NOW, newUserId: objectId(id) })

describe('the bounds of memoryStore', () => {
  test('one user more than maxUsers is refused with STORE_FULL', async () => {
    const store = memoryStore({ maxUsers: 2 })
    assert.equal(await isFull(signUp(store, 1)), false)
    assert.equal(await isFull(signUp(store, 2)), false)
    assert.equal(await isFull(signUp(store, 3)), true)
    assert.equal(await store.findUser(objectId(3)), undefined)
  })

  test('a full store still signs in and links for the users that it has', async () => {
    const store = memoryStore({ maxUsers: 2 })
    await createUser(store, 1)
    await createUser(store, 2)
    assert.equal(await isFull(signUp(store, 1)), false)
    assert.equal(typeof (await link(store, objectId(1), identity('linked'))), 'object')
    assert.equal(await isFull(signUp(store, 3)), true)
  })

  test('as many identities as maxUsers can be linked, and none more, while there is room for users', async () => {
    const store = memoryStore({ maxUsers: 2 })
    await createUser(store, 1)
    const linkIt = (subject: string) => () => link(store, objectId(1), identity(subject))
    assert.equal(await isFull(linkIt('a')), false)
    assert.equal(await isFull(linkIt('b')), false)
    assert.equal(await isFull(linkIt('c')), true)
    assert.equal(await isFull(linkIt('a')), false)
    assert.equal(await store.signIn({ identity: identity('c'), now: NOW }), undefined)
    assert.equal(await isFull(signUp(store, 2)), false)
    await store.deleteUser(objectId(1))
    assert.equal(await isFull(() => link(store, objectId(2), identity('c'))), false)
  })

  test('nothing is forgotten to make room: a disabled user stays disabled', async () => {
    const store = memoryStore({ maxUsers: 2, maxSessions: 2 })
    await createUser(store, 1)
    await createUser(store, 2)
    await store.setUserDisabled(objectId(1), true)
    for (let id = 3; id < 100; id += 1) assert.equal(await isFull(signUp(store, id)), true)
    assert.equal((await store.findUser(objectId(1)))?.disabled, true)
    const { user, created } = (await signUp(store, 1)()) ?? {}
    assert.deepEqual([user?.disabled, created], [true, false])
  })

  test('a deleted user makes room', async () => {
    const store = memoryStore({ maxUsers: 1 })
    await createUser(store, 1)
    await store.deleteUser(objectId(1))
    assert.equal(await isFull(signUp(store, 2)), false)
  })

  test('a login to a full store takes the place of the oldest session of whoever has most', async () => {
    const store = memoryStore({ maxSessions: 4 })
    for (const id of [1, 2, 3]) await createUser(store, id)
    for (const id of [11, 12, 13]) await createSession(store, session(id, objectId(1)))
    await createSession(store, session(21, objectId(2)))
    await createSession(store, session(31, objectId(3)))
    const alive = () =>
      [11, 12, 13, 14, 21, 22, 31].filter((id) => store.findSession(objectId(id)) !== undefined)
    assert.deepEqual(alive(), [12, 13, 21, 31])
    await createSession(store, session(22, objectId(2)))
    assert.deepEqual(alive(), [12, 13, 22, 31], 'as many as anybody: its own')
    await createSession(store, session(14, objectId(1)))
    assert.deepEqual(alive(), [13, 14, 22, 31])
  })

  test('when nobody has more than one session, one more user is refused with STORE_FULL', async () => {
    const store = memoryStore({ maxSessions: 2 })
    for (const id of [1, 2, 3]) await createUser(store, id)
    for (const id of [1, 2]) await createSession(store, session(id, objectId(id)))
    assert.equal(await isFull(() => begin(store, session(3, objectId(3)))), true)
    assert.equal(await store.findSession(objectId(3)), undefined)
    assert.equal((await store.findSession(objectId(1)))?.user.id, objectId(1))
    assert.equal((await store.findSession(objectId(2)))?.user.id, objectId(2))
  })

  test('a dozen users who fill the store lock nobody out', async () => {
    const store = memoryStore({ maxSessions: 1000 })
    for (let id = 1; id <= 112; id += 1) await createUser(store, id)
    let ids = 0
    const logIn = (user: number) =>
      createSession(store, session((ids += 1), objectId(user)), { maxPerUser: 100 })
    for (let count = 0; count < 100; count += 1) for (let user = 1; user <= 12; user += 1) await logIn(user)
    const honest: SessionRecord[] = []
    for (let user = 13; user <= 112; user += 1) {
      honest.push(await logIn(user))
      for (let attacker = 1; attacker <= 12; attacker += 1) await logIn(attacker)
    }
    for (const { id } of honest) assert.ok(await store.findSession(id))
  })

  test('expired sessions make room', async () => {
    const store = memoryStore({ maxSessions: 2 })
    for (const id of [1, 2, 3]) await createUser(store, id)
    await createSession(store, session(1, objectId(1), { expiresAt: NOW + 10 }))
    await createSession(store, session(2, objectId(2), { expiresAt: NOW + 20 }))
    assert.equal(await isFull(() => begin(store, session(3, objectId(3), { createdAt: NOW + 9 }))), true)
    await createSession(store, session(4, objectId(3), { createdAt: NOW + 10 }))
    assert.equal(await store.findSession(objectId(1)), undefined)
    assert.equal((await store.findSession(objectId(2)))?.session.id, objectId(2))
  })

  test('revoked sessions make room', async () => {
    const store = memoryStore({ maxSessions: 1 })
    await createUser(store, 1)
    for (let id = 1; id < 10; id += 1) {
      await createSession(store, session(id, objectId(1)))
      await store.revokeSession(objectId(id))
    }
    assert.equal(await store.revokeSessions(objectId(1)), 0)
  })
})

describe('the options of memoryStore', () => {
  for (const bound of [0, -1, 1.5, Number.NaN, Infinity, 10_000_001, '10', null, true, [1]]) {
    test(`${inspect(bound)} is not a valid bound`, () => {
      const options = { maxUsers: bound, maxSessions: bound } as MemoryStoreOptions
      assert.throws(
        () => memoryStore(options),
        (error) => {
          assert.ok(error instanceof ConfigurationError)
          const named = error.problems.map(({ option }) => option)
          assert.deepEqual(named, ['memoryStore.maxUsers', 'memoryStore.maxSessions'])
          return true
        },
      )
    })
  }

  test('an unknown option is named, with the one that was meant', () => {
    assert.throws(() => memoryStore({ max_users: 5 } as MemoryStoreOptions), {
      name: 'ConfigurationError',
      message: /memoryStore\.max_users: is not an option\. Did you mean maxUsers/,
    })
  })

  test('a number in place of the options is refused', () => {
    assert.throws(() => memoryStore(10 as MemoryStoreOptions), { code: 'CONFIGURATION_INVALID' })
  })
})
