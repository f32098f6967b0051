// Some engines with MongoDB's protocol pass over a document that another call changes at that moment. Here one is taken
// away while a verb writes, and is back when the verb looks whether it is there.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import type { Store } from 'custom-jwt-auth'
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
import { meddledStore, openDatabase, type Kept } from './mongodb-support.js'

const server = requireServer('MONGODB_URI')
const [USER, SESSION] = [objectId(1), objectId(2)]

interface Verb {
  readonly collection: 'auth_users' | 'auth_sessions'
  readonly call: (store: Store) => unknown
  readonly answer: unknown
}

const verbs: Record<string, Verb> = {
  deleteUser: { collection: 'auth_users', call: (store) => store.deleteUser(USER), answer: true },
  setUserDisabled: {
    collection: 'auth_users',
    call: (store) => store.setUserDisabled(USER, true),
    answer: true,
  },
  linkIdentity: {
    collection: 'auth_users',
    call: async (store) => typeof (await link(store, USER, identity('linked'))),
    answer: 'object',
  },
  revokeSessions: { collection: 'auth_users', call: (store) => store.revokeSessions(USER), answer: 1 },
  revokeSession: { collection: 'auth_sessions', call: (store) => store.revokeSession(SESSION), answer: true },
  rotateSession: {
    collection: 'auth_sessions',
    call: (store) => store.rotateSession({ id: SESSION, generation: 0, now: NOW, overlapSeconds: 0 }),
    answer: { outcome: 'rotated', generation: 1 },
  },
}

if ('skip' in server) describe('what MongoDB passes over', { skip: server.skip })
else
  describe('what MongoDB passes over', () => {
    const { db } = openDatabase(server.url)
    const store = mongodbStore({ db })

    for (const [name, { collection, call, answer }] of Object.entries(verbs)) {
      test(`${name} does not take it for missing`, async () => {
        await store.deleteUser(USER)
        await createUser(store, 1)
        await createSession(store, session(2, USER))

        let away: Kept | null = null
        const documents = db.collection<Kept>(collection)
        const putBack = async () => {
          if (away) await documents.insertOne(away)
          away = null
        }
        const meddled = meddledStore(db, { [`${collection}.findOne`]: putBack })
        await meddled.ready?.()
        away = await documents.findOneAndDelete({ _id: collection === 'auth_users' ? USER : SESSION })
        assert.ok(away)
        assert.deepEqual(await call(meddled), answer)
      })
    }
  })
