import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { connect } from '../../lib/stores/sql/sqlite-connection.js'
import { SQLITE_TEXTS } from '../../lib/stores/sql/sqlite-statements.js'
import { atOnce, createUser, identity, NOW, objectId } from '../../lib/testing/store-contract/support.js'
import { chosen, drivers, newPath } from './sqlite-files.js'

describe('a database that the store opened', () => {
  test('writes to a log, waits for the disk and enforces foreign keys', async () => {
    const database = chosen.open(newPath())
    const { read, close } = connect({ database, isOurs: true })
    await read(() => undefined)
    const setting = (name: string): unknown =>
      Object.values(database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>)[0]
    assert.deepEqual(['journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout'].map(setting), [
      'wal',
      2,
      1,
      20,
    ])
    close()
  })

  test('refuses tables of a later version, and says so', async () => {
    const path = newPath()
    const first = sqliteStore({ path })
    await first.ready?.()
    const rival = chosen.open(path)
    rival.exec('INSERT INTO custom_jwt_auth_schema_version VALUES (3)')
    const store = sqliteStore({ path })
    const refusal =
      /schema version 3.* only knows versions up to 2: use the version of the package that made them/
    await assert.rejects(async () => store.ready?.(), refusal)
    await assert.rejects(async () => store.findUser(objectId(1)), refusal)
    await first.close?.()
    await store.close?.()
    rival.close()
  })
})

describe('while another connection holds the lock', () => {
  for (const { name, open } of drivers) {
    test(`writes wait, reads and other work go on, and nothing is lost, on ${name}`, async () => {
      const path = newPath()
      const database = open(path)
      database.exec('PRAGMA journal_mode = WAL')
      // Of the same driver: two SQLite libraries in one process do not see each other's locks.
      const own = open(path)
      const store = sqliteStore({ database: own })
      const user = await createUser(store, 1, identity('24601'))
      database.exec('BEGIN IMMEDIATE')
      let isOver = false
      const signIns = atOnce(50, (index) =>
        store.signIn({
          identity: identity(`subject ${index}`),
          now: NOW,
          newUserId: () => objectId(100 + index),
        }),
      ).finally(() => {
        isOver = true
      })
      assert.deepEqual(await store.findUser(user.id), user)
      await sleep(200)
      assert.equal(isOver, false)
      database.exec('COMMIT')
      const results = await signIns
      assert.equal(results.filter((result) => result?.created).length, 50)
      own.close()
      database.close()
    })

    test(`a write throws when the time is over, and the next one goes well, on ${name}`, async () => {
      const path = newPath()
      const database = open(path)
      const connection = connect({ database: open(path), isOurs: true }, 100)
      await connection.read(() => undefined)
      database.exec('BEGIN IMMEDIATE')
      const add = () => connection.write((sql) => sql.addUser.run(objectId(1), 'normal', NOW, NOW, 0))
      const failures = await Promise.allSettled([1, 2, 3].map(async () => add()))
      for (const failure of failures)
        assert.match(String((failure as { reason: unknown }).reason), /database was locked for 100 ms/)
      database.exec('COMMIT')
      assert.equal(await add(), 1)
      connection.close()
      database.close()
    })
  }
})

describe('a transaction', () => {
  for (const { name, open } of drivers)
    test(`that throws leaves nothing behind, and does not bar the next one, on ${name}`, async () => {
      const { read, write } = connect({ database: open(':memory:'), isOurs: false })
      const add = (id: string) => write((sql) => sql.addUser.run(id, 'normal', NOW, NOW, 0))
      const twice = async () =>
        write((sql) => {
          for (let time = 0; time < 2; time += 1) sql.addUser.run(objectId(1), 'normal', NOW, NOW, 0)
        })
      await assert.rejects(twice, /UNIQUE constraint failed/)
      assert.equal(await read((sql) => sql.findUser.get(objectId(1))), undefined)
      assert.equal(await add(objectId(1)), 1)
    })
})

describe('every statement finds its rows by an index', () => {
  for (const { name, open } of drivers)
    test(`on ${name}`, async () => {
      const database = open(':memory:')
      await sqliteStore({ database }).ready?.()
      for (const [verb, text] of Object.entries(SQLITE_TEXTS)) {
        const plan = database.prepare(`EXPLAIN QUERY PLAN ${text.replaceAll(/\$\d/g, '?')}`).all()
        // findIdentity answers with one row in any case: it joins what it finds to one that is made up.
        const made = /^(?:CO-ROUTINE o|MATERIALIZE owner|SCAN (?:CONSTANT ROW|o|owner)(?: LEFT-JOIN)?)$/
        const steps = (plan as { detail: string }[])
          .map(({ detail }) => detail)
          .filter((step) => !(verb === 'findIdentity' && made.test(step)))
        const isInsert = text.startsWith('INSERT') && text.includes('VALUES')
        if (!isInsert) assert.match(steps[0] ?? '', /^SEARCH .* USING .*INDEX/, verb)
        assert.ok(!steps.some((step) => step.startsWith('SCAN')), `${verb}: ${steps.join('; ')}`)
        // A user's sessions are few, and of several identities.
        const isSorted = steps.some((step) => step === 'USE TEMP B-TREE FOR ORDER BY')
        assert.equal(isSorted, verb === 'endOldestSessions', verb)
      }
      database.close()
    })
})
