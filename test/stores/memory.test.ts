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
      /the in-memory store holds \d+ ((users|linked identities|blocked identities): raise maxUsers|sessions: raise maxSessions)/,
    )
    return true
  }
}

const signUp = (store: Store, id: number) => () =>
  store.signIn({ identity: identity(`subject ${id}`), now: NOW, newUserId: () => objectId(id) })

describe('the bounds of memoryStore', () => {
  const known = (store: Store, count: number) =>
    Array.from({ length: count }, (_, index) => index + 1).filter(
      (id) => store.findUser(objectId(id)) !== undefined,
    )

  test('one user more than maxUsers takes the place of who signed in longest ago, with all that is linked', async () => {
    const store = memoryStore({ maxUsers: 3 })
    for (const id of [1, 2, 3]) assert.equal(await isFull(signUp(store, id)), false)
    assert.equal(typeof (await link(store, objectId(2), identity('linked'))), 'object')
    for (const id of [2, 3, 1, 4]) assert.equal(await isFull(signUp(store, id)), false)
    assert.deepEqual(known(store, 4), [1, 3, 4])
    for (const subject of ['subject 2', 'linked'])
      assert.deepEqual(await store.findIdentity(identity(subject)), { user: undefined, blocked: false })
    assert.equal((await signUp(store, 2)())?.user.id, objectId(2))
    assert.deepEqual(known(store, 4), [1, 2, 4])
  })

  test('a sign-in that is refused takes nobody’s place', async () => {
    const store = memoryStore({ maxUsers: 1 })
    await createUser(store, 1)
    assert.equal(await store.signIn({ identity: identity('b'), now: NOW }), undefined)
    const taken = { identity: identity('b'), now: NOW, newUserId: () => objectId(1) }
    await assert.rejects(async () => store.signIn(taken), { code: 'USER_ID_TAKEN' })
    assert.deepEqual(known(store, 1), [1])
  })

  test('a user with a session stays until that ends', async () => {
    const store = memoryStore({ maxUsers: 2 })
    for (const id of [1, 2]) await createUser(store, id)
    await createSession(store, session(11, objectId(1)))
    await createSession(store, session(12, objectId(1)))
    assert.equal(await isFull(signUp(store, 3)), false)
    assert.deepEqual(known(store, 3), [1, 3])
    await createSession(store, session(31, objectId(3), { expiresAt: NOW + 7200 }))
    assert.equal(await isFull(signUp(store, 4)), true)
    await store.revokeSession(objectId(11))
    assert.equal(await isFull(signUp(store, 4)), true)
    await store.revokeSession(objectId(12))
    assert.equal(await isFull(signUp(store, 4)), false)
    assert.deepEqual(known(store, 4), [3, 4])
    await createSession(store, session(41, objectId(4)))
    const later = { identity: identity('e'), now: NOW + 3600, newUserId: () => objectId(5) }
    assert.equal((await store.signIn(later))?.created, true, 'the session of 4 has expired')
    assert.deepEqual(known(store, 5), [3, 5])
  })

  test('a user who is disabled or blocked is never forgotten', async () => {
    const store = memoryStore({ maxUsers: 4 })
    for (const id of [1, 2, 3, 4]) await createUser(store, id)
    await store.setUserDisabled(objectId(1), true)
    await store.setIdentityBlocked(identity('subject 2'), true)
    await link(store, objectId(3), identity('linked'))
    await store.setIdentityBlocked(identity('linked'), true)
    for (let id = 5; id < 100; id += 1) assert.equal(await isFull(signUp(store, id)), false)
    assert.deepEqual(known(store, 100), [1, 2, 3, 99])
    await store.setUserDisabled(objectId(99), true)
    assert.equal(await isFull(signUp(store, 100)), true)
    const { user, created } = (await signUp(store, 1)()) ?? {}
    assert.deepEqual([user?.disabled, created], [true, false])
    await store.setIdentityBlocked(identity('linked'), false)
    assert.equal(await isFull(signUp(store, 100)), false)
    assert.deepEqual(known(store, 100), [1, 2, 99, 100])
  })

  test('a user who has lost an identity is never forgotten: the next user of that identity would get the same id', async () => {
    const store = memoryStore({ maxUsers: 2 })
    await createUser(store, 1)
    await link(store, objectId(1), identity('linked'))
    await store.unlinkIdentity(objectId(1), identity('subject 1'))
    for (let id = 2; id < 10; id += 1) assert.equal(await isFull(signUp(store, id)), false)
    assert.deepEqual(known(store, 10), [1, 9])
    await assert.rejects(async () => signUp(store, 1)(), { code: 'USER_ID_TAKEN' })
  })

  test('an import takes nobody’s place', async () => {
    const store = memoryStore({ maxUsers: 2 })
    const user = await createUser(store, 1)
    const others = [2, 3].map((id) => ({
      ...user,
      id: objectId(id),
      identities: [identity(`subject ${id}`)],
    }))
    assert.equal(await isFull(() => store.importUsers(others)), true)
    assert.deepEqual(known(store, 3), [1, 2])
  })

  test('as many identities as maxUsers can be blocked', async () => {
    const store = memoryStore({ maxUsers: 2 })
    const block = (subject: string) => () => store.setIdentityBlocked(identity(subject), true)
    assert.equal(await isFull(block('a')), false)
    assert.equal(await isFull(block('b')), false)
    assert.equal(await isFull(block('c')), true)
    assert.equal(await isFull(block('a')), false)
    await store.setIdentityBlocked(identity('a'), false)
    assert.equal(await isFull(block('c')), false)
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
