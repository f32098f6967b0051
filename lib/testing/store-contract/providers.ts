import assert from 'node:assert/strict'
import {
  atOnce,
  begin,
  createUser,
  identity,
  idsOf,
  link,
  named,
  NOW,
  objectId,
  ownerOf,
  session,
  type StoreTest,
} from './support.js'

/** Equal subjects of different providers: the one that has no name, and two that have. */
const EQUAL = [identity('24601', { of: 'none' }), named('staff', '24601'), named('people', '24601')] as const

/** Whose token it is, is part of the identity. */
export function providers(test: StoreTest): void {
  test('equal subjects of different providers are different users', async (store) => {
    for (const [index, owned] of EQUAL.entries()) {
      assert.equal(await ownerOf(store, owned), undefined)
      const user = await createUser(store, index + 1, owned)
      assert.deepEqual(user.identities, [owned])
      assert.deepEqual(await store.findUser(user.id), user)
    }
    for (const [index, owned] of EQUAL.entries()) {
      const { data, ...name } = { ...owned, data: { of: index } }
      const refreshed = await store.signIn({ identity: { ...name, data }, now: NOW })
      assert.deepEqual(refreshed?.user.identities, [{ ...name, data }])
      assert.deepEqual(await store.findIdentity(name), { user: refreshed.user, blocked: false })
    }
    assert.equal((await store.listUsers({ limit: 10 })).length, 3)
  })

  test('equal subjects of different providers are one user when they are linked, and two when they are unlinked', async (store) => {
    const [first, second, third] = EQUAL
    const user = await createUser(store, 1, first)
    const other = await createUser(store, 2, third)
    assert.equal(await link(store, user.id, third), 'taken')
    assert.deepEqual(await link(store, user.id, second), { ...user, identities: [first, second] })
    assert.equal(await ownerOf(store, second), user.id)
    assert.equal(await begin(store, session(10, user.id), { identity: first }), true)
    assert.equal(await begin(store, session(11, user.id), { identity: second }), true)
    assert.equal(await begin(store, session(12, user.id), { identity: third }), false)
    assert.equal(await store.unlinkIdentity(user.id, third), 'missing')
    assert.equal(await store.unlinkIdentity(user.id, second), 'unlinked')
    assert.deepEqual(await store.findUser(user.id), user)
    assert.equal((await store.findSession(objectId(10)))?.user.id, user.id)
    assert.equal(await store.findSession(objectId(11)), undefined)
    assert.equal((await createUser(store, 3, second)).id, objectId(3))
    assert.deepEqual(await store.findUser(other.id), other)
  })

  test('importUsers compares the provider too', async (store) => {
    const [first, second, third] = EQUAL
    const dates = { creation_date: NOW, last_authentication_date: NOW, disabled: false }
    const record = (id: number, identities: (typeof EQUAL)[number][]) => ({
      ...{ id: objectId(id), type: 'normal' as const, identities },
      ...dates,
    })
    await createUser(store, 1, first)
    const given = [record(2, [second, third]), record(3, [third]), record(4, [first])]
    assert.deepEqual(await store.importUsers(given), ['added', 'taken', 'taken'])
    assert.deepEqual(await store.findUser(objectId(2)), given[0])
    assert.equal(await ownerOf(store, third), objectId(2))
    assert.equal(await ownerOf(store, first), objectId(1))
  })

  test('simultaneous sign-ins of equal subjects make one user for each provider', async (store) => {
    const results = await atOnce(90, (index) =>
      store.signIn({
        identity: EQUAL[index % 3] ?? EQUAL[0],
        now: NOW,
        newUserId: () => objectId(index + 1),
      }),
    )
    for (const provider of [0, 1, 2]) {
      const own = results.filter((_, index) => index % 3 === provider)
      assert.equal(own.filter((result) => result?.created).length, 1)
      assert.equal(new Set(own.map((result) => result?.user.id)).size, 1)
    }
    assert.deepEqual(
      new Set(idsOf(await store.listUsers({ limit: 100 }))),
      new Set(results.map((result) => result?.user.id)),
    )
  })
}
