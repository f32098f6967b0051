// 100,000 users into SQLite, stopped half-way and run again.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, test } from 'node:test'
import type { Store } from 'custom-jwt-auth'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { runCli, startCli } from '../support/cli.js'
import { eventually } from '../support/eventually.js'

const COUNT = 100_000
const scratch = mkdtempSync(join(tmpdir(), 'import-interrupted-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

const objectId = (number: number) => number.toString(16).padStart(24, '0')

function* exportedUsers(): Generator<string> {
  for (let number = 1; number <= COUNT; number += 1) {
    const identity = { id: `user-${String(number)}`, provider_type: 'custom-token', provider_id: objectId(0) }
    const dates = { creation_date: 1500000000 + number, last_authentication_date: 1600000000 }
    const user = { _id: objectId(number), type: 'normal', identities: [identity], data: { number }, ...dates }
    yield `${number === 1 ? '[\n' : ',\n'}${JSON.stringify({ ...user, disabled: number % 10 === 0 })}`
  }
  yield '\n]\n'
}

async function idsIn(store: Store): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const after = ids.at(-1)
    const page = await store.listUsers({ limit: 1000, ...(after !== undefined && { after }) })
    if (page.length === 0) return ids
    for (const { id, identities, disabled } of page) {
      const number = Number.parseInt(id, 16)
      const identity = { id: `user-${String(number)}`, provider_type: 'custom-token', data: { number } }
      assert.deepEqual([identities, disabled], [[identity], number % 10 === 0], 'a whole user')
      ids.push(id)
    }
  }
}

test('an import of 100,000 users that SIGINT stops half-way is completed by a second run, in bounded memory', async (t) => {
  const [file, path] = [join(scratch, 'users.json'), join(scratch, 'users.db')]
  await pipeline(Readable.from(exportedUsers()), createWriteStream(file))
  const args = ['import-users', file, '--store', `sqlite:${path}`, '--json']
  // The users of the file alone would take three times as much.
  const env = { NODE_OPTIONS: '--max-old-space-size=40' }

  const child = startCli(args, { env })
  const exit = once(child, 'close')
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const store = sqliteStore({ path })
  const isHalfWay = async () => (await store.listUsers({ limit: 1, after: objectId(COUNT / 2) })).length > 0
  await eventually(isHalfWay, 120)
  child.kill('SIGINT')
  assert.deepEqual(await exit, [130, null])

  const { summary } = JSON.parse(output) as { summary: { added: number; interrupted: boolean } }
  assert.equal(summary.interrupted, true)
  assert.ok(summary.added >= COUNT / 2 && summary.added < COUNT)
  assert.equal((await idsIn(store)).length, summary.added)

  const second = await runCli(args, { env })
  assert.equal(second.code, 0)
  const { added, known, skipped } = (JSON.parse(second.stdout) as { summary: Record<string, number> }).summary
  assert.deepEqual(
    { added, known, skipped },
    { added: COUNT - summary.added, known: summary.added, skipped: 0 },
  )
  const ids = await idsIn(store)
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [COUNT, objectId(1), objectId(COUNT)])
  await store.close?.()
})
