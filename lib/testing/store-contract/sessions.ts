import assert from 'node:assert/strict'
import type { Store } from '../../stores/store.js'
import {
  begin,
  createSession,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  session,
  type StoreTest,
  sweep,
} from './support.js'

const OVERLAP = 10

/** Presents a refresh token of session 10. */
function rotate(store: Store, generation: number, now: number, overlapSeconds = OVERLAP) {
  return store.rotateSession({ id: objectId(10), generation, now, overlapSeconds })
}

async function wantNoSession(store: Store): Promise<void> {
  assert.equal(await store.findSession(objectId(10)), undefined)
  assert.deepEqual(await rotate(store, 0, NOW), { outcome: 'missing' })
}

export function sessions(test: StoreTest): void {
  test('findSession returns a session with its user', async (store) => {
    const user = await createUser(store, 1)
    const other = await createUser(store, 2)
    const record = session(10, user.id, { deviceId: objectId(7), createdAt: NOW - 5 })
    await createSession(store, record)
    const othersRecord = await createSession(store, session(20, other.id))
    assert.deepEqual(await store.findSession(record.id), { session: record, user })
    assert.deepEqual(await store.findSession(othersRecord.id), { session: othersRecord, user: other })
    assert.equal(await store.findSession(objectId(30)), undefined)
  })

  test('findSession shows the user as it is now', async (store) => {
    const user = await createUser(store, 1, identity('24601', { name: 'Jean' }))
    const record = await createSession(store, session(10, user.id))
    const renamed = identity('24601', { name: 'Jean Valjean' })
    await store.signIn({ identity: renamed, now: NOW + 60 })
    await link(store, user.id, identity('madeleine'))
    await store.setUserDisabled(user.id, true)
    const changed = {
      ...user,
      identities: [renamed, identity('madeleine')],
      last_authentication_date: NOW + 60,
      disabled: true,
    }
    assert.deepEqual(await store.findSession(record.id), { session: record, user: changed })
  })

  test('createSession keeps nothing when there is no such user', async (store) => {
    assert.equal(await begin(store, session(10, objectId(1))), false)
    await wantNoSession(store)
    await createUser(store, 1)
    await wantNoSession(store)
    assert.equal(await store.revokeSessions(objectId(1)), 0)
  })

  test('rotateSession counts up from the newest refresh token', async (store) => {
    const user = await createUser(store, 1)
    const record = await createSession(store, session(10, user.id))
    const other = await createSession(store, session(20, user.id))
    assert.deepEqual(await rotate(store, 0, NOW + 60), { outcome: 'rotated', generation: 1 })
    assert.deepEqual(await rotate(store, 1, NOW + 120), { outcome: 'rotated', generation: 2 })
    const rotated = { ...record, generation: 2, rotatedAt: NOW + 120 }
    assert.deepEqual(await store.findSession(record.id), { session: rotated, user })
    assert.deepEqual(await store.findSession(other.id), { session: other, user })
  })

  test('rotateSession answers the token before the newest until the overlap is over', async (store) => {
    const user = await createUser(store, 1)
    await createSession(store, session(10, user.id))
    await rotate(store, 0, NOW)
    const before = await store.findSession(objectId(10))
    for (const now of [NOW, NOW + 1, NOW + OVERLAP])
      assert.deepEqual(await rotate(store, 0, now), { outcome: 'current', generation: 1 })
    assert.deepEqual(await store.findSession(objectId(10)), before)
    assert.deepEqual(await rotate(store, 0, NOW + OVERLAP + 1), { outcome: 'reused' })
    await wantNoSession(store)
  })

  test('rotateSession bears a clock that is behind the one of the last rotation', async (store) => {
    const user = await createUser(store, 1)
    await createSession(store, session(10, user.id))
    await rotate(store, 0, NOW + 60)
    assert.deepEqual(await rotate(store, 0, NOW + 57), { outcome: 'current', generation: 1 })
  })

  test('rotateSession and removeExpiredSessions take fractions of a second', async (store) => {
    const user = await createUser(store, 1)
    await createSession(store, session(10, user.id))
    await rotate(store, 0, NOW + 0.75)
    assert.equal((await store.findSession(objectId(10)))?.session.rotatedAt, NOW + 0.75)
    await sweep(store, NOW + 3599.9)
    assert.deepEqual(await rotate(store, 0, NOW + OVERLAP + 0.5), { outcome: 'current', generation: 1 })
    await sweep(store, NOW + 3600.1)
    await wantNoSession(store)
  })

  test('rotateSession without overlap answers only in the same moment', async (store) => {
    const user = await createUser(store, 1)
    await createSession(store, session(10, user.id))
    await rotate(store, 0, NOW, 0)
    assert.deepEqual(await rotate(store, 0, NOW, 0), { outcome: 'current', generation: 1 })
    assert.deepEqual(await rotate(store, 0, NOW + 1, 0), { outcome: 'reused' })
    await wantNoSession(store)
  })

  test('rotateSession ends the session for an older token, even within the overlap', async (store) => {
    const user = await createUser(store, 1)
    const other = await createSession(store, session(20, user.id))
    await createSession(store, session(10, user.id))
    await rotate(store, 0, NOW)
    await rotate(store, 1, NOW)
    assert.deepEqual(await rotate(store, 0, NOW), { outcome: 'reused' })
    await wantNoSession(store)
    assert.deepEqual(await store.findSession(other.id), { session: other, user })
  })

  test('rotateSession ends the session for a token that it never gave', async (store) => {
    const user = await createUser(store, 1)
    await createSession(store, session(10, user.id))
    assert.deepEqual(await rotate(store, 1, NOW), { outcome: 'reused' })
    await wantNoSession(store)
  })

  test('rotateSession says when there is no such session', async (store) => {
    await createUser(store, 1)
    assert.deepEqual(await rotate(store, 0, NOW), { outcome: 'missing' })
    await wantNoSession(store)
  })

  test('revokeSession ends one session and tells whether there was one', async (store) => {
    const user = await createUser(store, 1)
    const other = await createSession(store, session(20, user.id))
    await createSession(store, session(10, user.id))
    assert.equal(await store.revokeSession(objectId(10)), true)
    assert.equal(await store.revokeSession(objectId(10)), false)
    await wantNoSession(store)
    assert.deepEqual(await store.findSession(other.id), { session: other, user })
  })

  test('revokeSessions ends all sessions of one user and tells how many', async (store) => {
    const user = await createUser(store, 1)
    const other = await createUser(store, 2)
    for (const id of [10, 11, 12]) await createSession(store, session(id, user.id))
    const othersRecord = await createSession(store, session(20, other.id))
    assert.equal(await store.revokeSessions(user.id), 3)
    assert.equal(await store.revokeSessions(user.id), 0)
    for (const id of [10, 11, 12]) assert.equal(await store.findSession(objectId(id)), undefined)
    assert.deepEqual(await store.findSession(othersRecord.id), { session: othersRecord, user: other })
    assert.deepEqual(await store.findUser(user.id), user)
  })

  test('revokeSessions does not count sessions that ended otherwise', async (store) => {
    const user = await createUser(store, 1)
    for (const id of [10, 11, 12]) await createSession(store, session(id, user.id))
    await store.revokeSession(objectId(11))
    assert.deepEqual(await rotate(store, 5, NOW), { outcome: 'reused' })
    assert.equal(await store.revokeSessions(user.id), 1)
  })

  test('removeExpiredSessions removes what expires now or earlier, and nothing else', async (store) => {
    const user = await createUser(store, 1)
    const ends = [NOW - 1, NOW, NOW + 1, NOW + 3600]
    for (const [index, expiresAt] of ends.entries())
      await createSession(store, session(index + 1, user.id, { createdAt: NOW - 3600, expiresAt }))
    await sweep(store, NOW)
    assert.equal(await store.findSession(objectId(1)), undefined)
    assert.equal(await store.findSession(objectId(2)), undefined)
    assert.equal((await store.findSession(objectId(3)))?.session.expiresAt, NOW + 1)
    assert.equal((await store.findSession(objectId(4)))?.session.expiresAt, NOW + 3600)
    assert.equal(await store.revokeSessions(user.id), 2)
    assert.deepEqual(await store.findUser(user.id), user)
  })
}
