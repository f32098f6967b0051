import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import { postgresTexts } from '../../lib/stores/sql/postgres-statements.js'
import { createUser, identity, NOW, objectId } from '../../lib/testing/store-contract/support.js'
import { newPool, newSchema, pool, recorded, skip } from './postgres-server.js'

async function versions(schema: string): Promise<unknown[]> {
  const { rows } = await pool.query(`SELECT version FROM ${schema}.schema_version`)
  return rows as unknown[]
}

describe('ensureSchema', { skip }, () => {
  test('makes the tables once when twenty processes start at once', async () => {
    for (let round = 1; round <= 3; round += 1) {
      const schema = newSchema()
      const many = Array.from({ length: 20 }, () => postgresStore({ pool: newPool(), schema }))
      await Promise.all(many.map((store) => store.ensureSchema()))
      assert.deepEqual(await versions(schema), [{ version: 2 }])
      assert.equal((await createUser(many[0] ?? assert.fail(), 1)).id, objectId(1))
    }
  })

  test('only looks when the tables are there', async () => {
    const schema = newSchema()
    const store = postgresStore({ pool, schema })
    await store.ensureSchema()
    await createUser(store, 1)
    const { pool: counted, texts } = recorded(pool)
    const next = postgresStore({ pool: counted, schema })
    await next.ready?.()
    assert.ok(texts.every((text) => text.startsWith('SELECT')))
    assert.equal((await next.findUser(objectId(1)))?.id, objectId(1))
  })

  test('is not needed: the first verb makes the tables too', async () => {
    const store = postgresStore({ pool, schema: newSchema() })
    assert.equal(await store.findUser(objectId(1)), undefined)
  })

  test('keeps two schemas of one database apart', async () => {
    const [one, two] = [newSchema(), newSchema()].map((schema) => postgresStore({ pool, schema }))
    assert.ok(one && two)
    await createUser(one, 1)
    assert.equal(await two.findUser(objectId(1)), undefined)
    await createUser(two, 1)
  })

  test('refuses tables of a later version, and says so', async () => {
    const schema = newSchema()
    await postgresStore({ pool, schema }).ensureSchema()
    await pool.query(`INSERT INTO ${schema}.schema_version VALUES (3)`)
    const store = postgresStore({ pool, schema })
    const refusal =
      /schema version 3.* only knows versions up to 2: use the version of the package that made them/
    await assert.rejects(async () => store.ready?.(), refusal)
    await assert.rejects(async () => store.findUser(objectId(1)), refusal)
  })

  test('works for a role that may only read and write, when the tables are there', async () => {
    const schema = newSchema()
    await postgresStore({ pool, schema }).ensureSchema()
    await asRole(schema, async (role) => {
      await pool.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
      await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
      const store = postgresStore({ pool: newPool(`-c role=${role}`), schema })
      await store.ready?.()
      await createUser(store, 1)
      assert.equal(await store.deleteUser(objectId(1)), true)
    })
  })

  test('makes the tables in a schema that was made for it', async () => {
    const schema = newSchema()
    await pool.query(`CREATE SCHEMA ${schema}`)
    await asRole(schema, async (role) => {
      await pool.query(`GRANT ALL ON SCHEMA ${schema} TO ${role}`)
      const store = postgresStore({ pool: newPool(`-c role=${role}`), schema })
      await store.ready?.()
      await createUser(store, 1)
    })
  })

  async function asRole(name: string, body: (role: string) => Promise<void>): Promise<void> {
    await pool.query(`CREATE ROLE ${name}`)
    try {
      await body(name)
    } finally {
      await pool.query(`DROP OWNED BY ${name} CASCADE`)
      await pool.query(`DROP ROLE ${name}`)
    }
  }
})

describe('every statement finds its rows by an index', { skip }, () => {
  const schema = newSchema()
  const sql = postgresTexts(schema)
  const id = objectId(1)
  const key = 'a'.repeat(64)
  const values: Record<string, unknown[]> = {
    signIn: [key, JSON.stringify(identity('24601')), NOW, id, NOW],
    isIdTaken: [id, key],
    findUser: [id],
    findIdentity: [key],
    unblockIdentity: [key],
    listUsers: [id, 100],
    setUserDisabled: [id, true],
    deleteUser: [id],
    linkIdentity: [id, key, '{}', 20, NOW],
    unlinkIdentity: [id, key],
    importUsers: [[id], ['normal'], [NOW], [NOW], [false], [key], [id], ['{}'], [1]],
    createSession: [id, id, key, id, NOW, NOW, 0, 0],
    endOldestSessions: [id, 100],
    findSession: [id],
    rotateSession: [id, 0, NOW, 10],
    revokeSession: [id],
    revokeSessions: [id],
    removeExpiredSessions: [NOW, 100],
  }
  // In tables as small as these, reading everything is cheaper; a scan that is left then is one without an index.
  const planner = newPool('-c enable_seqscan=off')

  for (const [verb, given] of Object.entries(values))
    test(verb, async () => {
      await postgresStore({ pool, schema }).ensureSchema()
      const { rows } = await planner.query(`EXPLAIN ${sql[verb as keyof typeof sql]}`, given)
      const plan = (rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']).join('\n')
      const known = /Seq Scan on (users|identities|sessions)/
      assert.doesNotMatch(plan, known)
      assert.match(plan, /Index (Only )?Scan|Bitmap Index Scan/)
    })

  test('and no verb is left out', () => {
    const others = ['schema', 'schemaVersion', 'createSchema', 'findSchema', 'findOwner', 'blockIdentity']
    assert.deepEqual(Object.keys(sql).sort(), [...Object.keys(values), ...others].sort())
  })

  test('a page is read in the order of the index, without sorting', async () => {
    const { rows } = await planner.query(`EXPLAIN ${sql.listUsers}`, [id, 100])
    const [limit, scan] = rows as { 'QUERY PLAN': string }[]
    assert.match(limit?.['QUERY PLAN'] ?? '', /^Limit/)
    assert.match(scan?.['QUERY PLAN'] ?? '', /-> +Index Scan using users_pkey on users/)
  })
})
