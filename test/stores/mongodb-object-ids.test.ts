// Users of MongoDB whose ids are ObjectIds.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { ObjectId } from 'mongodb'
import { requireServer } from '../support/servers.js'
import {
  createSession,
  createUser,
  identity,
  NOW,
  objectId,
  session,
} from '../../lib/testing/store-contract/support.js'
import { openDatabase, type Kept } from './mongodb-support.js'

const server = requireServer('MONGODB_URI')

if ('skip' in server) describe('ObjectIds in mongodbStore', { skip: server.skip })
else {
  describe('ObjectIds in mongodbStore', () => {
    const { db, clear } = openDatabase(server.url)
    const users = db.collection<Kept>('auth_users')
    const hex = '59fdd02846244cdfe5369ebf'
    // As mongoimport makes it of a user that the original service exported.
    const imported = {
      _id: new ObjectId(hex),
      type: 'normal',
      identities: [{ id: '24601', provider_type: 'custom-token', provider_id: '59fdd02846244cdfe5369ebe' }],
      creation_date: 1_500_000_000,
      last_authentication_date: 1_500_000_060,
      disabled: false,
    }

    test('imported ones are kept, and new users get their like', async () => {
      await users.insertOne({ ...imported })
      const store = mongodbStore({ db, ObjectId })
      const record = {
        ...{ id: hex, type: 'normal' as const, identities: [identity('24601')], disabled: false },
        ...{ creation_date: 1_500_000_000, last_authentication_date: 1_500_000_060 },
      }
      assert.deepEqual(await store.findUser(hex), record)

      const named = identity('24601', { name: 'Jean' })
      const refreshed = { ...record, identities: [named], last_authentication_date: NOW }
      const request = { identity: named, now: NOW, newUserId: () => objectId(1) }
      assert.deepEqual(await store.signIn(request), { user: refreshed, created: false })
      assert.deepEqual(await users.findOne({ _id: imported._id }), {
        ...imported,
        identities: [{ ...imported.identities[0], issued_at: NOW, data: { name: 'Jean' } }],
        last_authentication_date: new Date(NOW * 1000),
      })

      await createUser(store, 2)
      assert.deepEqual(
        (await users.findOne({ 'identities.id': 'subject 2' }))?._id,
        new ObjectId(objectId(2)),
      )
      const page = await store.listUsers({ limit: 10, after: objectId(2) })
      assert.deepEqual(page, [refreshed])
    })

    test('sessions of imported users are revoked and end with them', async () => {
      const store = mongodbStore({ db, ObjectId })
      for (const id of [10, 11]) await createSession(store, session(id, hex))
      assert.equal((await store.findSession(objectId(10)))?.session.userId, hex)
      const sessions = db.collection<Kept>('auth_sessions')
      assert.deepEqual((await sessions.findOne({ _id: objectId(10) }))?.['user_id'], new ObjectId(hex))
      assert.equal(await store.revokeSessions(hex), 2)
      assert.equal(await store.findSession(objectId(10)), undefined)
      await createSession(store, session(12, hex))
      assert.equal(await store.deleteUser(hex), true)
      assert.equal(await store.findSession(objectId(12)), undefined)
      assert.equal(await sessions.countDocuments({}), 0)
    })

    for (const [held, options, fix] of [
      ['objectId', {}, /Pass .* the option ObjectId/],
      ['string', { ObjectId }, /Leave out the option ObjectId/],
    ] as const) {
      test(`a collection with ids of type ${held} is refused when the store makes others`, async () => {
        await clear()
        await users.insertOne({ ...imported, ...(held === 'string' && { _id: hex }) })
        const store = mongodbStore({ db, ...options })
        await assert.rejects(async () => store.ready?.(), { message: fix })
        await assert.rejects(async () => store.findUser(hex), { message: fix })
      })
    }
  })
}
