// A database goes away in mid-traffic: 503 in bounded time until it is back, for every kind of request, and then all is
// as before. No 401, which would log everybody out, no 500, no restart.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from 'custom-jwt-auth'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { MongoClient, type MongoClientOptions } from 'mongodb'
import { Pool, type PoolConfig } from 'pg'
import { startApp } from '../support/app.js'
import { eventually } from '../support/eventually.js'
import { skip as skipOwn, startOwnPostgres } from '../support/own-postgres.js'
import { requireServer } from '../support/servers.js'
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js'
import { openDatabase } from './mongodb-support.js'
import { KINDS, startTraffic, type Kind } from './outage-traffic.js'
import { newSchema, skip as skipPostgres } from './postgres-server.js'
import { chosen, newPath } from './sqlite-files.js'

/** As docs/stores.md has them, in proportion to the timeoutSeconds of the traffic. */
const POOL_OPTIONS: PoolConfig = { connectionTimeoutMillis: 600, query_timeout: 800 }
const CLIENT_OPTIONS = { serverSelectionTimeoutMS: 600, waitQueueTimeoutMS: 600, socketTimeoutMS: 800 }
/** For a first request that has to be answered at the first try: it makes the tables, on a machine that may be busy. */
const PATIENCE_SECONDS = 60
const PATIENT_POOL_OPTIONS: PoolConfig = { connectionTimeoutMillis: 50_000, query_timeout: 50_000 }
const PATIENT_CLIENT_OPTIONS = { serverSelectionTimeoutMS: 4000, waitQueueTimeoutMS: 4000 }

const ALL_UNAVAILABLE = KINDS.map((kind) => `${kind}: 503`).sort()

/** A pool without an 'error' listener, as apps have it. */
function newPool(t: TestContext, url: string, options: PoolConfig): Pool {
  const pool = new Pool({ connectionString: url, ...options })
  t.after(() => pool.end())
  return pool
}

function openPostgres(t: TestContext, url: string, options: PoolConfig): Store {
  return postgresStore({ pool: newPool(t, url, options), schema: newSchema() })
}

function openMongodb(t: TestContext, url: string, options: MongoClientOptions): Store {
  const client = new MongoClient(url, { ...options, directConnection: true })
  t.after(() => client.close())
  return mongodbStore({ db: client.db(mongodbName) })
}

const postgres = requireServer('POSTGRES_URL')
const mongodb = requireServer('MONGODB_URI')
const mongodbName = 'url' in mongodb ? openDatabase(mongodb.url).db.databaseName : ''
const databases: {
  name: string
  server: ReturnType<typeof requireServer>
  open: (t: TestContext, url: string) => Store
  openPatiently: (t: TestContext, url: string) => Store
}[] = [
  {
    name: 'PostgreSQL',
    server: postgres,
    open: (t, url) => openPostgres(t, url, POOL_OPTIONS),
    openPatiently: (t, url) => openPostgres(t, url, PATIENT_POOL_OPTIONS),
  },
  {
    name: 'PostgreSQL behind a pool without time limits',
    server: postgres,
    open: (t, url) => openPostgres(t, url, {}),
    openPatiently: (t, url) => openPostgres(t, url, {}),
  },
  {
    name: 'MongoDB',
    server: mongodb,
    open: (t, url) => openMongodb(t, url, CLIENT_OPTIONS),
    openPatiently: (t, url) => openMongodb(t, url, PATIENT_CLIENT_OPTIONS),
  },
]

const faults: Record<string, (proxy: TcpProxy) => unknown> = {
  'closes its port': (proxy) => proxy.refuse(),
  'goes silent': (proxy) => {
    proxy.freeze()
  },
}

for (const { name, server, open, openPatiently } of databases)
  describe(name, { skip: 'skip' in server ? server.skip : false }, () => {
    const start = async (t: TestContext) => {
      const proxy = await startProxy(t, 'url' in server ? server.url : '')
      return { proxy, traffic: await startTraffic(t, open(t, proxy.url)) }
    }

    for (const [what, fault] of Object.entries(faults))
      test(`that ${what} in mid-traffic makes all 503, and all is well when it is back`, async (t) => {
        const { proxy, traffic } = await start(t)
        await traffic.all('well')
        await fault(proxy)
        const from = performance.now()
        await traffic.all('unavailable')
        await sleep(1000)
        const to = performance.now()
        await proxy.pass()
        assert.deepEqual([...traffic.between(from, to)].sort(), ALL_UNAVAILABLE)
        await traffic.all('well')
        await traffic.end()
      })

    test('that is away at the start is used as soon as it is there', async (t) => {
      const proxy = await startProxy(t, 'url' in server ? server.url : '')
      await proxy.refuse()
      const store = openPatiently(t, proxy.url)
      const app = await startApp(t, { store, timeoutSeconds: PATIENCE_SECONDS })
      for (let time = 0; time < 2; time += 1) assert.equal((await app.login()).status, 503)
      await proxy.pass()
      assert.equal((await app.login()).status, 200)
    })

    test('that goes silent and then resets what was open is used again', async (t) => {
      const { proxy, traffic } = await start(t)
      proxy.freeze()
      await traffic.all('unavailable')
      proxy.cut()
      await proxy.pass()
      await traffic.all('well')
      await traffic.end()
    })

    test('whose connections are reset again and again in mid-traffic loses nothing', async (t) => {
      const { proxy, traffic } = await start(t)
      for (let time = 0; time < 20; time += 1) {
        await sleep(Math.random() * 100)
        proxy.cut()
      }
      await traffic.all('well')
      await traffic.end()
    })
  })

describe('PostgreSQL', { skip: skipPostgres }, () => {
  const url = 'url' in postgres ? postgres.url : ''

  test('whose open connections stay silent forever is used again by a pool with time limits', async (t) => {
    const proxy = await startProxy(t, url)
    // Of several, each would fail once.
    const store = openPostgres(t, proxy.url, { ...PATIENT_POOL_OPTIONS, query_timeout: 4000, max: 1 })
    const app = await startApp(t, { store, timeoutSeconds: PATIENCE_SECONDS })
    assert.equal((await app.login()).status, 200)
    proxy.strand()
    assert.equal((await app.login()).status, 503)
    assert.equal((await app.login()).status, 200)
  })

  test('that breaks idle connections does not end the process of an app that does not listen', async (t) => {
    const proxy = await startProxy(t, url)
    const pool = newPool(t, proxy.url, {})
    const store = postgresStore({ pool, schema: newSchema() })
    await store.ready?.()
    assert.equal(pool.idleCount, 1)
    proxy.cut()
    // An 'error' that nobody hears is an uncaught exception, which fails the test.
    await eventually(() => pool.totalCount === 0)
    assert.equal(await store.findUser('0'.repeat(24)), undefined)
  })

  test("leaves an app that listens to its pool's errors alone", () => {
    const pool = new Pool().on('error', () => undefined)
    postgresStore({ pool })
    assert.equal(pool.listenerCount('error'), 1)
  })
})

describe('a PostgreSQL server', { skip: skipOwn }, () => {
  for (const mode of ['fast', 'immediate'] as const)
    test(`that is stopped (${mode}) and started again in mid-traffic loses nobody`, async (t) => {
      const server = await startOwnPostgres(t)
      const store = postgresStore({ pool: newPool(t, server.url, POOL_OPTIONS) })
      const traffic = await startTraffic(t, store)
      await traffic.all('well')
      await server.stop(mode)
      await traffic.all('unavailable')
      await server.start()
      await traffic.all('well')
      await traffic.end()
    })
})

test('a SQLite file that another process has locked makes 503 of what writes, and of nothing else', async (t) => {
  const path = newPath()
  const store = sqliteStore({ path })
  t.after(() => store.close?.())
  const traffic = await startTraffic(t, store)
  const rival = chosen.open(path)
  t.after(() => rival.close())
  const writing: Kind[] = ['new subject', 'login', 'refresh']
  const reading: Kind[] = ['access token', 'known subject']
  rival.exec('BEGIN IMMEDIATE')
  const from = performance.now()
  await Promise.all([traffic.all('unavailable', writing), traffic.all('well', reading)])
  const to = performance.now()
  rival.exec('COMMIT')
  assert.deepEqual(
    [...traffic.between(from, to)].sort(),
    [...reading.map((kind) => `${kind}: 200`), ...writing.map((kind) => `${kind}: 503`)].sort(),
  )
  await traffic.all('well')
  await traffic.end()
})
