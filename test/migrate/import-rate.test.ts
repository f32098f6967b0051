// A store that has many users takes the next ones as fast as an empty one.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { importExported } from '../../lib/migrate/import-exported.js'

const COUNT = 100_000
const BATCH_SIZE = 1000
/** Batches that are measured at the begin and at the end; the very first ones warm up. */
const [WARM_UP, MEASURED] = [10, 20]

async function* exportedUsers(): AsyncGenerator<Uint8Array> {
  for (let first = 0; first < COUNT; first += BATCH_SIZE) {
    const lines = Array.from({ length: BATCH_SIZE }, (_, index) => {
      const number = first + index
      const identities = [{ id: `user-${String(number)}`, provider_type: 'custom-token' }]
      // Ids in no order, as a store that sorts them has it hardest.
      const _id = (((number * 7919) % COUNT) + COUNT).toString(16).padStart(24, '0')
      return JSON.stringify({ _id, identities, data: { number }, creation_date: 1500000000 })
    })
    yield await Promise.resolve(Buffer.from(`${lines.join('\n')}\n`))
  }
}

test('an import of 100,000 users keeps its rate to the end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'import-rate-'))
  const store = sqliteStore({ path: join(folder, 'users.db') })
  t.after(async () => {
    await store.close?.()
    rmSync(folder, { recursive: true, force: true })
  })
  // The processor's time: what else the machine does is not the import's.
  const seconds: number[] = []
  let used = process.cpuUsage()
  const summary = await importExported({
    chunks: exportedUsers(),
    store,
    batchSize: BATCH_SIZE,
    signal: new AbortController().signal,
    onSkipped: ({ reason }) => assert.fail(reason),
    onProgress() {
      const { user, system } = process.cpuUsage(used)
      seconds.push((user + system) / 1e6)
      used = process.cpuUsage()
    },
  })
  assert.equal(summary.added, COUNT)
  const sum = (batches: number[]) => batches.reduce((total, one) => total + one, 0)
  const first = sum(seconds.slice(WARM_UP, WARM_UP + MEASURED))
  const last = sum(seconds.slice(COUNT / BATCH_SIZE - MEASURED))
  const rate = (time: number) => `${String(Math.round((MEASURED * BATCH_SIZE) / time))} users a second`
  t.diagnostic(`at the begin ${rate(first)} of processor time, at the end ${rate(last)}`)
  assert.ok(last < first * 3, `${String(first)} s became ${String(last)} s`)
})
