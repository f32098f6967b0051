// What mongodbStore demands of the server, and what it sends to it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import type { Store } from 'custom-jwt-auth'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import type { Document } from 'mongodb'
import { requireServer } from '../support/servers.js'
import {
  atOnce,
  begin,
  createSession,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  session,
} from '../../lib/testing/store-contract/support.js'
import { openDatabase, type Kept } from './mongodb-support.js'

const server = requireServer('MONGODB_URI')

function pick(from: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (name in from ? [[name, from[name]]] : [])))
}

if ('skip' in server) describe('mongodbStore and its server', { skip: server.skip })
else {
  describe('the indexes of mongodbStore', () => {
    const { db, clear } = openDatabase(server.url)
    const users = db.collection<Kept>('auth_users')
    const key = { 'identities.provider_type': 1, 'identities.provider_name': 1, 'identities.id': 1 }
    const start = async (): Promise<Store> => {
      const store = mongodbStore({ db })
      await store.ready?.()
      return store
    }
    const owner = (_id: string) => ({ _id, identities: [{ id: '24601', provider_type: 'custom-token' }] })

    test('ready() makes them, on any number of machines at once, and again', async () => {
      await atOnce(10, start)
      await start()
      const indexes = [
        ...((await users.listIndexes().toArray()) as Document[]),
        ...((await db.collection('auth_sessions').listIndexes().toArray()) as Document[]),
      ]
      const identityIndex = indexes.find(({ name }) => name === 'named_identity')
      assert.deepEqual([identityIndex?.['key'], identityIndex?.['unique']], [key, true])
      const expiryIndex = indexes.find(({ name }) => name === 'expiry')
      assert.deepEqual([expiryIndex?.['key'], expiryIndex?.['expireAfterSeconds']], [{ expires_at: 1 }, 3600])
      assert.equal(indexes.length, 5)
    })

    test('the commands in docs/stores.md make the same', async () => {
      const page = readFileSync(new URL('../../docs/stores.md', import.meta.url), 'utf8')
      const [, script = ''] = /^```js\n(db\.auth_users\.createIndex.*?)^```$/ms.exec(page) ?? []
      const made: [string, ...unknown[]][] = []
      const collection = (name: string) => ({
        createIndex: (...args: unknown[]) => made.push([name, ...args]),
      })
      const shell = { auth_users: collection('auth_users'), auth_sessions: collection('auth_sessions') }
      runInNewContext(script, { db: shell })
      const told = JSON.parse(JSON.stringify(made)) as unknown[]

      await start()
      const wanted: unknown[] = []
      for (const name of ['auth_users', 'auth_sessions'])
        for (const index of (await db.collection(name).listIndexes().toArray()) as Document[]) {
          const { key: indexKey, ...rest } = index as Record<string, unknown>
          const options = pick(rest, ['name', 'unique', 'sparse', 'expireAfterSeconds'])
          if (options['name'] !== '_id_') wanted.push([name, indexKey, options])
        }
      assert.equal(told.length, 3)
      assert.deepEqual(told, wanted)
    })

    test('the database itself refuses a second user with an identity', async () => {
      await start()
      await users.insertOne(owner('a'))
      await assert.rejects(users.insertOne(owner('b')), { code: 11000 })
    })

    test('an index that an administrator made will do', async () => {
      await clear()
      await users.createIndexes([{ key, unique: true, sparse: true, name: 'by hand' }])
      await start()
    })

    const wrong: Record<string, Document> = {
      'is not unique': {},
      'takes one user alone without identities': { unique: true },
      'covers some users only': { unique: true, partialFilterExpression: { disabled: false } },
    }
    for (const [flaw, options] of Object.entries(wrong)) {
      test(`an index that ${flaw} is refused, with the commands that fix it`, async () => {
        await clear()
        await users.createIndexes([{ key, ...options, name: 'named_identity' }])
        await assert.rejects(start(), (error: Error) => {
          const create = `db.auth_users.createIndex(${JSON.stringify(key)}, {"name":"named_identity","unique":true,"sparse":true})`
          assert.ok(error.message.includes('db.auth_users.dropIndex("named_identity")'), error.message)
          assert.ok(error.message.includes(create), error.message)
          assert.ok(error.cause instanceof Error)
          return true
        })
      })
    }

    test('users who share an identity already are refused', async () => {
      await clear()
      await users.insertMany([owner('a'), owner('b')])
      await assert.rejects(start(), (error: Error) => {
        assert.equal((error.cause as { code?: unknown }).code, 11000)
        return true
      })
    })

    test('no verb works without them, and each tries anew', async () => {
      await clear()
      await users.createIndexes([{ key, name: 'named_identity' }])
      const store = mongodbStore({ db })
      const signIn = async () =>
        store.signIn({ identity: identity('a'), now: NOW, newUserId: () => objectId(1) })
      await assert.rejects(signIn(), { message: /lacks an index/ })
      await assert.rejects(async () => store.findUser(objectId(1)), { message: /lacks an index/ })
      assert.equal(await users.countDocuments({}), 0)
      await users.dropIndex('named_identity')
      assert.equal((await signIn())?.created, true)
    })
  })

  describe('what mongodbStore sends', () => {
    const { db, commands } = openDatabase(server.url)

    /** The commands that a verb sends. */
    async function sentBy(verb: () => unknown): Promise<Document[]> {
      commands.length = 0
      await verb()
      return commands.map(({ command }) => command)
    }

    test('one command for a session with its user, a revocation; two for a sign-in, which looks for a block first', async () => {
      const store = mongodbStore({ db })
      await store.ready?.()
      await createUser(store, 9)
      await createSession(store, session(10, objectId(9)))
      const known = identity('24601', { name: 'Jean' })
      const signIn = (more: object) => () => store.signIn({ identity: known, now: NOW, ...more })
      const verbs: Record<string, () => unknown> = {
        'first sign-in': signIn({ newUserId: () => objectId(1) }),
        'later sign-in': signIn({ newUserId: () => objectId(1) }),
        'sign-in that creates nobody': signIn({}),
        'find a user': () => store.findUser(objectId(1)),
        'find a session': () => store.findSession(objectId(10)),
        'revoke a session': () => store.revokeSession(objectId(10)),
        'a page of users': () => store.listUsers({ limit: 10 }),
        'link an identity': () => link(store, objectId(1), identity('linked')),
      }
      for (const [what, verb] of Object.entries(verbs))
        assert.equal((await sentBy(verb)).length, what.includes('sign-in') ? 2 : 1, what)
    })

    test('three for a sign-in with other data, and for a login', async () => {
      const store = mongodbStore({ db })
      const renamed = {
        identity: identity('24601', { name: 'Madeleine' }),
        now: NOW,
        newUserId: () => objectId(1),
      }
      assert.equal(
        (await sentBy(() => store.findUser(objectId(1)))).length,
        10,
        'the version and the indexes, once',
      )
      assert.equal((await sentBy(() => store.signIn(renamed))).length, 3)
      assert.equal((await sentBy(() => begin(store, session(30, objectId(1))))).length, 3)
    })

    test('the answers do not depend on the types that the app has set, nor come from secondaries', async () => {
      const types = {
        promoteValues: false,
        promoteLongs: false,
        raw: true,
        readPreference: 'secondary',
      } as const
      const odd = db.client.db(db.databaseName, types)
      const store = mongodbStore({ db: odd })
      const data = { list: [1, 2 ** 40, 1.5, true, null, 'text'] }
      const user = await createUser(store, 40, identity('odd', data))
      assert.deepEqual(user.identities, [identity('odd', data)])
      const [find] = await sentBy(async () => {
        assert.deepEqual(await store.findUser(user.id), user)
      })
      assert.deepEqual((find?.['$readPreference'] as Document | undefined)?.['mode'] ?? 'primary', 'primary')
    })

    test('writes are acknowledged by a majority, unless the database says otherwise', async () => {
      const concerns = [
        [{}, { w: 'majority' }],
        [{ writeConcern: { w: 1 } }, { w: 1 }],
        [{ writeConcern: { wtimeoutMS: 500 } }, { w: 'majority', wtimeout: 500 }],
      ] as const
      for (const [index, [options, wanted]] of concerns.entries()) {
        const store = mongodbStore({ db: db.client.db(db.databaseName, options) })
        await store.ready?.()
        const sent = await sentBy(() => createUser(store, 50 + index))
        assert.deepEqual(
          sent.filter(({ find }) => find === undefined).map(({ writeConcern }) => writeConcern as unknown),
          [wanted],
        )
      }
    })
  })
}
