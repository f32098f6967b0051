// The same import into the databases that need a server, and the care of the users that it brought.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import type { Store } from 'custom-jwt-auth'
import { MongoClient, ObjectId } from 'mongodb'
import { Pool } from 'pg'
import { runCli } from '../support/cli.js'
import { requireServer } from '../support/servers.js'

const users = fileURLToPath(new URL('../fixtures/users.json', import.meta.url))
const database = `import_users_${randomBytes(6).toString('hex')}`

/** Imports twice, and looks at what is there. */
async function importTwice(url: string, store: Store, ...flags: string[]): Promise<void> {
  for (const outcome of ['3 added, 0 already there, 0 skipped', '0 added, 3 already there, 0 skipped']) {
    const { code, stdout, stderr } = await runCli(['import-users', users, '--store', url, ...flags])
    assert.deepEqual([code, stderr], [0, ''])
    assert.ok(stdout.includes(outcome), stdout)
  }
  const kept = await store.listUsers({ limit: 10 })
  assert.deepEqual(
    kept.map(({ id, disabled }) => [id, disabled]),
    [
      ['59fdd02846244cd5e5369ebf', false],
      ['5f1a2b3c4d5e6f7081920304', false],
      ['60d5ec49f1a4c12345678901', true],
    ],
  )
  assert.deepEqual(kept[1]?.identities[0], {
    ...{ id: '5f1a2b3c4d5e6f7081920305', provider_type: 'local-userpass' },
    data: { name: 'Cosette', age: 17 },
  })
}

/** Looks after the imported users, by the command alone. */
async function lookAfter(url: string, store: Store, ...flags: string[]): Promise<void> {
  const id = '59fdd02846244cd5e5369ebf'
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(['users', ...args, '--store', url, '--json', ...flags])
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout) as { users?: { id: string }[]; disabled?: boolean }
  }
  assert.equal((await run('list')).users?.length, 3)
  for (const [action, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    await run(action, id)
    assert.equal((await run('show', id)).disabled, disabled)
  }
  await run('revoke', id, '--yes')
  await run('delete', id, '--yes')
  assert.equal(await store.findUser(id), undefined)
}

const postgres = requireServer('POSTGRES_URL')
describe('import-users into PostgreSQL', { skip: 'skip' in postgres && postgres.skip }, () => {
  if ('skip' in postgres) return
  const admin = new Pool({ connectionString: postgres.url })
  const url = new URL(postgres.url)
  url.pathname = `/${database}`
  const pool = new Pool({ connectionString: url.href })
  after(async () => {
    await pool.end()
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    await admin.end()
  })

  test('keeps what was exported, and can be run again', async () => {
    await admin.query(`CREATE DATABASE ${database}`)
    await importTwice(url.href, postgresStore({ pool }))
    await lookAfter(url.href, postgresStore({ pool }))
  })
})

const mongodb = requireServer('MONGODB_URI')
describe('import-users into MongoDB', { skip: 'skip' in mongodb && mongodb.skip }, () => {
  if ('skip' in mongodb) return
  const client = new MongoClient(mongodb.url)
  const urlOf = (name: string): string => {
    const url = new URL(mongodb.url)
    url.pathname = `/${name}`
    return url.href
  }
  after(async () => {
    for (const name of [database, `${database}_oid`]) await client.db(name).dropDatabase()
    await client.close()
  })

  test('keeps what was exported, and can be run again', async () => {
    const store = mongodbStore({ db: client.db(database) })
    await importTwice(urlOf(database), store)
    await lookAfter(urlOf(database), store)
  })

  test('keeps ids as ObjectIds when it is told to', async () => {
    const db = client.db(`${database}_oid`)
    const store = mongodbStore({ db, ObjectId })
    await importTwice(urlOf(db.databaseName), store, '--object-ids')
    assert.ok(await db.collection('auth_users').findOne({ _id: new ObjectId('59fdd02846244cd5e5369ebf') }))
    await lookAfter(urlOf(db.databaseName), store, '--object-ids')
  })
})
