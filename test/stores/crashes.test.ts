// Processes are killed while they work on a store. Whatever one was answered is kept, nothing is there by half, and the
// others go on.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from 'custom-jwt-auth'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { compiled } from '../support/compiled.js'
import { eventually } from '../support/eventually.js'
import { randomFrom } from '../support/random.js'
import { assertKept, type Line } from './crash-log.js'
import { newPool, newSchema, pool, skip } from './postgres-server.js'
import { chosen, newPath } from './sqlite-files.js'

const KILLS = 200
const WRITERS = 4
/** How long a writer works at most before it, or the next one, is killed. */
const MAX_WORK_MS = 60

const script = compiled(new URL('crash-writer.ts', import.meta.url))

interface Database {
  readonly kind: 'sqlite' | 'postgres'
  /** The file, or the schema. */
  readonly place: string
  /** What stands before the names of the tables. */
  readonly tables: string
  /** The store by a new connection, when nothing of the dead goes on. */
  readonly open: () => Promise<Store>
  /** The one value of an answer. */
  readonly ask: (sql: string) => Promise<unknown>
}

function startWriter({ kind, place }: Database, round: number, number: number) {
  const args = [script, kind, place, String(round), String(number)]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log: Line[] = []
  const begins = once(child.stdout, 'data')
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    // What the kill has cut short was not said.
    rest = lines.pop() ?? ''
    for (const line of lines.filter(Boolean)) log.push(JSON.parse(line) as Line)
  })
  return {
    log,
    begins,
    answers: () => log.filter(({ phase }) => phase === 'done').length,
    async kill() {
      child.kill('SIGKILL')
      const [, signal] = (await once(child, 'close')) as unknown[]
      assert.equal(signal, 'SIGKILL', 'the writer ended by itself')
    },
  }
}

/** Kills writers one after the other; as long as there are others, they go on. */
async function killRound(database: Database, round: number, random: () => number): Promise<Line[]> {
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    startWriter(database, round, 1 + round * WRITERS + index),
  )
  await Promise.all(writers.map(({ begins }) => begins))
  for (const [index, writer] of writers.entries()) {
    await sleep(random() * MAX_WORK_MS)
    await writer.kill()
    const others = writers.slice(index + 1).map(({ answers }) => ({ answers, before: answers() }))
    await eventually(() => others.every(({ answers, before }) => answers() > before))
  }
  return writers.flatMap(({ log }) => log)
}

async function killWriters(t: TestContext, database: Database): Promise<void> {
  const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
  t.diagnostic(`SEED=${String(seed)}`)
  const random = randomFrom(seed)
  const all: Line[] = []
  const check = async (log: readonly Line[]): Promise<void> => {
    const store = await database.open()
    await store.ready?.()
    await assertKept(log, store)
    await store.close?.()
    assert.equal(Number(await database.ask(countHalves(database.tables))), 0)
  }
  for (let round = 0; round < KILLS / WRITERS; round += 1) {
    const log = await killRound(database, round, random)
    await check(log)
    all.push(...log)
  }
  await check(all)
}

/** How many rows are without what they belong to. */
function countHalves(t: string): string {
  return `SELECT
    (SELECT count(*) FROM ${t}users WHERE id NOT IN (SELECT user_id FROM ${t}identities)) +
    (SELECT count(*) FROM ${t}identities WHERE user_id NOT IN (SELECT id FROM ${t}users)) +
    (SELECT count(*) FROM ${t}sessions WHERE identity_key NOT IN (SELECT key FROM ${t}identities))`
}

function firstOf(row: unknown): unknown {
  return Object.values(row as object)[0]
}

describe(`${String(KILLS)} kills of a writer lose nothing, and leave no half of anything`, () => {
  test('on SQLite', async (t) => {
    const place = newPath()
    const ask = (sql: string) => {
      const database = chosen.open(place)
      const row = database.prepare(sql).get()
      database.close()
      return Promise.resolve(firstOf(row))
    }
    const open = () => Promise.resolve(sqliteStore({ path: place }))
    await killWriters(t, { kind: 'sqlite', place, tables: 'custom_jwt_auth_', open, ask })
    assert.equal(await ask('PRAGMA integrity_check'), 'ok')
  })

  test('on PostgreSQL', { skip }, async (t) => {
    const place = newSchema()
    const ask = async (sql: string) => firstOf((await pool.query(sql)).rows[0])
    const connections = `SELECT count(*) FROM pg_stat_activity WHERE application_name = '${place}'`
    await killWriters(t, {
      kind: 'postgres',
      place,
      tables: `${place}.`,
      ask,
      async open() {
        // The server goes on with the last statement of a client that is gone.
        await eventually(async () => Number(await ask(connections)) === 0)
        return postgresStore({ pool: newPool('', 1), schema: place })
      },
    })
  })
})
