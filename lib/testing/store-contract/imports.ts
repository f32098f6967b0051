import assert from 'node:assert/strict'
import type { Store } from '../../stores/store.js'
import type { UserRecord } from '../../user.js'
import {
  atOnce,
  createSession,
  createUser,
  identity,
  idsOf,
  link,
  NOW,
  objectId,
  ownerOf,
  session,
  type StoreTest,
} from './support.js'

/** A user as another service might hand it over. */
function record(id: number, more: Partial<UserRecord> = {}): UserRecord {
  return {
    id: objectId(id),
    type: 'normal',
    identities: [identity(`subject ${id}`)],
    creation_date: 1_400_000_000 + id,
    last_authentication_date: 1_500_000_000 + id,
    disabled: false,
    ...more,
  }
}

function records(count: number): UserRecord[] {
  return Array.from({ length: count }, (_, index) => record(index + 1))
}

async function wantUsers(store: Store, wanted: readonly UserRecord[]): Promise<void> {
  const users = await store.listUsers({ limit: 1000 })
  const byId = users.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  assert.deepEqual(byId, wanted)
}

export function imports(test: StoreTest): void {
  test('importUsers adds users with all that they have', async (store) => {
    const odd = { 'a.b': 'NUL \0', $set: [1, { constructor: null }], half: '\ud800', '': '\u{1f600}' }
    const identities = ['z', 'a\0', 'm', '日本'].map((subject, index) => identity(subject, { ...odd, index }))
    const given = [
      record(1, { type: 'server', identities, disabled: true }),
      record(2, { type: 'system', identities: [identity('z', odd, 'another-provider')] }),
      record(3, { identities: [], creation_date: 0, last_authentication_date: 0 }),
    ]
    assert.deepEqual(await store.importUsers(given), ['added', 'added', 'added'])
    await wantUsers(store, given)
    for (const user of given) assert.deepEqual(await store.findUser(user.id), user)
    for (const owned of identities) assert.equal(await ownerOf(store, owned), objectId(1))
  })

  test('imported users sign in and have sessions as others do', async (store) => {
    const names = ['b', 'a', 'c'].map((subject) => identity(subject, { name: subject }))
    const given = record(1, { identities: names })
    await store.importUsers([given])
    const renamed = identity('a', { name: 'A' })
    const identities = names.with(1, renamed)
    const user = { ...given, identities, last_authentication_date: NOW }
    const signedIn = await store.signIn({ identity: renamed, now: NOW, newUserId: () => objectId(2) })
    assert.deepEqual(signedIn, { user, created: false })
    const linked = { ...user, identities: [...identities, identity('0')] }
    assert.deepEqual(await link(store, user.id, identity('0')), linked)
    const begun = await createSession(store, session(10, user.id))
    assert.deepEqual(await store.findSession(begun.id), { session: begun, user: linked })
  })

  test('importUsers leaves a user whose id is known untouched, and its identities free', async (store) => {
    const user = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const again = record(1, { identities: [identity('24601'), identity('madeleine')], disabled: true })
    assert.deepEqual(await store.importUsers([again]), ['known'])
    await wantUsers(store, [user])
    assert.equal(await ownerOf(store, identity('madeleine')), undefined)
  })

  test('importUsers adds nothing of a user of whom one identity is taken', async (store) => {
    const user = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const identities = [identity('first'), identity('24601', { name: 'X' }), identity('last')]
    assert.deepEqual(await store.importUsers([record(2, { identities })]), ['taken'])
    await wantUsers(store, [user])
    assert.equal(await ownerOf(store, identity('first')), undefined)
    assert.equal(await ownerOf(store, identity('last')), undefined)
    assert.equal(await ownerOf(store, identity('24601')), user.id)
  })

  test('importUsers calls a user known whose id is there and whose identity another has', async (store) => {
    const users = [await createUser(store, 1), await createUser(store, 2)]
    const both = record(1, { identities: [identity('subject 2')] })
    assert.deepEqual(await store.importUsers([both]), ['known'])
    await wantUsers(store, users)
  })

  test('importUsers tells what became of each user, in their order', async (store) => {
    const known = await createUser(store, 2, identity('24601'))
    const given = [
      record(5),
      record(4, { identities: [identity('24601')] }),
      record(2),
      record(1),
      record(3, { identities: [identity('free'), identity('24601')] }),
    ]
    assert.deepEqual(await store.importUsers(given), ['added', 'taken', 'known', 'added', 'taken'])
    await wantUsers(store, [record(1), known, record(5)])
    assert.deepEqual(await store.importUsers([]), [])
  })

  test('an identity that comes twice in an imported user is one, with the later data', async (store) => {
    const [first, second, again] = [identity('a', { n: 1 }), identity('b'), identity('a', { n: 2 })]
    const given = record(1, { identities: [first, second, again] })
    assert.deepEqual(await store.importUsers([given]), ['added'])
    await wantUsers(store, [{ ...given, identities: [again, second] }])
    const renamed = identity('a', { n: 3 })
    const result = await store.signIn({ identity: renamed, now: NOW })
    assert.deepEqual(result?.user.identities, [renamed, second])
  })

  test('importUsers goes through a list from the first to the last', async (store) => {
    const shared = identity('shared')
    const given = [
      record(1, { identities: [shared] }),
      record(1),
      record(2, { identities: [identity('second'), shared] }),
      record(2, { identities: [identity('second')] }),
      record(3, { identities: [identity('third')] }),
      record(3, { identities: [shared] }),
    ]
    const outcomes = ['added', 'known', 'taken', 'added', 'added', 'known']
    assert.deepEqual(await store.importUsers(given), outcomes)
    await wantUsers(
      store,
      [0, 3, 4].flatMap((index) => given[index] ?? []),
    )
  })

  test('a batch that is sent again goes on where it ended, and changes nobody', async (store) => {
    const given = records(300)
    await store.importUsers(given.slice(0, 100))
    await store.setUserDisabled(objectId(1), true)
    const outcomes = given.map((_, index) => (index < 100 ? 'known' : 'added'))
    assert.deepEqual(await store.importUsers(given), outcomes)
    await wantUsers(store, [record(1, { disabled: true }), ...given.slice(1)])
  })

  test('simultaneous imports of the same users, in different order, add each of them once', async (store) => {
    const given = records(50)
    const orders = [given, given.toReversed(), given.toSpliced(0, 25).concat(given.slice(0, 25))]
    const outcomes = await atOnce(9, (index) => store.importUsers(orders[index % 3] ?? []))
    const added = outcomes.flat().filter((outcome) => outcome === 'added')
    assert.equal(added.length, 50)
    assert.ok(outcomes.flat().every((outcome) => outcome !== 'taken'))
    await wantUsers(store, given)
  })

  test('an identity that is imported while it signs up gets one owner', async (store) => {
    const given = records(30)
    const signUp = (index: number) => {
      const [owned = identity('')] = given[index]?.identities ?? []
      return store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(1000 + index) })
    }
    const [outcomes, ...signedIn] = await Promise.all([
      (async () => store.importUsers(given))(),
      ...given.map(async (_, index) => signUp(index)),
    ])
    for (const [index, outcome] of outcomes.entries()) {
      const owner = objectId(outcome === 'added' ? index + 1 : 1000 + index)
      assert.deepEqual([signedIn[index]?.user.id, signedIn[index]?.created], [owner, outcome === 'taken'])
    }
    const all = await store.listUsers({ limit: 1000 })
    assert.deepEqual(new Set(idsOf(all)), new Set(signedIn.map((result) => result?.user.id)))
    assert.equal(all.length, given.length)
  })
}
