import assert from 'node:assert/strict'
import type { Store } from '../../stores/store.js'
import {
  atOnce,
  begin,
  createSession,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  ownerOf,
  session,
  sweep,
  type StoreTest,
} from './support.js'

/** The numbers of those sessions that are alive, of 1 to `count`. */
async function alive(store: Store, count: number): Promise<number[]> {
  const found = await atOnce(count, (index) => store.findSession(objectId(index + 1)))
  return found.flatMap((each, index) => (each ? [index + 1] : []))
}

/** What one user can fill, and how much one call removes. */
export function bounds(test: StoreTest): void {
  test('a user has at most maxPerUser sessions: one more ends the one that began first', async (store) => {
    const user = await createUser(store, 1)
    const other = await createUser(store, 2)
    await createSession(store, session(9, other.id, { createdAt: NOW - 9 }))
    for (const id of [1, 2, 3, 4, 5]) {
      const record = session(id, user.id, { createdAt: NOW + id })
      await createSession(store, record, { maxPerUser: 3 })
    }
    assert.deepEqual(await alive(store, 9), [3, 4, 5, 9])
    await createSession(store, session(6, user.id, { createdAt: NOW + 6 }), { maxPerUser: 1 })
    assert.deepEqual(await alive(store, 9), [6, 9])
  })

  test('the sessions of all identities of a user count together', async (store) => {
    const user = await createUser(store, 1)
    const linked = identity('linked')
    await link(store, user.id, linked)
    await createSession(store, session(1, user.id, { createdAt: NOW - 1 }), { identity: linked })
    await createSession(store, session(2, user.id), { maxPerUser: 1 })
    assert.deepEqual(await alive(store, 2), [2])
  })

  test('a session that has just begun is not the one to end, whatever the clock of its machine says', async (store) => {
    const user = await createUser(store, 1)
    for (const id of [1, 2]) await createSession(store, session(id, user.id))
    await createSession(store, session(3, user.id, { createdAt: NOW - 60 }), { maxPerUser: 2 })
    assert.equal((await alive(store, 3)).length, 2)
    assert.equal((await store.findSession(objectId(3)))?.user.id, user.id)
  })

  test('sessions that a user begins at once are at most maxPerUser, too', async (store) => {
    const user = await createUser(store, 1)
    const begun = await atOnce(40, (index) => begin(store, session(index + 1, user.id), { maxPerUser: 4 }))
    assert.ok(begun.every(Boolean))
    assert.equal((await alive(store, 40)).length, 4)
  })

  test('linkIdentity is refused when the user has maxIdentities, but refreshes those', async (store) => {
    const user = await createUser(store, 1)
    const other = await createUser(store, 2)
    const own = identity('own', { name: 'new' })
    assert.equal(typeof (await link(store, user.id, identity('own'), 2)), 'object')
    assert.equal(await link(store, user.id, identity('one too many'), 2), 'full')
    assert.equal(await link(store, user.id, identity('subject 2'), 2), 'taken')
    const refreshed = { ...user, identities: [...user.identities, own] }
    assert.deepEqual(await link(store, user.id, own, 2), refreshed)
    assert.equal(await link(store, user.id, identity('one too many'), 1), 'full')
    assert.equal(await ownerOf(store, identity('one too many')), undefined)
    assert.equal(await ownerOf(store, identity('subject 2')), other.id)
    await store.unlinkIdentity(user.id, own)
    assert.equal(typeof (await link(store, user.id, identity('in its place'), 2)), 'object')
  })

  test('identities that are linked at once are at most maxIdentities, too', async (store) => {
    const user = await createUser(store, 1)
    const answers = await atOnce(20, (index) => link(store, user.id, identity(`linked ${index}`), 5))
    assert.equal(answers.filter((answer) => answer === 'full').length, 16)
    assert.equal((await store.findUser(user.id))?.identities.length, 5)
  })

  test('an imported user may have more identities; it gets no further ones', async (store) => {
    const identities = Array.from({ length: 30 }, (_, index) => identity(`imported ${index}`))
    const dates = { creation_date: NOW, last_authentication_date: NOW, disabled: false }
    await store.importUsers([{ id: objectId(1), type: 'normal', identities, ...dates }])
    assert.equal((await store.findUser(objectId(1)))?.identities.length, 30)
    assert.equal(await link(store, objectId(1), identity('one more'), 20), 'full')
    assert.equal(typeof (await link(store, objectId(1), identity('one more'), 31)), 'object')
  })

  test('removeExpiredSessions removes at most limit, and says whether there may be more', async (store) => {
    const user = await createUser(store, 1)
    for (let id = 1; id <= 10; id += 1)
      await createSession(store, session(id, user.id, { expiresAt: id <= 7 ? NOW : NOW + 1 }))
    assert.equal(await store.removeExpiredSessions({ now: NOW, limit: 3 }), true)
    assert.equal((await alive(store, 10)).length, 7)
    await sweep(store, NOW, 3)
    assert.deepEqual(await alive(store, 10), [8, 9, 10])
    assert.equal(await store.removeExpiredSessions({ now: NOW, limit: 3 }), false)
  })
}
