// What a million users cost: the SQLite and PostgreSQL stores with a thousand and with a million of them.
//
//   npm --prefix bench start -- stores
//
// PostgreSQL is measured when POSTGRES_URL names a server; it gets two schemas of its own, which are dropped at the end.
// Calls come one after another, in rounds that alternate between the two sizes; a number is the median of all.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { postgresStore } from '../dist/esm/stores/sql/postgres.js'
import { sqliteStore } from '../dist/esm/stores/sql/sqlite.js'

const SIZES = [1_000, 1_000_000]
const ROUNDS = 10
const CALLS = 200
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
    SELECT left(md5(n::text), 24), 'normal', ${NOW}, ${NOW}, false FROM generate_series(1, ${size}) AS n`)
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
  'sign in, same data': (store, size) => store.signIn({ identity: identity(random(size)), now: tick() }),
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

async function measure(stores, call) {
  const times = stores.map(() => [])
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const [index, { store, size }] of stores.entries())
      for (let count = 0; count < CALLS; count += 1) {
        const begin = performance.now()
        const result = await call(store, size)
        const time = performance.now() - begin
        if (!result || (result.length ?? PAGE) < PAGE)
          throw new Error('found nothing: the measurement is worth nothing')
        // The first round warms up.
        if (round > 0) times[index].push(time)
      }
  return times.map((all) => all.toSorted((a, b) => a - b)[all.length / 2])
}

async function report(title, open) {
  const stores = []
  try {
    for (const size of SIZES) stores.push({ size, ...(await open(size)) })
    console.log(
      `\n${title}\n${'median, ms'.padEnd(22)}${'1 000'.padStart(10)}${'1 000 000'.padStart(12)}   ratio`,
    )
    for (const [name, call] of Object.entries(calls)) {
      const [small, big] = await measure(stores, call)
      const ratio = (big / small).toFixed(2)
      console.log(
        `${name.padEnd(22)}${small.toFixed(3).padStart(10)}${big.toFixed(3).padStart(12)}${ratio.padStart(8)}`,
      )
    }
  } finally {
    for (const { drop } of stores) await drop()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-bench-'))
try {
  await report(`SQLite, Node ${process.versions.node}`, (size) => openSqlite(size, folder))
} finally {
  rmSync(folder, { recursive: true })
}

if (process.env.POSTGRES_URL) {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL })
  const { rows } = await pool.query('SHOW server_version')
  await report(`PostgreSQL ${rows[0].server_version}`, (size) => openPostgres(size, pool))
  await pool.end()
} else console.log('\nPostgreSQL is left out: POSTGRES_URL is not set')
