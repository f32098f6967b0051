// The words about a token: what they say, and that they read no more than they show.
import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { test } from 'node:test'
import { readToken } from '../../lib/jws/compact.js'
import {
  duration,
  escapedPath,
  nearMiss,
  secretHint,
  show,
  withoutDifferences,
} from '../../lib/token/hints.js'
import { claims, mint } from '../support/tokens.js'

/** Fails the test when it is read. */
const trap = (): object =>
  Object.defineProperty([], 0, { get: () => assert.fail('it was read'), enumerable: true })

test('show: a value as JSON', () => {
  const values = [
    ...['', 'text', '"quotes"', 5, -1.5, true, false, null],
    ...[[], {}, [1, 2], ['a', ['b', []], null], [{}, {}]],
    ...[{ a: 1 }, { a: 1, b: [2, { c: null }], d: {} }, { 'a key "so"': '\n' }],
  ]
  for (const value of values) assert.equal(show(value), JSON.stringify(value))
  for (const nothing of [undefined, {}.toString]) assert.equal(show(nothing), 'absent')
})

test('show: at most 200 characters of it, and no more than that is read', () => {
  const longest = 'x'.repeat(198)
  assert.equal(show(longest), `"${longest}"`)
  assert.equal(show(`${longest}x`), `"${longest}x…`)
  assert.equal(show(1_000_000).length, 7)
  const list = Array.from({ length: 300 }, (_, at) => at)
  assert.equal(show(list), `${JSON.stringify(list).slice(0, 200)}…`)
  for (const value of [
    ['x'.repeat(300), trap()],
    Object.defineProperty(['x'.repeat(300), 'x'], 2, {
      get: () => assert.fail('it was read'),
      enumerable: true,
    }),
    { a: 'x'.repeat(300), b: trap() },
    { ['a'.repeat(300)]: trap() },
    { ['a'.repeat(197)]: trap() },
    ['x'.repeat(150), ['y'.repeat(60), trap()]],
    { a: 'x'.repeat(150), b: { c: 'y'.repeat(60), d: trap() } },
  ])
    assert.equal(show(value).length, 201)
})

test('show: what is invisible is written out', () => {
  for (const [text, shown] of [
    ['\u0000\u001b[2J', '"\\u0000\\u001b[2J"'],
    ['\u007f', '"\\u007f"'],
    ['a\u202eb\u2028', '"a\\u202eb\\u2028"'],
    ['\u{e0001}', '"\\udb40\\udc01"'],
    ['ü€😀', '"ü€😀"'],
  ] as const) {
    assert.equal(show(text), shown)
    assert.equal(JSON.parse(shown), text)
  }
})

test('a near miss is a difference that people overlook, of a few characters, among the first hundred values', () => {
  const wanted = ['https://a.example', 'api']
  for (const [have, difference] of [
    ['https://a.example/', 'a trailing slash'],
    ['HTTPS://a.example', 'upper and lower case'],
    [' api', 'whitespace'],
    ['api    ', 'whitespace'],
    ['api     ', undefined],
    ['api', undefined],
    ['apis', undefined],
    [5, undefined],
  ] as const) {
    const hint = nearMiss('audience', [{}, have], wanted)
    assert.equal(hint, difference && `The audience differs by ${difference}: make them match`)
    if (typeof have === 'string' && difference)
      assert.ok(wanted.map(withoutDifferences).includes(withoutDifferences(have)))
  }
  const others = Array.from({ length: 99 }, (_, at) => `other${String(at)}`)
  assert.ok(nearMiss('audience', [...others, 'API'], wanted))
  assert.equal(nearMiss('audience', [...others, 'another', 'API'], wanted), undefined)
})

test('withoutDifferences: the last slash, upper case, and whitespace go', () => {
  for (const text of [' https://A.example/ ', 'https://a.example', 'HTTPS://A.EXAMPLE/'])
    assert.equal(withoutDifferences(text), 'https://a.example')
  assert.equal(withoutDifferences('a//'), 'a/')
})

test('a path is escaped where a claim has dots in its name, and only there', () => {
  const payload = {
    'https://x.example/roles': ['a'],
    a: { 'b.c': { d: 1 }, 'n.o': null, list: [{ 'x.y': 1 }] },
    'e.f': { g: 1 },
    'e.f.g': null,
    text: 'abc',
  }
  for (const [path, escaped] of [
    ['https://x.example/roles', 'https://x\\.example/roles'],
    ['a.b.c', 'a.b\\.c'],
    ['a.b.c.d', 'a.b\\.c.d'],
    ['e.f.g', 'e\\.f.g'],
    ['a.n.o', undefined],
    ['a.list.0.x.y', undefined],
    ['a.b.x', undefined],
    ['text.length', undefined],
    ['toString.name', undefined],
  ] as const)
    assert.equal(escapedPath(payload, path.split('.')), escaped, path)
})

test('a duration is told in the unit that fits', () => {
  for (const [seconds, told] of [
    [0, '1 second'],
    [1, '1 second'],
    [119, '119 seconds'],
    [120, '2 minutes'],
    [7199, '120 minutes'],
    [7200, '2 hours'],
    [172_799, '48 hours'],
    [172_800, '2 days'],
    [Infinity, 'Infinity days'],
  ] as const)
    assert.equal(duration(seconds), told)
})

test('the mistake with a secret is named for every token that a header can hold', () => {
  const bytes = Buffer.alloc(48, 'secret')
  const keys = (['base64', 'base64url'] as const).map((encoding) => ({
    kid: undefined,
    algorithm: 'HS256' as const,
    key: createSecretKey(Buffer.from(bytes.toString(encoding))),
  }))
  const tokenOf = (length: number): string => {
    const bare = mint(claims({ pad: '' }), { key: bytes }).length
    const pads = [0, 1, 2, 3].map((more) => Math.floor(((length - bare) * 3) / 4) - more)
    const tokens = pads.map((pad) => mint(claims({ pad: 'x'.repeat(pad) }), { key: bytes }))
    return tokens.find((token) => token.length === length) ?? assert.fail(`none of ${String(length)}`)
  }
  const hint = (length: number) => secretHint(readToken(tokenOf(length)), keys)
  assert.match(hint(16_384) ?? '', /^The secret looks base64-encoded: decoded, it verifies\./)
  assert.equal(hint(16_385), undefined)
})
