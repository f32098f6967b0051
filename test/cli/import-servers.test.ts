// The same import into the databases that need a server, and the care of the users that it brought.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** Imports people with new subjects, and looks for them by these. */
async function importMapped(url: string, ...flags: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'import-servers-'))
  const map = join(folder, 'map.json')
  writeFileSync(map, JSON.stringify({ javert: 'auth0|3' }))
  const imported = await runCli(['import-users', users, '--map', map, '--store', url, ...flags])
  rmSync(folder, { recursive: true })
  assert.deepEqual([imported.code, imported.stderr], [0, ''], imported.stdout)
  const run = async (...args: string[]) => {
    const { code, stdout } = await runCli(['users', ...args, '--store', url, '--json', ...flags])
    return [code, (JSON.parse(stdout) as { id?: string }).id] as const
  }
  const javert = '60d5ec49f1a4c12345678901'
  assert.deepEqual(await run('find', '--subject', 'auth0|3'), [0, javert])
  assert.deepEqual(await run('find', '--subject', 'javert'), [1, undefined])
  assert.deepEqual(await run('link', javert, '--subject', 'auth0|4'), [0, javert])
  assert.deepEqual(await run('find', '--subject', 'auth0|4'), [0, javert])
  assert.deepEqual(await run('link', javert, '--subject', '24601'), [1, javert])
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
    const store = postgresStore({ pool })
    await importTwice(url.href, store)
    await lookAfter(url.href, store)
    for (const { id } of await store.listUsers({ limit: 10 })) await store.deleteUser(id)
    await importMapped(url.href)
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
    for (const name of [database, `${database}_map`, `${database}_oid`]) await client.db(name).dropDatabase()
    await client.close()
  })

  test('keeps what was exported, and can be run again', async () => {
    const store = mongodbStore({ db: client.db(database) })
    await importTwice(urlOf(database), store)
    await lookAfter(urlOf(database), store)
  })

  test('gives people new subjects', async () => {
    await importMapped(urlOf(`${database}_map`))
  })

  test('keeps ids as ObjectIds when it is told to', async () => {
    const db = client.db(`${database}_oid`)
    const store = mongodbStore({ db, ObjectId })
    await importTwice(urlOf(db.databaseName), store, '--object-ids')
    assert.ok(await db.collection('auth_users').findOne({ _id: new ObjectId('59fdd02846244cd5e5369ebf') }))
    await lookAfter(urlOf(db.databaseName), store, '--object-ids')
  })
})
