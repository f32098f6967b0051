import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { createMongoDBDataAPI } from 'mongodb-data-api'
import { APP_ID } from '../support/tokens.js'
import { attacks } from './data-api-attacks.js'
import {
  act,
  ALONE,
  done,
  engines,
  logIn,
  NOTES,
  startDataApi,
  tokenFor,
  type Example,
  type Json,
} from './data-api-client.js'
import { oddRequests } from './data-api-odd-requests.js'
import { readBlocks, runShell } from './run-example.js'

const [, tryIt = ''] = readBlocks('data-api', 'sh')
const READS = ['find', 'findOne', 'aggregate']

/** The HTTP client that mongodb-data-api itself uses, and lets its users configure. */
type Axios = NonNullable<Parameters<typeof createMongoDBDataAPI>[1]>
const require = createRequire(createRequire(import.meta.url).resolve('mongodb-data-api'))
const axios = require('axios') as { create: (defaults: { headers: Record<string, string> }) => Axios }

for (const { name, options, uri } of engines) {
  test(`the Data API on ${name}`, { ...options, concurrency: true }, async (t) => {
    const example = await startDataApi(t, uri)
    const tests = [
      t.test('performs the ten actions for mongodb-data-api with the jwtTokenString header', async () => {
        await tenActions(example, { jwtTokenString: tokenFor('Jean') })
      }),
      t.test('performs the ten actions for mongodb-data-api with a bearer session', async () => {
        await tenActions(example, { Authorization: `Bearer ${await logIn(example, tokenFor('Jean'))}` })
      }),
      t.test('reads and writes Extended JSON by content type and Accept', () => formats(example)),
      t.test('answers JSON at the older path', async () => {
        const beta = example.api.replace(/v1$/, 'beta')
        const answer = await fetch(`${beta}/action/insertOne`, {
          method: 'POST',
          headers: { jwtTokenString: tokenFor('beta'), 'content-type': 'application/json' },
          body: JSON.stringify({ ...NOTES, document: { text: 'beta' } }),
        })
        assert.deepEqual(
          [answer.status, answer.headers.get('content-type')?.split(';')[0]],
          [201, 'application/json'],
        )
        assert.match(((await answer.json()) as { insertedId: string }).insertedId, /^[0-9a-f]{24}$/)
      }),
      t.test('keeps two users apart, whatever one of them sends', () => keepsApart(example)),
      t.test('answers what it cannot do with 4xx and the documented body', () => refusals(example)),
    ]
    await Promise.all(tests)
  })
}

test('the Data API answers as its README says', async (t) => {
  const { url } = await startDataApi(t, undefined)
  const output = await runShell(tryIt.replaceAll('http://localhost:3000', url))
  const answers = output
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const shown = readBlocks('data-api', 'json').map((json): unknown => JSON.parse(json))
  assert.match(output, /^{"insertedId":"[0-9a-f]{24}"}\n/)
  assert.deepEqual(answers.slice(1), [{ matchedCount: 1, modifiedCount: 1 }, ...shown])
})

async function tenActions({ api }: Example, headers: Record<string, string>): Promise<void> {
  const client = createMongoDBDataAPI(
    { apiKey: 'not asked for', urlEndpoint: api },
    axios.create({ headers: { ...headers, ...ALONE } }),
  )
  interface Note {
    text: string
    n?: number
    tags?: string[]
  }
  // One after the other, $cluster(), $database() and $collection() would forget the HTTP client that they were given.
  const ID = /^[0-9a-f]{24}$/

  const { insertedId } = await client.insertOne<Note>({
    ...NOTES,
    document: { text: 'Bread', n: 1, tags: ['food'] },
  })
  assert.match(insertedId, ID)
  const { insertedIds } = await client.insertMany<Note>({
    ...NOTES,
    documents: [
      { text: 'Candles', n: 2 },
      { text: 'Cane', n: 3 },
    ],
  })
  assert.equal(insertedIds.length, 2)
  for (const id of insertedIds) assert.match(id, ID)

  const { document } = await client.findOne<Note>({
    ...NOTES,
    filter: { _id: { $oid: insertedId } as never },
  })
  assert.deepEqual(
    { ...document, owner_id: '' },
    { _id: insertedId, text: 'Bread', n: 1, tags: ['food'], owner_id: '' },
  )
  assert.match((document as unknown as Json).owner_id as string, ID)
  assert.deepEqual(await client.findOne<Note>({ ...NOTES, filter: { text: 'Gold' } }), { document: null })

  const plain = { _id: 0, owner_id: 0, tags: 0 } as const
  assert.deepEqual(
    await client.find<Note>({
      ...NOTES,
      filter: { n: { $gte: 1 } },
      projection: plain,
      sort: { n: -1 },
      limit: 2,
      skip: 1,
    }),
    { documents: [{ text: 'Candles', n: 2 }, { text: 'Bread', n: 1 }] }, // prettier-ignore
  )

  const increased = await client.updateOne<Note>({
    ...NOTES,
    filter: { text: 'Bread' },
    update: { $inc: { n: 9 } },
  })
  assert.deepEqual(increased, { matchedCount: 1, modifiedCount: 1 })
  const tagged = await client.updateMany<Note>({
    ...NOTES,
    filter: {},
    update: { $addToSet: { tags: 'food' } },
  })
  assert.deepEqual(tagged, { matchedCount: 3, modifiedCount: 2 })
  const upserted = await client.updateOne<Note>({
    ...NOTES,
    filter: { text: 'Soup' },
    update: { $set: { n: 5 } },
    upsert: true,
  })
  assert.deepEqual({ ...upserted, upsertedId: '' }, { matchedCount: 0, modifiedCount: 0, upsertedId: '' })
  assert.match(upserted.upsertedId ?? '', ID)

  const replaced = await client.replaceOne<Note>({
    ...NOTES,
    filter: { text: 'Cane' },
    replacement: { text: 'Coins', n: 40 },
  })
  assert.deepEqual(replaced, { matchedCount: 1, modifiedCount: 1 })
  const pipeline = [
    { $match: { n: { $gt: 4 } } },
    { $group: { _id: null, sum: { $sum: '$n' }, count: { $sum: 1 } } },
    { $project: { _id: 0 } },
  ]
  assert.deepEqual(await client.aggregate({ ...NOTES, pipeline }), {
    documents: [{ sum: 55, count: 3 }],
  })

  assert.deepEqual(await client.deleteOne<Note>({ ...NOTES, filter: { text: 'Coins' } }), { deletedCount: 1 })
  assert.deepEqual(await client.deleteMany<Note>({ ...NOTES, filter: {} }), { deletedCount: 3 })
  assert.deepEqual(await client.find(NOTES), { documents: [] })
}

async function formats(example: Example): Promise<void> {
  const token = tokenFor('Fantine')
  const ejson = { 'content-type': 'application/ejson', accept: 'application/ejson' }
  const _id = { $oid: randomUUID().replaceAll('-', '').slice(0, 24) }
  const document = {
    _id,
    when: { $date: '2024-02-29T12:00:00Z' },
    price: { $numberDecimal: '1.10' },
    n: 7,
  }
  assert.deepEqual(await act(example, token, 'insertOne', { document }, ejson), {
    status: 201,
    type: 'application/ejson; charset=utf-8',
    text: JSON.stringify({ insertedId: _id }),
  })
  const find = {
    filter: { _id, price: { $numberDecimal: '1.10' } },
    projection: { owner_id: 0 },
  }
  const asEjson = await act(example, token, 'findOne', find, ejson)
  assert.deepEqual(JSON.parse(asEjson.text), {
    document: { ...document, when: { $date: { $numberLong: '1709208000000' } }, n: { $numberInt: '7' } },
  })
  const asJson = await act(example, token, 'findOne', find, { accept: 'application/json' })
  assert.equal(asJson.type, 'application/json; charset=utf-8')
  const when = '2024-02-29T12:00:00.000Z'
  assert.deepEqual(JSON.parse(asJson.text), {
    document: { _id: _id.$oid, when, price: '1.10', n: 7 },
  })
  // Whoever takes anything gets the configured type.
  const asAny = await act(example, token, 'findOne', find, { accept: '*/*' })
  assert.deepEqual(asAny, asJson)
  await done(example, token, 'deleteMany', { filter: {} })
}

async function keepsApart(example: Example): Promise<void> {
  const [alice, mallory] = [tokenFor('Alice'), tokenFor('Mallory')]
  const baitId = randomUUID()
  const SECRET = `Alice's ${randomUUID()}`
  await done(example, alice, 'insertMany', {
    documents: [{ text: SECRET, n: 1, list: [1] }, { text: `${SECRET} too`, n: 2, list: [2] }], // prettier-ignore
  })
  const everything = async (token: string) =>
    (await done(example, token, 'find', { sort: { n: 1 } })).documents as Json[]
  const alices = await everything(alice)
  assert.equal(alices.length, 2)
  const [{ owner_id: victim, _id: victimsId } = {}] = alices

  const seed = async (): Promise<void> => {
    await done(example, mallory, 'deleteMany', { filter: {} })
    await done(example, mallory, 'insertOne', { document: { _id: baitId, n: 1, list: [1] } })
  }
  await seed()
  const mallorys = await everything(mallory)
  for (const { what, action, body, status } of attacks({ victim: String(victim), _id: String(victimsId) })) {
    const answer = await act(example, mallory, action, body)
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    assert.ok(!answer.text.includes(SECRET), `${what}: ${answer.text}`)
    if (status >= 400 || READS.includes(action)) continue
    assert.deepEqual(await everything(alice), alices, what)
    await seed()
  }
  // What was refused, or only read, changed nothing.
  assert.deepEqual([await everything(alice), await everything(mallory)], [alices, mallorys])
  for (const token of [alice, mallory]) await done(example, token, 'deleteMany', { filter: {} })
}

async function refusals(example: Example): Promise<void> {
  const token = tokenFor('Thénardier')
  await done(example, token, 'insertOne', { document: { n: 1, list: [1], long: 'x'.repeat(900_000) } })
  for (const { what, action = 'find', body, headers, status, error_code, error } of oddRequests) {
    const answer = await act(example, token, action, body, headers)
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    const refusal = JSON.parse(answer.text) as { error: string; error_code: string; link: string }
    assert.deepEqual([refusal.error_code, refusal.link], [error_code, ''], `${what}: ${answer.text}`)
    assert.match(refusal.error, error, what)
  }
  await done(example, token, 'deleteMany', { filter: {} })
  const elsewhere = { ...example, api: example.api.replace(APP_ID, 'another-app') }
  const { text: unknownApp } = await act(elsewhere, token, 'find', {})
  assert.equal((JSON.parse(unknownApp) as Json).error_code, 'AppNotFound')
  const { status, text } = await act(example, 'not.a.token', 'find', {})
  assert.deepEqual([status, (JSON.parse(text) as Json).error_code], [401, 'AuthError'])
}
