import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { memoryStore, type Store, type UserRecord } from 'custom-jwt-auth'
import { importExported, type ImportParts, type SkippedUser } from '../../lib/migrate/import-exported.js'

const objectId = (number: number) => number.toString(16).padStart(24, '0')

const exported = (number: number, others: object = {}) => ({
  _id: objectId(number),
  identities: [{ id: `user-${String(number)}`, provider_type: 'custom-token' }],
  creation_date: 1500000000 + number,
  disabled: number % 2 === 0,
  ...others,
})

const many = (count: number) => Array.from({ length: count }, (_, index) => exported(index + 1))
const jsonLines = (users: readonly unknown[]) => users.map((user) => JSON.stringify(user)).join('\n')

/** Imports a text, and returns what came of it. */
async function run(text: string, parts: Partial<ImportParts> = {}) {
  const skipped: SkippedUser[] = []
  const progress: number[] = []
  const summary = await importExported({
    chunks: Readable.from([Buffer.from(text)]),
    store: memoryStore(),
    batchSize: 10,
    signal: new AbortController().signal,
    onSkipped: (user) => skipped.push(user),
    onProgress: (read) => progress.push(read),
    ...parts,
  })
  return { summary, skipped, progress }
}

/** A memory store that keeps a record of the sizes of its batches. */
function countingStore() {
  const store = memoryStore()
  const sizes: number[] = []
  const importUsers: Store['importUsers'] = (users) => {
    sizes.push(users.length)
    return store.importUsers(users)
  }
  return { ...store, importUsers, sizes }
}

test('users arrive in batches, as they were', async () => {
  const store = countingStore()
  const { summary, progress } = await run(JSON.stringify(many(25)), { store })
  assert.deepEqual(store.sizes, [10, 10, 5])
  assert.deepEqual(progress, [10, 20, 25])
  assert.deepEqual(summary, {
    ...{ read: 25, added: 25, known: 0, skipped: 0 },
    ...{ ignoredKeys: {}, interrupted: false },
  })
  assert.deepEqual(await store.findUser(objectId(24)), {
    ...{ id: objectId(24), type: 'normal', disabled: true },
    identities: [{ id: 'user-24', provider_type: 'custom-token', data: {} }],
    ...{ creation_date: 1500000024, last_authentication_date: 1500000024 },
  })
})

test('a second run changes nothing', async () => {
  const store = memoryStore()
  const text = jsonLines(many(25))
  await run(text, { store })
  await store.setUserDisabled(objectId(1), true)
  const { summary, skipped } = await run(text, { store })
  assert.deepEqual([summary.added, summary.known, skipped], [0, 25, []])
  assert.equal((await store.findUser(objectId(1)))?.disabled, true)
})

describe('what cannot be imported', () => {
  test('is told with its line, its place, its id and the reason, and the rest is imported', async () => {
    const lines = [
      JSON.stringify(exported(1)),
      '',
      '{"_id":',
      JSON.stringify(exported(2, { creation_date: 'x' })),
      JSON.stringify(exported(3, { _id: { $oid: 'short' } })),
      JSON.stringify({ ...exported(4), identities: exported(1).identities }),
      JSON.stringify(exported(5)),
    ]
    const store = memoryStore()
    const { summary, skipped } = await run(lines.join('\n'), { store })
    assert.deepEqual([summary.read, summary.added, summary.skipped], [6, 2, 4])
    assert.deepEqual(
      skipped.map(({ line, index, id }) => [line, index, id]),
      [
        [3, 2, undefined],
        [4, 3, objectId(2)],
        [5, 4, 'short'],
        [6, 5, objectId(4)],
      ],
    )
    const [json, date, id, taken] = skipped.map(({ reason }) => reason)
    assert.match(json ?? '', /^is not JSON/)
    assert.match(date ?? '', /^creation_date is not a date/)
    assert.match(id ?? '', /^_id is not 24 hex/)
    assert.match(taken ?? '', /^another user has one of its identities/)
    assert.ok(await store.findUser(objectId(5)))
  })

  test('of a file that breaks off is what is not complete', async () => {
    const store = memoryStore()
    const text = JSON.stringify(many(15)).slice(0, -10)
    const { summary } = await run(text, { store })
    assert.match(summary.damage ?? '', /line 1: the file ends before the array does/)
    assert.deepEqual([summary.read, summary.added], [14, 14])
    assert.ok(await store.findUser(objectId(14)))
  })
})

test('keys that no store has a place for are counted', async () => {
  const users = [exported(1, { domain_id: 'x' }), exported(2, { domain_id: 'y', profile: {} })]
  assert.deepEqual((await run(jsonLines(users))).summary.ignoredKeys, { domain_id: 2, profile: 1 })
})

test('without a store the file alone is looked at', async () => {
  const text = jsonLines([...many(12), exported(13, { _id: 5 })])
  const { summary } = await run(text, { store: undefined })
  assert.deepEqual([summary.read, summary.added, summary.skipped], [13, 12, 1])
})

test('a signal stops it after a batch, and another run goes on from there', async () => {
  const stop = new AbortController()
  const store = memoryStore()
  const text = jsonLines(many(100))
  const first = await run(text, {
    store,
    signal: stop.signal,
    onProgress: (read) => {
      if (read === 40) stop.abort()
    },
  })
  assert.deepEqual([first.summary.interrupted, first.summary.added], [true, 40])
  const second = await run(text, { store })
  assert.deepEqual([second.summary.known, second.summary.added], [40, 60])
})

test('a store that fails ends it: the batch is not counted', async () => {
  const failure = new Error('the database is gone')
  const records: UserRecord[] = []
  const store: Pick<Store, 'importUsers' | 'findIdentity'> = {
    findIdentity: () => ({ user: undefined, blocked: false }),
    importUsers(users) {
      if (records.length >= 20) throw failure
      records.push(...users)
      return users.map(() => 'added')
    },
  }
  await assert.rejects(run(jsonLines(many(50)), { store }), failure)
  assert.equal(records.length, 20)
})
