// What a million users cost: the SQLite or the PostgreSQL store with a thousand users and more, up to a million.
// stores.mjs SQLite|PostgreSQL
//
// PostgreSQL is the server that POSTGRES_URL names; it gets schemas of its own, which are dropped at the end. Calls come one
// after another, in batches that take turns between the sizes.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresStore } from '../dist/esm/stores/sql/postgres.js'
import { sqliteStore } from '../dist/esm/stores/sql/sqlite.js'
import { lowestDecile, rounded, rounds } from './statistics.mjs'

const SIZES = process.env.BENCH_TRY ? [1_000, 2_000] : [1_000, 10_000, 100_000, 1_000_000]
const ROUNDS = rounds(100)
const CALLS = 50
const NOW = 1_800_000_000
const PAGE = 100

const subject = (number) => `subject ${number}`
const identity = (number, name = 'Jean') => ({
  id: subject(number),
  provider_type: 'custom-token',
  data: { name },
})
const hex = (algorithm, text) => createHash(algorithm).update(text).digest('hex')
/** As scattered as the ids that are derived from subjects. */
const userId = (number) => hex('md5', String(number)).slice(0, 24)

async function openSqlite(size, folder) {
  const path = join(folder, `${size}.db`)
  const store = sqliteStore({ path })
  await store.ready()
  const builtin = process.getBuiltinModule('node:sqlite')
  const Database = builtin ? builtin.DatabaseSync : createRequire(import.meta.url)('libsql')
  const database = new Database(path)
  const addUser = database.prepare(
    `INSERT INTO custom_jwt_auth_users VALUES (?, 'normal', ${NOW}, ${NOW}, 0)`,
  )
  const addIdentity = database.prepare(
    'INSERT INTO custom_jwt_auth_identities (key, user_id, identity) VALUES (?, ?, ?)',
  )
  database.exec('BEGIN')
  for (let number = 1; number <= size; number += 1) {
    const key = hex('sha256', JSON.stringify(['custom-token', subject(number)]))
    addUser.run(userId(number))
    addIdentity.run(key, userId(number), JSON.stringify(identity(number)))
  }
  database.exec('COMMIT')
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
  return { store, drop: () => store.close() }
}

async function openPostgres(size, pool) {
  const schema = `bench_${process.pid}_${size}`
  const store = postgresStore({ pool, schema })
  await store.ready()
  await pool.query(`
    INSERT INTO ${schema}.users
    SELECT left(md5(n::text), 24), 'normal', ${NOW}, ${NOW}, false, 1 FROM generate_series(1, ${size}) AS n`)
  await pool.query(`
    INSERT INTO ${schema}.identities (key, user_id, identity)
    SELECT encode(sha256(convert_to('["custom-token","subject ' || n || '"]', 'UTF8')), 'hex'),
      left(md5(n::text), 24),
      '{"id":"subject ' || n || '","provider_type":"custom-token","data":{"name":"Jean"}}'
    FROM generate_series(1, ${size}) AS n`)
  await pool.query(`VACUUM ANALYZE ${schema}.users, ${schema}.identities`)
  return { store, drop: () => pool.query(`DROP SCHEMA ${schema} CASCADE`) }
}

const random = (size) => 1 + Math.floor(Math.random() * size)
let newUsers = 10_000_000
/** Goes on with each call: SQLite does not write what is the same as before. */
let now = NOW
const tick = () => (now += 1)
const afterWhichIsOnePage = Object.fromEntries(
  SIZES.map((size) => [
    size,
    Array.from({ length: size }, (_, index) => userId(index + 1))
      .sort()
      .at(-PAGE - 1),
  ]),
)

/** What is measured, each as one call of a store of so many users. */
const calls = {
  'sign in': (store, size) => store.signIn({ identity: identity(random(size)), now: tick() }),
  'sign in, new data': (store, size) =>
    store.signIn({ identity: identity(random(size), `Jean ${Math.random()}`), now: tick() }),
  'sign up': (store) => {
    newUsers += 1
    return store.signIn({ identity: identity(newUsers), now: tick(), newUserId: userId(newUsers) })
  },
  'find a user': (store, size) => store.findUser(userId(random(size))),
  'first page of 100': (store) => store.listUsers({ limit: PAGE }),
  'last page of 100': (store, size) => store.listUsers({ limit: PAGE, after: afterWhichIsOnePage[size] }),
}

/** Milliseconds of a call, by the number of users. */
async function measure(stores, call) {
  const times = stores.map(() => [])
  for (let round = -1; round < ROUNDS; round += 1)
    for (const [index, { store, size }] of stores.entries()) {
      const begin = performance.now()
      for (let count = 0; count < CALLS; count += 1) {
        const result = await call(store, size)
        if (!result || (result.length ?? PAGE) < PAGE)
          throw new Error('found nothing: the measurement is worth nothing')
      }
      // The first round warms up.
      if (round >= 0) times[index].push((performance.now() - begin) / CALLS)
    }
  return stores.map(({ size }, index) => ({
    users: size,
    milliseconds: rounded(lowestDecile(times[index])),
  }))
}

async function measureAll(open) {
  const stores = []
  try {
    for (const size of SIZES) stores.push({ size, ...(await open(size)) })
    const results = []
    for (const [name, call] of Object.entries(calls)) {
      const points = await measure(stores, call)
      const ratio = rounded(points.at(-1).milliseconds / points[0].milliseconds)
      results.push({ call: name, points, ratio })
    }
    return results
  } finally {
    for (const { drop } of stores) await drop()
  }
}

const engines = {
  async SQLite() {
    const folder = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-bench-'))
    try {
      const engine = process.getBuiltinModule('node:sqlite') ? 'node:sqlite' : 'libsql'
      return { engine, calls: await measureAll((size) => openSqlite(size, folder)) }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
  async PostgreSQL() {
    const { default: pg } = await import('pg')
    const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL })
    const { rows } = await pool.query('SHOW server_version')
    const measured = await measureAll((size) => openPostgres(size, pool))
    await pool.end()
    return { engine: rows[0].server_version.split(' ')[0], calls: measured }
  },
}

const [store] = process.argv.slice(2)
process.send({ store, ...(await engines[store]()) })
process.disconnect()
process.exit()
