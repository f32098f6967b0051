// What is particular to MongoDB: its options and the documents.
import { identityDigest } from '../../lib/stores/identities.js'
import type { IdentityName } from '../../lib/stores/store.js'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ConfigurationError, type Identity, type UserData } from 'custom-jwt-auth'
import { mongodbStore, type MongodbStoreOptions } from 'custom-jwt-auth/stores/mongodb'
import { MongoClient } from 'mongodb'
import { requireServer } from '../support/servers.js'
import {
  createSession,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  session,
} from '../../lib/testing/store-contract/support.js'
import { openDatabase, type Kept } from './mongodb-support.js'

const DATE = new Date(NOW * 1000)
const server = requireServer('MONGODB_URI')

describe('the options of mongodbStore', () => {
  const client = new MongoClient('mongodb://127.0.0.1:1/')
  const refused = (options: unknown): string[] => {
    try {
      mongodbStore(options as MongodbStoreOptions)
    } catch (error) {
      assert.ok(error instanceof ConfigurationError)
      return error.problems.map(({ option, problem, fix }) => `${option} ${problem}. ${fix}`)
    }
    return []
  }

  test('a store without a database names the package to install', () => {
    for (const db of [undefined, null, 'mongodb://127.0.0.1/', {}, client]) {
      const [problem = '', ...others] = refused({ db })
      assert.match(
        problem,
        /^mongodbStore\.db is not a database .*npm install mongodb.*new MongoClient\(uri\)\.db\(\)/,
      )
      assert.deepEqual(others, [])
    }
  })

  test('docs/stores.md has a row for each', () => {
    const page = readFileSync(new URL('../../docs/stores.md', import.meta.url), 'utf8')
    const section = page.slice(page.indexOf('## MongoDB'), page.indexOf('### ObjectIds'))
    const rows = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name)
    const [unknown = ''] = refused({ db: client.db('app'), '?': true })
    assert.equal(unknown.split('known options are ')[1], rows.join(', '))
  })

  test('names of collections are texts, and different ones', () => {
    const db = client.db('app')
    assert.match(refused({ db, usersCollection: '' }).join(), /^mongodbStore\.usersCollection is an empty/)
    assert.match(
      refused({ db, sessionsCollection: 5 }).join(),
      /^mongodbStore\.sessionsCollection is the number/,
    )
    assert.match(refused({ db, usersCollection: 'auth_sessions' }).join(), /Pass another name$/)
    assert.match(refused({ db, ObjectId: true }).join(), /^mongodbStore\.ObjectId is true/)
    assert.match(refused({ db, collection: 'users' }).join(), /^mongodbStore\.collection is not an option/)
  })

  test('a database that does not say what it wrote is refused', () => {
    assert.match(refused({ db: client.db('app', { writeConcern: { w: 0 } }) }).join(), /w: 'majority'/)
    assert.deepEqual(refused({ db: client.db('app', { writeConcern: { w: 1 } }) }), [])
  })
})

if ('skip' in server) describe('mongodbStore', { skip: server.skip })
else {
  describe('the documents of mongodbStore', () => {
    const { db } = openDatabase(server.url)
    const users = db.collection<Kept>('auth_users')

    /** Epochs are random: each has its form, and the rest is compared. */
    const withoutEpochs = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (name, inner: unknown) => {
        if (!name.endsWith('epoch')) return inner
        assert.match(String(inner), /^[0-9a-f]{24}$/)
        return 'an epoch'
      })
    const dated = (date: Date): string => date.toISOString()
    const identitiesOf = async (_id: string): Promise<unknown> =>
      withoutEpochs((await users.findOne({ _id }))?.['identities'])

    test('a user is a document that people can read', async () => {
      const store = mongodbStore({ db })
      await createUser(store, 1, identity('24601', { name: 'Jean Valjean', aliases: ['Madeleine'] }))
      await link(store, objectId(1), identity('madeleine', { name: 'M. Madeleine' }, 'other'))
      assert.deepEqual(withoutEpochs(await users.findOne({ _id: objectId(1) })), {
        _id: objectId(1),
        type: 'normal',
        identities: [
          {
            id: '24601',
            provider_type: 'custom-token',
            data: { name: 'Jean Valjean', aliases: ['Madeleine'] },
            issued_at: NOW,
            epoch: 'an epoch',
          },
          {
            id: 'madeleine',
            provider_type: 'other',
            data: { name: 'M. Madeleine' },
            issued_at: NOW,
            epoch: 'an epoch',
          },
        ],
        creation_date: dated(DATE),
        last_authentication_date: dated(DATE),
        disabled: false,
        session_epoch: 'an epoch',
      })
      const named = await users.findOne({ 'identities.data.name': 'Jean Valjean' })
      assert.equal(named?._id, objectId(1))
    })

    test('a session is a document that people can read, without anything of a token', async () => {
      const store = mongodbStore({ db })
      await createUser(store, 2)
      await createSession(store, session(20, objectId(2), { deviceId: objectId(7) }))
      const { session_epoch, identities } = (await users.findOne({ _id: objectId(2) })) as Kept
      const [{ id, provider_type, epoch }] = identities as [Kept]
      const wanted = {
        _id: objectId(20),
        user_id: objectId(2),
        user_epoch: session_epoch as unknown,
        identity: { id, provider_type, digest: identityDigest({ id, provider_type } as IdentityName), epoch },
        order: NOW * 1000,
        device_id: objectId(7),
        created_at: DATE,
        expires_at: new Date((NOW + 3600) * 1000),
        generation: 0,
      }
      const sessions = db.collection<Kept>('auth_sessions')
      assert.deepEqual(await sessions.findOne({ _id: objectId(20) }), wanted)

      await store.rotateSession({ id: objectId(20), generation: 0, now: NOW + 0.123, overlapSeconds: 0 })
      const rotated = { ...wanted, generation: 1, rotated_at: new Date(NOW * 1000 + 123) }
      assert.deepEqual(await sessions.findOne({ _id: objectId(20) }), rotated)
      assert.equal((await store.findSession(objectId(20)))?.session.rotatedAt, NOW + 0.123)
    })

    const deep = (levels: number): UserData => (levels === 0 ? {} : { deeper: deep(levels - 1) })
    const unfaithful: Record<string, UserData> = {
      'a dollar in front': { plain: { list: [{ $gt: '' }] } },
      'a dot': { 'http://example.com/name': 'Jean' },
      'no name': { '': 'Jean' },
      'NUL in a name': { 'a\0b': 'Jean' },
      'a type of BSON': { x: { _bsontype: 'ObjectId', id: 'abc' } },
      'half of a surrogate pair': { name: 'Jean \ud800' },
      'half of a surrogate pair in a name': { '\udc00': 'Jean' },
      'a name that poisons': JSON.parse('{"x":{"__proto__":{"admin":true}}}') as UserData,
      '150 levels': deep(150),
    }
    for (const [index, [what, data]] of Object.entries(unfaithful).entries()) {
      test(`data with ${what} is kept as JSON text, and comes back as it was`, async () => {
        const store = mongodbStore({ db })
        const owned = identity(`unfaithful ${index}`, data)
        const user = await createUser(store, 100 + index, owned)
        assert.deepEqual(user.identities, [owned])
        const kept = await identitiesOf(user.id)
        assert.deepEqual(kept, [
          {
            id: owned.id,
            provider_type: 'custom-token',
            data: JSON.stringify(data),
            issued_at: NOW,
            epoch: 'an epoch',
          },
        ])
        const again = await store.signIn({ identity: owned, now: NOW + 1, newUserId: () => user.id })
        assert.deepEqual([again?.created, again?.user.identities], [false, [owned]])
        assert.deepEqual((await store.findUser(user.id))?.identities, [owned])
      })
    }

    test('a subject that UTF-8 cannot hold is refused, so that no two become one', async () => {
      const store = mongodbStore({ db })
      const half: Identity = identity('\ud800')
      const calls = [
        () => store.signIn({ identity: half, now: NOW, newUserId: () => objectId(200) }),
        () => link(store, objectId(1), half),
      ]
      for (const call of calls) await assert.rejects(async () => call(), { message: /UTF-8/ })
      assert.equal(await store.findUser(objectId(200)), undefined)
    })

    test('what an app passes for an id by mistake is not an operator', async () => {
      const store = mongodbStore({ db })
      await createUser(store, 300)
      await createSession(store, session(301, objectId(300)))
      const anything = { $ne: null } as unknown as string
      assert.equal(await store.findUser(anything), undefined)
      assert.equal(await store.setUserDisabled(anything, true), false)
      assert.equal(await store.deleteUser(anything), false)
      assert.equal(await store.findSession(anything), undefined)
      assert.equal(await store.revokeSession(anything), false)
      assert.equal(await store.revokeSessions(anything), 0)
      assert.equal((await store.findSession(objectId(301)))?.user.id, objectId(300))
    })

    test('an identity that a user to import has twice is kept once', async () => {
      const store = mongodbStore({ db })
      const identities = [
        identity('twice', { name: 'old' }),
        identity('once'),
        identity('twice', { name: 'new' }),
      ]
      const dates = { creation_date: 1, last_authentication_date: 2 }
      const record = { id: objectId(500), type: 'normal' as const, identities, disabled: false, ...dates }
      assert.deepEqual(await store.importUsers([record]), ['added'])
      const kept = [identity('twice', { name: 'new' }), identity('once')]
      assert.deepEqual((await store.findUser(record.id))?.identities, kept)
    })

    test('users without identities may be many', async () => {
      const store = mongodbStore({ db })
      const user = { type: 'server' as const, identities: [], creation_date: 1, last_authentication_date: 2 }
      const records = [400, 401].map((id) => ({ ...user, id: objectId(id), disabled: true }))
      assert.deepEqual(await store.importUsers(records), ['added', 'added'])
      for (const record of records) assert.deepEqual(await store.findUser(record.id), record)
    })
  })
}
