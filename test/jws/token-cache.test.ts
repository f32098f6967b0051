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
  assert.equal(cache.has('token'), true)
  for (const other of ['toke', 'tokens', 'Token', ' token', 'token ', '', '__proto__', 'constructor']) {
    assert.equal(cache.get(other), undefined, other)
    assert.equal(cache.has(other), false, other)
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
    assert.equal(cache.has(other), false, `at ${String(index)}`)
    cache.delete(other)
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

test('forgets what it is told to forget', () => {
  const cache = new VerifiedCache<Verdict>(10)
  cache.add(verdict('token'))
  cache.delete('token')
  assert.equal(cache.get('token'), undefined)
})

test('keeps as many as allowed, the oldest goes first', () => {
  const cache = new VerifiedCache<Verdict>(2)
  for (const token of ['one', 'two']) cache.add(verdict(token))
  cache.get('one')
  cache.add(verdict('three'))
  assert.deepEqual(
    ['one', 'two', 'three'].map((token) => cache.has(token)),
    [false, true, true],
  )
})

test('is bounded in characters too: long tokens leave room for fewer', () => {
  const cache = new VerifiedCache<Verdict>(10, 100)
  const tokens = Array.from({ length: 10 }, (_, index) => `${'x'.repeat(499)}${String(index)}`)
  for (const token of tokens) cache.add(verdict(token))
  const kept = tokens.map((token) => cache.has(token))
  assert.deepEqual(kept, [...Array<boolean>(8).fill(false), true, true])
})

test('a token longer than all the room is simply not kept', () => {
  const cache = new VerifiedCache<Verdict>(1, 100)
  cache.add(verdict('x'.repeat(101)))
  assert.equal(cache.has('x'.repeat(101)), false)
})

test('with room for none it remembers nothing', () => {
  const cache = new VerifiedCache<Verdict>(0)
  cache.add(verdict('token'))
  assert.equal(cache.get('token'), undefined)
  assert.equal(cache.has('token'), false)
  cache.delete('token')
})
