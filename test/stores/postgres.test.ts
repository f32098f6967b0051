import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { ConfigurationError } from 'custom-jwt-auth'
import { postgresStore, type PostgresStoreOptions } from 'custom-jwt-auth/stores/postgres'
import { storeContract } from 'custom-jwt-auth/testing'
import { races } from '../../lib/testing/store-contract/races.js'
import {
  begin,
  createUser,
  identity,
  link,
  NOW,
  objectId,
  session,
  sweep,
} from '../../lib/testing/store-contract/support.js'
import { newPool, newSchema, pool, recorded, schema, skip } from './postgres-server.js'

describe('postgresStore keeps the contract', { skip }, () => {
  storeContract({ describe, it }, async () => {
    const store = postgresStore({ pool, schema })
    await store.ensureSchema()
    await pool.query(`TRUNCATE ${schema}.users, ${schema}.blocks CASCADE`)
    return store
  })
})

describe('postgresStore keeps the contract in races of serializable transactions', { skip }, () => {
  // Few connections: the more there are, the more often each of them has to begin again.
  const serializable = newPool('-c default_transaction_isolation=serializable', 3)
  const own = newSchema()
  races((title, body) => {
    it(title, async () => {
      const store = postgresStore({ pool: serializable, schema: own })
      await store.ensureSchema()
      await serializable.query(`TRUNCATE ${own}.users, ${own}.blocks CASCADE`)
      await body(store)
    })
  })
})

describe('postgresStore asks the database', { skip }, () => {
  test('once for every verb', async () => {
    const { pool: counted, texts } = recorded(pool)
    const store = postgresStore({ pool: counted, schema: newSchema() })
    await store.ready?.()
    const owned = identity('24601', { name: 'Jean' })
    const record = { ...session(10, objectId(1)) }
    const calls = {
      signUp: () => createUser(store, 1, owned),
      signIn: () => store.signIn({ identity: identity('24601', { name: 'Jean Valjean' }), now: NOW }),
      findUser: () => store.findUser(objectId(1)),
      listUsers: () => store.listUsers({ limit: 10 }),
      linkIdentity: () => link(store, objectId(1), identity('madeleine')),
      importUsers: () =>
        store.importUsers([
          {
            ...{ id: objectId(2), type: 'normal', identities: [identity('javert')] },
            ...{ creation_date: NOW, last_authentication_date: NOW, disabled: false },
          },
        ]),
      createSession: () => begin(store, record, { identity: owned }),
      findSession: () => store.findSession(record.id),
      rotateSession: () =>
        store.rotateSession({ id: record.id, generation: 0, now: NOW, overlapSeconds: 10 }),
      revokeSession: () => store.revokeSession(record.id),
      revokeSessions: () => store.revokeSessions(objectId(1)),
      unlinkIdentity: () => store.unlinkIdentity(objectId(1), identity('madeleine')),
      removeExpiredSessions: () => sweep(store, NOW),
      setUserDisabled: () => store.setUserDisabled(objectId(1), true),
      refuse: () => store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(3) }),
      deleteUser: () => store.deleteUser(objectId(1)),
    }
    for (const [verb, call] of Object.entries(calls)) {
      texts.length = 0
      await call()
      assert.equal(texts.length, 1, verb)
    }
  })

  test('and throws what it throws, at once', async () => {
    const failure = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    let calls = 0
    let isDown = true
    const store = postgresStore({
      schema,
      pool: {
        query(text, values) {
          calls += 1
          return isDown ? Promise.reject(failure) : pool.query(text, values)
        },
      },
    })
    await assert.rejects(async () => store.findUser(objectId(1)), failure)
    assert.equal(calls, 1)
    isDown = false
    assert.equal(await store.findUser(objectId(0xabc)), undefined, 'and answers when it is back')
    isDown = true
    calls = 0
    await assert.rejects(async () => store.signIn({ identity: identity('a'), now: NOW }), failure)
    assert.equal(calls, 1)
  })
})

describe('the options of postgresStore', () => {
  const cases: Record<string, { options: unknown; named: string[] }> = {
    'no options': { options: undefined, named: ['postgresStore', 'postgresStore.pool'] },
    'no pool': { options: {}, named: ['postgresStore.pool'] },
    'a URL in place of a pool': { options: { pool: 'postgres://…' }, named: ['postgresStore.pool'] },
    'an unknown option': { options: { pool, table: 'x' }, named: ['postgresStore.table'] },
    ...Object.fromEntries(
      ['', 'Auth', 'a-b', 'a.b', 'a"; DROP TABLE users; --', '1a', 'pg_auth', 'a'.repeat(64), 5, null].map(
        (name) => [
          `the schema ${JSON.stringify(name)}`,
          { options: { pool, schema: name }, named: ['postgresStore.schema'] },
        ],
      ),
    ),
  }
  for (const [title, { options, named }] of Object.entries(cases))
    test(`${title} is refused`, () => {
      assert.throws(
        () => postgresStore(options as PostgresStoreOptions),
        (error) => {
          assert.ok(error instanceof ConfigurationError)
          assert.deepEqual(
            error.problems.map(({ option }) => option),
            named,
          )
          return true
        },
      )
    })

  test('a pool of pg and any name of lowercase letters, digits and _ are taken', () => {
    for (const name of ['a', '_x', 'auth_2', 'user', 'a'.repeat(63)]) postgresStore({ pool, schema: name })
  })
})
