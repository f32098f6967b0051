// Failures that a race can end with, forced: another connection holds a transaction open until the store waits for it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresStore, type PostgresStore } from 'custom-jwt-auth/stores/postgres'
import type { Pool, PoolClient } from 'pg'
import { identityDigest } from '../../lib/stores/identities.js'
import { identityText } from '../../lib/stores/sql/shared.js'
import { eventually } from '../support/eventually.js'
import { createUser, identity, NOW, objectId } from '../../lib/testing/store-contract/support.js'
import { newPool, newSchema, pool, recorded, skip } from './postgres-server.js'

interface Race {
  readonly store: PostgresStore
  readonly schema: string
  /** The codes of the errors that the store met. */
  readonly failures: unknown[]
  readonly rival: PoolClient
  /** Resolves when a connection waits for a lock of the rival. */
  readonly storeWaits: () => Promise<void>
}

async function race(inner: Pool, body: (race: Race) => Promise<void>): Promise<void> {
  const schema = newSchema()
  const { pool: watched, failures } = recorded(inner)
  const store = postgresStore({ pool: watched, schema })
  await store.ensureSchema()
  const rival = await pool.connect()
  const { rows } = await rival.query('SELECT pg_backend_pid() AS pid')
  const [{ pid }] = rows as [{ pid: number }]
  const blocked = 'SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))'
  const storeWaits = () => eventually(async () => (await pool.query(blocked, [pid])).rowCount === 1)
  try {
    await body({ store, schema, failures, rival, storeWaits })
  } finally {
    await rival.query('ROLLBACK')
    rival.release()
  }
}

const owned = identity('24601', { name: 'Jean' })
const digest = identityDigest(owned)

async function insertUser(rival: PoolClient, schema: string, id: string): Promise<void> {
  await rival.query(`INSERT INTO ${schema}.users VALUES ($1, 'normal', $2, $2, false, 1)`, [id, NOW])
  const row = [digest, id, identityText(owned)]
  await rival.query(`INSERT INTO ${schema}.identities (key, user_id, identity) VALUES ($1, $2, $3)`, row)
}

describe('postgresStore repeats what lost a race', { skip }, () => {
  test('23505: a sign-up that waited for another of the same identity finds that user', async () => {
    await race(pool, async ({ store, schema, failures, rival, storeWaits }) => {
      await rival.query('BEGIN')
      await insertUser(rival, schema, objectId(1))
      const result = store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(2) })
      await storeWaits()
      await rival.query('COMMIT')
      const { user, created } = (await result) ?? {}
      assert.deepEqual([user?.id, created], [objectId(1), false])
      assert.deepEqual(failures, ['23505'])
      assert.equal(await store.findUser(objectId(2)), undefined)
    })
  })

  test('the same with the same proposed id', async () => {
    await race(pool, async ({ store, schema, failures, rival, storeWaits }) => {
      await rival.query('BEGIN')
      await insertUser(rival, schema, objectId(1))
      const result = store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(1) })
      await storeWaits()
      await rival.query('COMMIT')
      assert.equal((await result)?.created, false)
      assert.deepEqual(failures, [])
    })
  })

  test('a sign-up that waited for another that was rolled back makes the user', async () => {
    await race(pool, async ({ store, schema, failures, rival, storeWaits }) => {
      await rival.query('BEGIN')
      await insertUser(rival, schema, objectId(1))
      const result = store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(2) })
      await storeWaits()
      await rival.query('ROLLBACK')
      const { user, created } = (await result) ?? {}
      assert.deepEqual([user?.id, created], [objectId(2), true])
      assert.deepEqual(failures, [])
    })
  })

  test('23505: an import that waited for a sign-up calls the user taken', async () => {
    await race(pool, async ({ store, schema, failures, rival, storeWaits }) => {
      await rival.query('BEGIN')
      await insertUser(rival, schema, objectId(1))
      const user = { id: objectId(2), type: 'normal', identities: [owned], disabled: false } as const
      const result = store.importUsers([{ ...user, creation_date: NOW, last_authentication_date: NOW }])
      await storeWaits()
      await rival.query('COMMIT')
      assert.deepEqual(await result, ['taken'])
      assert.deepEqual(failures, ['23505'])
    })
  })

  test('a sign-in that waited for the deletion of its user makes a new one', async () => {
    await race(pool, async ({ store, schema, rival, storeWaits }) => {
      await createUser(store, 1, owned)
      await rival.query('BEGIN')
      await rival.query(`DELETE FROM ${schema}.users`)
      const result = store.signIn({ identity: owned, now: NOW + 60, newUserId: () => objectId(1) })
      await storeWaits()
      await rival.query('COMMIT')
      const { user, created } = (await result) ?? {}
      assert.deepEqual([user?.id, user?.creation_date, created], [objectId(1), NOW + 60, true])
    })
  })

  test('a sign-in that waited while its user was disabled does not refresh it', async () => {
    await race(pool, async ({ store, schema, rival, storeWaits }) => {
      const user = await createUser(store, 1, owned)
      await rival.query('BEGIN')
      await rival.query(`UPDATE ${schema}.users SET disabled = true`)
      const result = store.signIn({ identity: identity('24601', { name: 'X' }), now: NOW + 60 })
      await storeWaits()
      await rival.query('COMMIT')
      assert.deepEqual(await result, { user: { ...user, disabled: true }, created: false })
      assert.deepEqual(await store.findUser(user.id), { ...user, disabled: true })
    })
  })

  test('the data of a sign-in that waited for another stays, also when it was there before both', async () => {
    await race(pool, async ({ store, schema, rival, storeWaits }) => {
      const user = await createUser(store, 1, owned)
      await rival.query('BEGIN')
      await rival.query(`UPDATE ${schema}.users SET last_authentication_date = ${NOW + 1}`)
      const other = identityText(identity('24601', { name: 'X' }))
      await rival.query(`UPDATE ${schema}.identities SET identity = $1`, [other])
      const result = store.signIn({ identity: owned, now: NOW + 60 })
      await storeWaits()
      await rival.query('COMMIT')
      const refreshed = { ...user, last_authentication_date: NOW + 60 }
      assert.deepEqual(await result, { user: refreshed, created: false })
      assert.deepEqual(await store.findUser(user.id), refreshed)
    })
  })

  test('40001: a sign-in on serializable connections is repeated', async () => {
    const serializable = newPool('-c default_transaction_isolation=serializable')
    await race(serializable, async ({ store, schema, failures, rival, storeWaits }) => {
      await createUser(store, 1, owned)
      await rival.query('BEGIN')
      await rival.query(`UPDATE ${schema}.users SET last_authentication_date = 0`)
      const result = store.signIn({ identity: owned, now: NOW + 60 })
      await storeWaits()
      await rival.query('COMMIT')
      assert.equal((await result)?.user.last_authentication_date, NOW + 60)
      assert.deepEqual(failures, ['40001'])
    })
  })

  test('40P01: a sign-in that a deadlock ended is repeated', async () => {
    await race(
      // The server looks for a deadlock once, so long after the store has begun to wait: the rival has to wait by then.
      newPool('-c deadlock_timeout=5s'),
      async ({ store, schema, failures, rival, storeWaits }) => {
        await createUser(store, 1, owned)
        await rival.query("SET deadlock_timeout = '10min'")
        await rival.query('BEGIN')
        await rival.query(`SELECT FROM ${schema}.identities FOR UPDATE`)
        const result = store.signIn({ identity: identity('24601', { name: 'Jean Valjean' }), now: NOW + 60 })
        await storeWaits()
        // The store's sign-in has the user and waits for the identity; now the rival waits for the user.
        await rival.query(`UPDATE ${schema}.users SET last_authentication_date = 0`)
        await rival.query('COMMIT')
        assert.equal((await result)?.user.last_authentication_date, NOW + 60)
        assert.deepEqual(failures, ['40P01'])
      },
    )
  })

  test('fifty times at most, then it throws', async () => {
    await race(pool, async ({ schema }) => {
      const failure = Object.assign(new Error('deadlock detected'), { code: '40P01' })
      let attempts = 0
      const store = postgresStore({
        schema,
        pool: {
          query(text, values) {
            if (!text.includes('DELETE')) return pool.query(text, values)
            attempts += 1
            return Promise.reject(failure)
          },
        },
      })
      await assert.rejects(async () => store.deleteUser(objectId(1)), failure)
      assert.equal(attempts, 50)
    })
  })
})
