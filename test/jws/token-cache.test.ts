import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VerifiedCache } from '../../lib/jws/token-cache.js'

interface Verdict {
  readonly token: string
  readonly name: string
}

const verdict = (token: string, name = 'good'): Verdict => ({ token, name })

test('remembers a verdict by the exact text of the token', () => {
  const cache = new VerifiedCache<Verdict>(10)
  const good = verdict('token')
  cache.add(good)
  assert.equal(cache.get('token'), good)
  for (const other of ['toke', 'tokens', 'Token', ' token', 'token ', '', '__proto__', 'constructor']) {
    assert.equal(cache.get(other), undefined, other)
  }
})

test('a token that differs from a known one in one character is not known, wherever that is', () => {
  const cache = new VerifiedCache<Verdict>(10)
  const token = 'abcdefghij'.repeat(60)
  const good = verdict(token)
  cache.add(good)
  for (let index = 0; index < token.length; index += 1) {
    const other = `${token.slice(0, index)}_${token.slice(index + 1)}`
    assert.equal(cache.get(other), undefined, `at ${String(index)}`)
  }
  assert.equal(cache.get(token), good)
})

test('of two tokens with one end, the newer one is remembered, each with its own verdict', () => {
  const cache = new VerifiedCache<Verdict>(10)
  const [first, second] = ['a', 'b'].map((start) => start + 'x'.repeat(100)) as [string, string]
  cache.add(verdict(first, 'first'))
  cache.add(verdict(second, 'second'))
  assert.equal(cache.get(first), undefined)
  assert.deepEqual(cache.get(second), verdict(second, 'second'))
})

test('keeps as many as allowed, and the newest half of them at least; the oldest go first, used or not', () => {
  const cache = new VerifiedCache<Verdict>(4)
  const tokens = ['one', 'two', 'three', 'four', 'five', 'six', 'seven']
  const kept = tokens.map((token) => {
    cache.add(verdict(token))
    cache.get('one')
    return tokens.filter((each) => cache.get(each)).join(' ')
  })
  assert.deepEqual(kept, [
    'one',
    'one two',
    'one two three',
    'one two three four',
    'three four five',
    'three four five six',
    'five six seven',
  ])
})

test('is bounded in characters too: long tokens leave room for fewer', () => {
  const cache = new VerifiedCache<Verdict>(10, 100)
  const tokens = Array.from({ length: 10 }, (_, index) => `${'x'.repeat(249)}${String(index)}`)
  for (const token of tokens) cache.add(verdict(token))
  const kept = tokens.map((token) => cache.get(token) !== undefined)
  assert.deepEqual(kept, [...Array<boolean>(6).fill(false), true, true, true, true])
})

test('a token longer than all the room is simply not kept', () => {
  const cache = new VerifiedCache<Verdict>(2, 100)
  const long = 'x'.repeat(101)
  cache.add(verdict(long))
  assert.equal(cache.get(long), undefined)
})

test('with room for none it remembers nothing', () => {
  const cache = new VerifiedCache<Verdict>(0)
  cache.add(verdict('token'))
  assert.equal(cache.get('token'), undefined)
})
