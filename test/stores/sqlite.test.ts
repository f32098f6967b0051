import assert from 'node:assert/strict'
import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, test } from 'node:test'
import { ConfigurationError } from 'custom-jwt-auth'
import { sqliteStore, type SqliteDatabase, type SqliteStoreOptions } from 'custom-jwt-auth/stores/sqlite'
import { storeContract } from 'custom-jwt-auth/testing'
import {
  createSession,
  createUser,
  identity,
  NOW,
  objectId,
  session,
} from '../../lib/testing/store-contract/support.js'
import { chosen, drivers, folder, newPath } from './sqlite-files.js'

describe(`sqliteStore({ path }) keeps the contract, on ${chosen.name}`, () => {
  storeContract({ describe, it }, () => sqliteStore({ path: newPath() }))
})

for (const { name, open } of drivers)
  describe(`sqliteStore({ database }) keeps the contract, on ${name}`, () => {
    storeContract({ describe, it }, () => {
      const database = open(':memory:')
      return { ...sqliteStore({ database }), close: () => void database.close() }
    })
  })

describe('sqliteStore({ path })', () => {
  test('keeps users and sessions beyond its end', async () => {
    const path = newPath()
    const first = sqliteStore({ path })
    const user = await createUser(first, 1, identity('24601', { name: 'Jean' }))
    const record = await createSession(first, session(10, user.id))
    await first.setUserDisabled(user.id, true)
    await first.close?.()
    const second = sqliteStore({ path })
    const kept = { ...user, disabled: true }
    assert.deepEqual(await second.findSession(record.id), { session: record, user: kept })
    await second.close?.()
  })

  test('shares its file with other stores', async () => {
    const path = newPath()
    const [one, two] = [sqliteStore({ path }), sqliteStore({ path })]
    const user = await createUser(one, 1, identity('24601'))
    assert.deepEqual(await two.signIn({ identity: identity('24601'), now: NOW }), { user, created: false })
    await two.deleteUser(user.id)
    assert.equal(await one.findUser(user.id), undefined)
    await one.close?.()
    await two.close?.()
  })

  test('can be closed twice, and then throws', async () => {
    const store = sqliteStore({ path: newPath() })
    await store.ready?.()
    await store.close?.()
    await store.close?.()
    await assert.rejects(async () => store.findUser(objectId(1)), /the SQLite store is closed/)
  })

  test('refuses a file that is not a database when it gets ready', async () => {
    const path = newPath()
    writeFileSync(path, 'no database '.repeat(100))
    const store = sqliteStore({ path })
    await assert.rejects(async () => store.ready?.(), /not a database/)
    await store.close?.()
  })
})

describe('sqliteStore({ database })', () => {
  for (const { name, open } of drivers) {
    test(`leaves the database of the app open and as it is, on ${name}`, async () => {
      const database = open(':memory:')
      database.exec('CREATE TABLE users (name text); INSERT INTO users VALUES (1)')
      database.exec('PRAGMA busy_timeout = 1234')
      const store = sqliteStore({ database })
      await store.ready?.()
      await createUser(store, 1)
      await store.close?.()
      const count = (table: string) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()
      assert.equal((count('users') as { n: number }).n, 1)
      assert.equal((count('custom_jwt_auth_users') as { n: number }).n, 1)
      const timeout = database.prepare('PRAGMA busy_timeout').get() as { timeout: number }
      assert.equal(timeout.timeout, 1234)
      database.close()
    })

    test(`refuses a SQLite that is too old, and makes no tables in it, on ${name}`, async () => {
      const database = open(':memory:')
      database.exec('PRAGMA foreign_keys = ON')
      const old: SqliteDatabase = {
        exec: (sql) => database.exec(sql),
        prepare: (sql) => database.prepare(sql.replace('sqlite_version()', "'3.43.2'")),
        close: () => database.close(),
      }
      await assert.rejects(async () => sqliteStore({ database: old }).ready?.(), {
        code: 'CONFIGURATION_INVALID',
        message: /sqliteStore: needs SQLite 3\.44 or later, but the driver has 3\.43\.2/,
      })
      assert.deepEqual(database.prepare('SELECT name FROM sqlite_master').all(), [])
      database.close()
    })

    test(`refuses one that does not enforce foreign keys, on ${name}`, async () => {
      const database = open(':memory:')
      database.exec('PRAGMA foreign_keys = OFF')
      const store = sqliteStore({ database })
      await assert.rejects(async () => store.ready?.(), {
        code: 'CONFIGURATION_INVALID',
        message: /sqliteStore\.database: does not enforce foreign keys.*Run PRAGMA foreign_keys = ON/,
      })
      await assert.rejects(async () => store.findUser(objectId(1)))
      database.close()
    })

    test(`changes nothing inside a transaction that the app holds open, on ${name}`, async () => {
      const database = open(':memory:')
      const store = sqliteStore({ database })
      await store.ready?.()
      database.exec('BEGIN')
      await assert.rejects(
        async () => store.signIn({ identity: identity('a'), now: NOW, newUserId: () => objectId(1) }),
        /within a transaction/,
      )
      database.exec('COMMIT')
      await createUser(store, 1)
      database.close()
    })
  }
})

describe('the options of sqliteStore', () => {
  const database = chosen.open(':memory:')
  const path = newPath()
  const cases: Record<string, { options: unknown; named: string[] }> = {
    'no options': { options: undefined, named: ['sqliteStore', 'sqliteStore.path'] },
    'neither path nor database': { options: {}, named: ['sqliteStore.path'] },
    'both path and database': { options: { path, database }, named: ['sqliteStore'] },
    'a blank path': { options: { path: ' ' }, named: ['sqliteStore.path'] },
    'a path that is not a string': { options: { path: 5 }, named: ['sqliteStore.path'] },
    'a database that is a path': { options: { database: path }, named: ['sqliteStore.database'] },
    'a database that is null': { options: { database: null }, named: ['sqliteStore.database'] },
    'an unknown option': { options: { path, timeout: 5 }, named: ['sqliteStore.timeout'] },
    'a folder that is not there': {
      options: { path: join(folder, 'none', 'users.db') },
      named: ['sqliteStore.path'],
    },
    'a path that is a folder': { options: { path: folder }, named: ['sqliteStore.path'] },
  }
  for (const [title, { options, named }] of Object.entries(cases))
    test(`${title}: refused at once`, () => {
      assert.throws(
        () => sqliteStore(options as SqliteStoreOptions),
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
})

describe('the file of a store', () => {
  test("is its owner's alone, and is the whole database once the store is closed", async () => {
    const path = newPath()
    const store = sqliteStore({ path })
    await createUser(store, 1)
    const files = ['', '-wal', '-shm'].map((suffix) => path + suffix)
    for (const file of files) assert.equal(statSync(file).mode & 0o777, 0o600, file)
    await store.close?.()
    assert.ok(!existsSync(`${path}-wal`) || statSync(`${path}-wal`).size === 0)
    const copy = newPath()
    copyFileSync(path, copy)
    const copied = sqliteStore({ path: copy })
    assert.equal((await copied.findUser(objectId(1)))?.id, objectId(1))
    await copied.close?.()
  })
})
