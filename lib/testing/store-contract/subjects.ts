import assert from 'node:assert/strict'
import type { UserData } from '../../user.js'
import { createUser, identity, link, named, NOW, objectId, ownerOf, type StoreTest } from './support.js'

const LONG = 'https://issuer.example.com/users/'.padEnd(1023, '0123456789abcdef')

/** Subjects that a database might take for each other, for a query, for a path or for a number. */
export const SUBJECTS = [
  ...['a', 'A', 'a ', ' a', 'a\t', 'a\0', 'a\0b', 'ä', 'Ä', 'á', 'a\u0301', 'ａ', 'а'],
  ...['ss', 'ß', 'i', 'I', 'İ', 'ı', '日本', '日本\ufe00', '\u{1f600}', '\u{1f601}', '\ufeffa', 'a\u200b'],
  ...['$', '$ne', '$where', '{"$gt":""}', '[object Object]', '.', '..', 'a.b', 'a.c', 'a/b', '%', '_', '*'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'true', 'NaN'],
  ...['0', '-0', '00', '1', '01', '1.0', '1e0', '9007199254740992', '9007199254740993'],
  ...["'", "''", '"', '\\', '\\\\', '\\u0061', "' OR 1=1 --", '%61', '&amp;', '&'],
  ...[`${LONG}1`, `${LONG}2`, LONG],
]

const SEPARATORS = [
  ':',
  '::',
  '|',
  '/',
  '.',
  ',',
  ';',
  '-',
  '_',
  '#',
  '$',
  ' ',
  '\0',
  '\x1f',
  '\n',
  '\t',
  '","',
]

/** Metadata as tokens may bring it: field names and values are the issuer's. */
const DATA: UserData = {
  'a.b': 'a dot in the name',
  $set: 'a dollar in front',
  'http://example.com/id': 'a URL',
  constructor: 'a name that objects have',
  id: 'x',
  _id: 'y',
  'ключ 日本 \u{1f600}': '\u{1f600} e\u0301 é \u2028',
  '': 'no name',
  text: 'quotes \' " and \\ and control characters \0 \x01 \n',
  surrogate: '\ud800',
  numbers: [0, 1, -1.5, 1e-7, 1.7976931348623157e308, 9007199254740992],
  nothing: null,
  empty: [{}, [], '', false],
  nested: { $gt: '', 'x.y': { list: [1, [2, { three: null }]] }, toString: 'text' },
  date: '2020-01-01T00:00:00.000Z',
  looksExtended: { $oid: '59fdd028462448cde5369ebf' },
}

export function subjects(test: StoreTest): void {
  test('every different subject is a different user', async (store) => {
    for (const [index, subject] of SUBJECTS.entries())
      assert.deepEqual((await createUser(store, index + 1, identity(subject))).identities, [
        identity(subject),
      ])
    for (const [index, subject] of SUBJECTS.entries()) {
      assert.equal(await ownerOf(store, identity(subject)), objectId(index + 1), JSON.stringify(subject))
      const found = await store.findIdentity(identity(subject))
      assert.equal(found.user?.id, objectId(index + 1), JSON.stringify(subject))
    }
    assert.equal((await store.listUsers({ limit: 1000 })).length, SUBJECTS.length)
  })

  test('every different subject is free to be linked', async (store) => {
    await createUser(store, 1, identity('first'))
    await createUser(store, 2, identity('second'))
    for (const [index, subject] of SUBJECTS.entries()) {
      const linked = await link(store, objectId(1 + (index % 2)), identity(subject))
      assert.equal(typeof linked, 'object', JSON.stringify(subject))
    }
    for (const [index, subject] of SUBJECTS.entries())
      assert.equal(
        await ownerOf(store, identity(subject)),
        objectId(1 + (index % 2)),
        JSON.stringify(subject),
      )
  })

  test('provider type, name and subject are three things: those that join to one text are different', async (store) => {
    const pairs = [
      ...SEPARATORS.flatMap((by) => [identity(`b${by}c`, {}, 'a'), identity('c', {}, `a${by}b`)]),
      ...[identity('bc', {}, 'a'), identity('c', {}, 'ab')],
      ...[identity('a', {}, 'b'), identity('b', {}, 'a')],
      ...SEPARATORS.flatMap((by) => [named('x', `y${by}z`), named(`x${by}y`, 'z')]),
      ...['', 'custom-token', 'null', '0'].map((name) => named(name, 'z')),
      ...[named('x', 'yz'), named('xy', 'z'), named('z', 'x'), identity('z'), identity('xyz')],
      ...[{ ...named('x', 'yz'), provider_type: 'a' }, identity('x', {}, 'custom-tokenyz')],
    ]
    for (const [index, pair] of pairs.entries()) await createUser(store, index + 1, pair)
    for (const [index, pair] of pairs.entries())
      assert.equal(await ownerOf(store, pair), objectId(index + 1), JSON.stringify(pair))
  })

  test('data comes back as it was given', async (store) => {
    const given = identity('24601', DATA)
    assert.deepEqual((await createUser(store, 1, given)).identities, [given])
    assert.deepEqual((await store.findUser(objectId(1)))?.identities, [given])

    const refreshed = identity('24601', { nested: DATA })
    const result = await store.signIn({ identity: refreshed, now: NOW })
    assert.deepEqual(result?.user.identities, [refreshed])

    const second = identity('madeleine', DATA)
    await link(store, objectId(1), second)
    assert.deepEqual((await store.findUser(objectId(1)))?.identities, [refreshed, second])
  })
}
