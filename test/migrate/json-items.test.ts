import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { JsonItemsError, splitJsonItems } from '../../lib/migrate/json-items.js'

/** The items of a text that comes in pieces of some size. */
async function split(text: string | Buffer, size = 65_536): Promise<[text: string, line: number][]> {
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
  const items: [string, number][] = []
  for await (const item of splitJsonItems(Readable.from(pieces))) items.push([item.text, item.line])
  return items
}

const refused = (text: string | Buffer, message: RegExp) =>
  assert.rejects(split(text), (error) => error instanceof JsonItemsError && message.test(error.message))

const USERS = [
  '{"a":"é[,{\\"\\\\"}',
  '{ "b": [1, {"c": "]"}],\n  "d": {} }',
  '5',
  '"text, [more]"',
  '[1,[2]]',
]

describe('an array', () => {
  const text = `\ufeff \n[\n${USERS.join(' ,\n')}\n]\n`
  const expected = [USERS, [3, 4, 6, 7, 8]] as const

  for (const size of [1, 2, 3, 7, 65_536])
    test(`is split into its items, when it comes in pieces of ${String(size)} bytes`, async () => {
      const items = await split(text, size)
      assert.deepEqual([items.map(([item]) => item), items.map(([, line]) => line)], expected)
    })

  for (const size of [1, 7, 65_536])
    test(`may be the one member of an object, in pieces of ${String(size)} bytes`, async () => {
      const items = await split('\n{\n "users": [\n{"a":1},\n{"b":2}\n]\n}\n', size)
      assert.deepEqual(items, [
        ['{"a":1}', 4],
        ['{"b":2}', 5],
      ])
      await refused('{"users":[{}]} x', /line 1: something follows the end/)
      assert.deepEqual(await split('{"users":1}\n{"users":2}', size), [
        ['{"users":1}', 1],
        ['{"users":2}', 2],
      ])
    })

  test('may be empty, and several may follow each other', async () => {
    assert.deepEqual(await split(' [] '), [])
    assert.deepEqual(await split('[{"a":1}]\n[{"b":2},\n{"c":3}]'), [
      ['{"a":1}', 1],
      ['{"b":2}', 2],
      ['{"c":3}', 3],
    ])
  })

  test('keeps its other items when one is damaged', async () => {
    assert.deepEqual(await split('[{"a":1},{]} ,{"b":2}]'), [
      ['{"a":1}', 1],
      ['{]}', 1],
      ['{"b":2}', 1],
    ])
  })

  test('without its end is refused after what is complete, with the line', async () => {
    const items: string[] = []
    await assert.rejects(async () => {
      for await (const { text } of splitJsonItems(Readable.from([Buffer.from('[{"a":1},\n{"b":')])))
        items.push(text)
    }, /line 2: the file ends before the array does, in the middle of the user of line 2/)
    assert.deepEqual(items, ['{"a":1}'])
    await refused('[{"a":1},\n', /line 2: the file ends before the array does$/)
  })

  test('with something behind it is refused', () => refused('[{}]\n x', /line 2: something follows the end/))
})

describe('lines', () => {
  const text = '{"a":1}\n\n  {"b":"\\n"}  \r\nnonsense\n{"c":3}'
  const expected = [
    ['{"a":1}', 1],
    ['{"b":"\\n"}', 3],
    ['nonsense', 4],
    ['{"c":3}', 5],
  ]

  for (const size of [1, 5, 65_536])
    test(`are items unless they are blank, in pieces of ${String(size)} bytes`, async () => {
      const items = await split(text, size)
      assert.deepEqual(
        items.map(([item, line]) => [item.trim(), line]),
        expected,
      )
    })
})

test('nothing has no items', async () => {
  assert.deepEqual(await split(''), [])
  assert.deepEqual(await split(' \n\n'), [])
})

test('an item without an end does not fill the memory', async () => {
  await refused(`[{"a":"${'x'.repeat(1_100_000)}`, /line 1: no end of the item within 1000000 characters/)
  await refused(`{"a":1}\n${'x'.repeat(1_100_000)}`, /line 2: no end of the item within 1000000 characters/)
})

test('what is not UTF-8 is refused: a damaged subject would be another subject', async () => {
  await refused(Buffer.from('{"a":"\xe9"}', 'latin1'), /not UTF-8: convert it/)
  await refused(Buffer.from('\ufeff{"a":1}', 'utf16le'), /not UTF-8: convert it/)
  await refused(Buffer.from('{"a":"é"}').subarray(0, 7), /not UTF-8: convert it/)
})

test('a failure to read is told as it is', async () => {
  const broken = new Error('the disk is gone')
  const stream = Readable.from(
    (async function* () {
      yield await Promise.resolve(Buffer.from('[{}'))
      throw broken
    })(),
  )
  await assert.rejects(async () => {
    for await (const item of splitJsonItems(stream)) assert.equal(item.text, '{}')
  }, broken)
})
