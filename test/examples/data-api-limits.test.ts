// How much the Data API gives, for how long, and that reading changes nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EmbeddedCollection } from '../../examples/data-api/embedded.js'
import { DataApiError } from '../../examples/data-api/errors.js'
import type { Document } from '../../examples/data-api/formats.js'
import { ownFilter, ownPipeline } from '../../examples/data-api/rules.js'
import { act, done, engines, startDataApi, tokenFor, type Example, type Json } from './data-api-client.js'

/** Of processor time, the least of several runs: other processes cannot lengthen it much. */
const MAX_CPU_MS = 50

for (const { name, options, uri } of engines) {
  test(`the Data API on ${name} has limits`, { ...options, concurrency: true }, async (t) => {
    const example = await startDataApi(t, uri)
    await Promise.all([
      t.test('a thousand documents, unless more are asked for', () => aThousand(example)),
      t.test('what is read is not changed', () => readsOnly(example)),
      t.test('what takes too long is given up', { timeout: 240_000 }, () => givesUp(example, uri)),
    ])
  })
}

async function aThousand(example: Example): Promise<void> {
  const token = tokenFor('Thénardier')
  for (const length of [1000, 5])
    await done(example, token, 'insertMany', { documents: Array.from({ length }, (_, n) => ({ n })) })
  const count = async (action: string, body: Json) =>
    ((await done(example, token, action, body)).documents as Json[]).length
  assert.equal(await count('find', {}), 1000)
  assert.equal(await count('find', { skip: 1000 }), 5)
  assert.equal(await count('find', { limit: 7 }), 7)
  assert.equal(await count('find', { limit: 50_000 }), 1005)
  assert.equal(await count('aggregate', { pipeline: [] }), 1005)
  assert.deepEqual(await done(example, token, 'aggregate', { pipeline: [{ $count: 'all' }] }), {
    documents: [{ all: 1005 }],
  })
  assert.deepEqual(await done(example, token, 'deleteMany', { filter: {} }), { deletedCount: 1005 })
}

async function readsOnly(example: Example): Promise<void> {
  const token = tokenFor('Éponine')
  await done(example, token, 'insertOne', { document: { deep: { a: 1, b: 2 }, none: [], one: 1 } })
  const before = await done(example, token, 'find', {})
  assert.deepEqual(Object.keys((before.documents as Json[])[0]?.deep as Json), ['a', 'b'])
  const index = { includeArrayIndex: 'owner_id', preserveNullAndEmptyArrays: true }
  const reads: readonly (readonly [string, Json])[] = [
    ['find', { projection: { 'deep.a': 0 } }],
    ['findOne', { projection: { 'deep.a': 0 } }],
    ['aggregate', { pipeline: [{ $set: { 'deep.a': 9 } }] }],
    ['aggregate', { pipeline: [{ $unset: 'deep.a' }] }],
    ['aggregate', { pipeline: [{ $project: { 'deep.a': 0 } }] }],
    ['aggregate', { pipeline: [{ $unwind: { path: '$none', ...index } }] }],
    ['aggregate', { pipeline: [{ $unwind: { path: '$one', ...index } }] }],
  ]
  for (const [action, body] of reads) {
    await done(example, token, action, body)
    assert.deepEqual(await done(example, token, 'find', {}), before, JSON.stringify(body))
  }
  await done(example, token, 'deleteMany', { filter: {} })
}

/** A thousand million documents of one. */
async function givesUp(example: Example, uri: string | undefined): Promise<void> {
  const token = tokenFor('Montparnasse')
  const list = Array.from({ length: 1000 }, (_, n) => n)
  await done(example, token, 'insertOne', { document: { a: list, b: list, c: list } })
  const pipeline = [{ $unwind: '$a' }, { $unwind: '$b' }, { $unwind: '$c' }, { $group: { _id: '$a' } }]
  const { status, text } = await act(example, token, 'aggregate', { pipeline })
  const { error_code } = JSON.parse(text) as Json
  const refusal = uri === undefined ? [400, 'MongoDBError'] : [503, 'InternalServerError']
  assert.deepEqual([status, error_code], refusal, text)
  await done(example, token, 'deleteMany', { filter: {} })
}

/** The worst that one request may ask of a thousand documents, each with the longest time that it may stop everybody. */
test('no request keeps the embedded engine busy', async () => {
  const engine = new EmbeddedCollection()
  const owner = 'Patron-Minette'
  await engine.insertMany(
    Array.from({ length: 1000 }, (_, n) => ({ owner_id: owner, n, list: [n, n + 1, n + 2] })),
  )
  const many = (length: number) => Array.from({ length }, (_, n) => -n - 1)
  const filters: readonly ((length: number) => Document)[] = [
    (length) => ({ n: { $in: many(length) } }),
    (length) => ({ n: { $nin: many(length) } }),
    (length) => ({ list: { $all: many(length) } }),
    (length) => ({ list: { $elemMatch: { $in: many(length) } } }),
    (length) => ({ $or: many(length).map((n) => ({ n })) }),
    (length) => ({ $nor: many(length).map((n) => ({ list: { $gt: -n } })) }),
  ]
  const options = { limit: 1 }
  const actions: readonly ((filter: Document) => Promise<unknown>)[] = [
    (filter) => engine.find(ownFilter(owner, filter), options).toArray(),
    (filter) => engine.aggregate(ownPipeline(owner, [{ $match: filter }, { $limit: 1 }])).toArray(),
    (filter) =>
      engine.updateMany(ownFilter(owner, filter), { $pull: { list: filter.n ?? 1 } }, { upsert: false }),
    (filter) => engine.deleteMany(ownFilter(owner, { $and: [filter, { n: -1 }, { n: -2 }] })),
  ]
  for (const filter of filters)
    for (const act of actions)
      for (const length of [8000, 15_000]) {
        let least = Infinity
        for (let run = 0; run < 5 && least >= MAX_CPU_MS; run += 1) {
          const before = process.cpuUsage()
          await assert.rejects(
            async () => act(filter(length)),
            (error) =>
              error instanceof DataApiError && error.status === 400 && error.message.includes('operands'),
          )
          const { user, system } = process.cpuUsage(before)
          least = Math.min(least, (user + system) / 1000)
        }
        assert.ok(least < MAX_CPU_MS, `${least} ms for ${JSON.stringify(filter(2))} × ${length}`)
      }
  // What people ask stays allowed.
  const ids = many(20).map((n) => -n)
  assert.equal((await engine.find(ownFilter(owner, { n: { $in: ids } }), { limit: 50 }).toArray()).length, 20)
})

test('one user fills a part of the embedded engine alone', async () => {
  const engine = new EmbeddedCollection()
  const documents = (owner_id: string) => Array.from({ length: 1000 }, () => ({ owner_id }))
  for (let time = 1; time <= 2; time += 1) await engine.insertMany(documents('Thénardier'))
  await assert.rejects(engine.insertOne({ owner_id: 'Thénardier' }), /at most 2000 documents of one user/)
  await engine.insertMany(documents('Cosette'))
})
