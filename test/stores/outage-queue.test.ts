// Traffic goes on while a database never answers, and the app has set no time limit: what waits has a bound.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import { Pool } from 'pg'
import { startApp, type TestApp } from '../support/app.js'
import { sendRaw } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { assertFreed, memoryInUse } from '../support/heap.js'
import { requireServer } from '../support/servers.js'
import { startProxy } from '../support/tcp-proxy.js'
import { mint } from '../support/tokens.js'
import { newSchema, skip } from './postgres-server.js'

const MAX_UNANSWERED = 10_000
const PER_CONNECTION = 100
const ignore = (): void => undefined

/** Sends requests of one user, all at once, and returns the statuses of the answers. */
async function flood({ url }: TestApp, count: number): Promise<Map<string, number>> {
  const head = `GET /api/me HTTP/1.1\r\nHost: localhost\r\njwtTokenString: ${mint()}\r\n`
  const bytes = `${`${head}\r\n`.repeat(PER_CONNECTION - 1)}${head}Connection: close\r\n\r\n`
  const texts = await Promise.all(
    Array.from({ length: count / PER_CONNECTION }, async () => (await sendRaw(url, bytes)).text),
  )
  const statuses = new Map<string, number>()
  for (const [, status = ''] of texts.join('').matchAll(/HTTP\/1\.1 (.+)/g))
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
  return statuses
}

async function start(t: TestContext, timeoutSeconds: number) {
  const server = requireServer('POSTGRES_URL')
  const proxy = await startProxy(t, 'url' in server ? server.url : '')
  const pool = new Pool({ connectionString: proxy.url })
  t.after(() => pool.end())
  const app = await startApp(t, {
    store: postgresStore({ pool, schema: newSchema() }),
    timeoutSeconds,
    cache: { users: false },
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  })
  // It makes the tables, for which a second may be too short.
  await eventually(async () => (await app.me(mint())).status === 200)
  return { proxy, pool, app }
}

describe('a store behind a pool without time limits', { skip }, () => {
  test('answers 5,000 requests at once', async (t) => {
    const { app } = await start(t, 120)
    assert.deepEqual(await flood(app, 5000), new Map([['200 OK', 5000]]))
  })

  test('that goes silent does not have 12,000 requests queue up, and recovers when it is back', async (t) => {
    const { proxy, pool, app } = await start(t, 1)
    const before = await memoryInUse()
    proxy.freeze()
    assert.deepEqual(await flood(app, 12_000), new Map([['503 Service Unavailable', 12_000]]))
    const { waitingCount } = pool
    assert.ok(Math.abs(waitingCount - MAX_UNANSWERED) < 100, `${String(waitingCount)} calls wait`)
    await proxy.pass()
    await eventually(async () => (await app.me(mint())).status === 200, 120)
    await assertFreed(before, 20e6)
  })
})
