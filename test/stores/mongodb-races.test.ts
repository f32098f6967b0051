// Races of MongoDB's verbs whose moment is forced: something happens between two steps of a verb.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { duplicatesOf } from '../../lib/stores/mongodb/driver.js'
import { requireServer } from '../support/servers.js'
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
import { meddledStore, openDatabase, type Kept } from './mongodb-support.js'

const server = requireServer('MONGODB_URI')

/** Steps that happen one at a time, each when the store is about to make its next call; then nothing more. */
function inTurn(...steps: (() => Promise<unknown>)[]): () => Promise<unknown> {
  return async () => steps.shift()?.()
}
const nothing = async () => Promise.resolve()

if ('skip' in server) describe('forced races of mongodbStore', { skip: server.skip })
else
  describe('forced races of mongodbStore', () => {
    const { db } = openDatabase(server.url)
    const users = db.collection<Kept>('auth_users')
    const store = mongodbStore({ db })
    /** Another machine's user with an identity. */
    const insertRival = async (subject: string, id: number) =>
      createUser(store, id, identity(subject, { of: 'another machine' }))
    const remove = async (id: number) => store.deleteUser(objectId(id))
    const signIn = (on: typeof store, subject: string, id: number) =>
      on.signIn({ identity: identity(subject), now: NOW + 1, newUserId: () => objectId(id) })

    test('a sign-in whose user was created a moment ago refreshes it', async () => {
      const rival = inTurn(() => insertRival('a', 1))
      const meddled = meddledStore(db, { 'auth_users.findOneAndUpdate': rival })
      const result = await signIn(meddled, 'a', 2)
      assert.deepEqual([result?.created, result?.user.id], [false, objectId(1)])
      assert.deepEqual(result?.user.identities, [identity('a')])
      assert.equal(result.user.last_authentication_date, NOW + 1)
      assert.equal(await users.countDocuments({ 'identities.id': 'a' }), 1)
    })

    test('a sign-in whose rival is deleted before it can be refreshed creates the user after all', async () => {
      let calls = 0
      const count = async () => Promise.resolve((calls += 1))
      const steps = inTurn(
        () => insertRival('b', 10),
        () => remove(10),
        count,
      )
      const meddled = meddledStore(db, { 'auth_users.findOneAndUpdate': steps })
      const result = await signIn(meddled, 'b', 11)
      assert.deepEqual([result?.created, result?.user.id], [true, objectId(11)])
      assert.equal(calls, 1, 'a third call was made')
    })

    test('a sign-in whose rival is disabled before it can be refreshed returns it as it is', async () => {
      const steps = inTurn(
        () => insertRival('c', 20),
        async () => store.setUserDisabled(objectId(20), true),
      )
      const meddled = meddledStore(db, { 'auth_users.findOneAndUpdate': steps })
      const result = await signIn(meddled, 'c', 21)
      assert.deepEqual([result?.created, result?.user.disabled], [false, true])
      assert.deepEqual(result?.user.identities, [identity('c', { of: 'another machine' })])
      assert.equal(result.user.last_authentication_date, NOW)
    })

    test('a sign-in whose disabled user is enabled before it is looked at refreshes it', async () => {
      await insertRival('cc', 25)
      await store.setUserDisabled(objectId(25), true)
      const enable = inTurn(async () => store.setUserDisabled(objectId(25), false))
      const meddled = meddledStore(db, { 'auth_users.find': enable })
      const result = await signIn(meddled, 'cc', 26)
      assert.deepEqual([result?.created, result?.user.disabled], [false, false])
      assert.deepEqual(result?.user.identities, [identity('cc')])
    })

    test('a sign-in that others get in the way of again and again gives up, and says so', async () => {
      let attempts = 0
      const rivals = async () => {
        attempts += 1
        // Each time it looks for the user as it is, with older and with newer data.
        if (attempts % 3 === 1) await insertRival('d', 30)
        if (attempts % 3 === 2) await remove(30)
      }
      const meddled = meddledStore(db, { 'auth_users.findOneAndUpdate': rivals })
      await assert.rejects(async () => signIn(meddled, 'd', 31), { message: /got in the way .* 12 times/ })
      assert.equal(attempts, 36)
      assert.equal(await users.countDocuments({ 'identities.id': 'd' }), 0)
    })

    test('another failure than a duplicate key is not tried again', async () => {
      for (const error of [
        new Error('E11000 duplicate key'),
        Object.assign(new Error('lost'), { code: 91 }),
      ]) {
        let calls = 0
        const fail = async () => {
          calls += 1
          return Promise.reject(error)
        }
        const meddled = meddledStore(db, { 'auth_users.findOneAndUpdate': fail })
        await assert.rejects(async () => signIn(meddled, 'e', 40), error)
        await assert.rejects(async () => link(meddled, objectId(40), identity('e')), error)
        assert.equal(calls, 2)
      }
    })

    test('an identity that is taken at one moment and free at the next is linked', async () => {
      await createUser(store, 50)
      const meddled = meddledStore(db, {
        'auth_users.findOneAndUpdate': inTurn(() => insertRival('f', 51)),
        'auth_users.findOne': inTurn(nothing, () => remove(51)),
      })
      const linked = await link(meddled, objectId(50), identity('f'))
      assert.ok(typeof linked === 'object')
      assert.deepEqual(linked.identities[1], identity('f'))
    })

    test('an identity that the same user gets at that moment is refreshed', async () => {
      await createUser(store, 60)
      const twin = inTurn(async () => link(store, objectId(60), identity('g', { of: 'a twin' })))
      const meddled = meddledStore(db, { 'auth_users.findOneAndUpdate': twin })
      const linked = await link(meddled, objectId(60), identity('g'))
      assert.ok(typeof linked === 'object')
      assert.deepEqual(linked.identities.slice(1), [identity('g')])
    })

    test('an import whose obstacle is gone before it is looked for is tried again', async () => {
      const record = {
        ...{ id: objectId(70), type: 'normal' as const, identities: [identity('h')], disabled: false },
        ...{ creation_date: NOW, last_authentication_date: NOW },
      }
      const meddled = meddledStore(db, {
        'auth_users.insertMany': inTurn(() => insertRival('h', 71)),
        'auth_users.findOne': inTurn(nothing, () => remove(71)),
      })
      assert.deepEqual(await meddled.importUsers([record]), ['added'])
      assert.deepEqual(await store.findUser(record.id), record)
    })

    test('a user whom another import adds a moment after it was looked for is known', async () => {
      const record = {
        ...{ id: objectId(75), type: 'normal' as const, identities: [identity('hh')], disabled: false },
        ...{ creation_date: NOW, last_authentication_date: NOW },
      }
      const meddled = meddledStore(db, {
        'auth_users.insertMany': inTurn(() => insertRival('hh', 76)),
        'auth_users.findOne': inTurn(nothing, async () => {
          await remove(76)
          await store.importUsers([record])
        }),
      })
      assert.deepEqual(await meddled.importUsers([record]), ['known'])
    })

    test('a refresh token that becomes the newest before its session ends is not reuse', async () => {
      await createUser(store, 80)
      await createSession(store, session(81, objectId(80), { generation: 5, rotatedAt: NOW }))
      const rotate = (on: typeof store, generation: number) =>
        on.rotateSession({ id: objectId(81), generation, now: NOW, overlapSeconds: 10 })
      // Generation 6 is unknown, so the session ends, unless another call has rotated 5 and then 6 at that moment.
      const meddled = meddledStore(db, {
        'auth_sessions.deleteOne': inTurn(async () => {
          await rotate(store, 5)
          await rotate(store, 6)
        }),
      })
      assert.deepEqual(await rotate(meddled, 6), { outcome: 'current', generation: 7 })
      assert.equal((await store.findSession(objectId(81)))?.session.generation, 7)
    })

    test('a session that is stored after its user was deleted is dead, also for the next user', async () => {
      await createUser(store, 90)
      const meddled = meddledStore(db, { 'auth_sessions.insertOne': inTurn(() => remove(90)) })
      assert.equal(await begin(meddled, session(91, objectId(90))), true)
      assert.equal(await store.findSession(objectId(91)), undefined)
      await createUser(store, 90)
      assert.equal(await store.findSession(objectId(91)), undefined)
      assert.equal(await store.revokeSessions(objectId(90)), 0)
    })

    test('a session that is stored after all of its user were revoked is dead', async () => {
      await createUser(store, 100)
      const revoke = inTurn(async () => store.revokeSessions(objectId(100)))
      const meddled = meddledStore(db, { 'auth_sessions.insertOne': revoke })
      assert.equal(await begin(meddled, session(101, objectId(100))), true)
      assert.equal(await store.findSession(objectId(101)), undefined)
    })

    test('sessions are dead also when the process ends before it removes them', async () => {
      for (const [id, end] of [
        [110, 'revokeSessions'],
        [120, 'deleteUser'],
      ] as const) {
        await createUser(store, id)
        await createSession(store, session(id + 1, objectId(id)))
        const crash = async () => Promise.reject(new Error('the process ends'))
        const meddled = meddledStore(db, { 'auth_sessions.deleteMany': crash })
        await assert.rejects(async () => meddled[end](objectId(id)), { message: 'the process ends' })
        assert.equal(await store.findSession(objectId(id + 1)), undefined)
      }
    })
  })

describe('duplicatesOf', () => {
  const failure = (more: object): Error => Object.assign(new Error('bulk'), { code: 11000, ...more })
  const duplicate = (index: number) => ({ index, code: 11000 })

  test('tells which documents of a bulk a unique index refused', () => {
    assert.deepEqual(duplicatesOf(failure({ writeErrors: [duplicate(0), duplicate(3)] })), new Set([0, 3]))
    assert.deepEqual(duplicatesOf(failure({ writeErrors: duplicate(2) })), new Set([2]))
  })

  test('throws what failed otherwise, in whole or in part', () => {
    const others = [
      failure({ writeErrors: [duplicate(0), { index: 1, code: 121 }] }),
      failure({ writeErrors: [duplicate(0)], code: 121 }),
      failure({ writeErrors: [] }),
      failure({ writeErrors: [duplicate(0)], result: { getWriteConcernError: () => ({ code: 64 }) } }),
      new TypeError('no bulk at all'),
    ]
    for (const error of others) assert.throws(() => duplicatesOf(error), error)
  })
})
