// Data that version 0.1.0 made goes on working with today's stores.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MongoClient } from 'mongodb'
import { Pool } from 'pg'
import type { Store } from 'custom-jwt-auth'
import { begin, identity, link, NOW, objectId, session } from '../../lib/testing/store-contract/support.js'
import { databases } from './databases.js'
import { openStore, type Place } from './open-store.js'
import { chosen } from './sqlite-files.js'
import { documentsOf1, FIRST, indexOf1, LAST, OTHER, SECOND, SESSION, sqlOf1, USER } from './version-1.js'

/** Makes the place as version 0.1.0 left it. */
async function fill(place: Place): Promise<void> {
  if (place.kind === 'sqlite') {
    const database = chosen.open(place.path)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec(sqlOf1('custom_jwt_auth_', 'custom_jwt_auth_', 'text', 'integer'))
    database.close()
  } else if (place.kind === 'postgres') {
    const pool = new Pool({ connectionString: place.url })
    await pool.query(`CREATE SCHEMA ${place.name}`)
    const position = 'bigint GENERATED ALWAYS AS IDENTITY'
    await pool.query(sqlOf1(`${place.name}.`, '', 'text COLLATE "C"', position))
    await pool.end()
  } else {
    const client = new MongoClient(place.url)
    const db = client.db(place.name)
    for (const [name, documents] of Object.entries(documentsOf1))
      await db.collection(name).insertMany(documents)
    await db.collection('auth_users').createIndex(indexOf1, { name: 'identity', unique: true, sparse: true })
    await client.close()
  }
}

for (const { name, skip, newPlace } of databases)
  describe(`0.1.0's data on ${name}`, { skip }, () => {
    test('keeps users, identities and sessions, when four open it at once', async (t) => {
      const place = newPlace()
      await fill(place)
      const opened = Array.from({ length: 4 }, () => openStore(place))
      t.after(() => Promise.all(opened.map(({ close }) => close())))
      await Promise.all(opened.map(async ({ store }) => store.ready?.()))
      const [store = assert.fail(), other = assert.fail()] = opened.map((each) => each.store)

      const user = {
        id: USER,
        type: 'normal',
        identities: [FIRST, SECOND],
        creation_date: NOW - 1000,
        last_authentication_date: LAST,
        disabled: false,
      }
      assert.deepEqual(await store.findUser(USER), user)
      assert.equal((await other.findUser(OTHER))?.disabled, true)
      const times = { createdAt: NOW - 50, generation: 3, rotatedAt: NOW - 20.5 }
      const kept = session(10, USER, times)
      assert.deepEqual(await store.findSession(SESSION), { session: kept, user })
      assert.equal(await store.findSession(objectId(11)), undefined)

      await tokensAreCompared(store)
      await providersMayHaveNames(store)
      await sessionsGoOn(other)
      await store.ready?.()
    })
  })

/** The data that was there is as new as the last login. */
async function tokensAreCompared(store: Store): Promise<void> {
  const admin = identity(FIRST.id, { role: 'admin' })
  const older = await store.signIn({ identity: admin, now: NOW, issuedAt: LAST - 1 })
  assert.deepEqual(older?.user.identities, [FIRST, SECOND])
  const newer = await store.signIn({ identity: admin, now: NOW, issuedAt: LAST + 1 })
  assert.deepEqual(newer?.user.identities, [admin, SECOND])
}

/** What was there is of the one provider that has no name. */
async function providersMayHaveNames(store: Store): Promise<void> {
  const named = { ...FIRST, provider_id: 'staff' }
  const signedIn = await store.signIn({ identity: named, now: NOW, newUserId: () => objectId(20) })
  assert.deepEqual([signedIn?.user.id, signedIn?.created], [objectId(20), true])
  assert.equal((await store.findIdentity(FIRST)).user?.id, USER)
}

async function sessionsGoOn(store: Store): Promise<void> {
  assert.equal(await begin(store, session(12, USER), { identity: SECOND, maxPerUser: 2 }), true)
  const rotation = { id: SESSION, generation: 3, now: NOW, overlapSeconds: 0 }
  assert.deepEqual(await store.rotateSession(rotation), { outcome: 'rotated', generation: 4 })
  assert.equal(typeof (await link(store, USER, identity('third'), 3)), 'object')
  assert.equal(await link(store, USER, identity('fourth'), 3), 'full')
  // It counts as begun with the user's first identity, and ends with that.
  assert.equal(await store.unlinkIdentity(USER, FIRST), 'unlinked')
  assert.equal(await store.findSession(SESSION), undefined)
  assert.equal((await store.findSession(objectId(12)))?.user.id, USER)
  // The oldest of three is the one that has been there longest.
  assert.equal(await begin(store, session(13, USER), { identity: SECOND, maxPerUser: 1 }), true)
  assert.equal(await store.findSession(objectId(12)), undefined)
  assert.equal(await store.deleteUser(USER), true)
  assert.equal(await store.findSession(objectId(13)), undefined)
}
