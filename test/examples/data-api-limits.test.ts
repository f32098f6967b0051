// How much the Data API gives, for how long, and that reading changes nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { act, done, engines, startDataApi, tokenFor, type Example, type Json } from './data-api-client.js'

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
