// The same tokens to the seam, which is jsonwebtoken's, and to node:crypto: they agree, except where ours is stricter by
// design:
//
//   non-canonical base64url   the bits that a segment's last character has too many are not zero, or its length is
//                             impossible: several texts would be one token (RFC 4648 §3.5)
//   not UTF-8                 two different tokens would read as one text
//   a payload that is not an object   null, a number, a text, a list, or not JSON at all: there would be no claims
import assert from 'node:assert/strict'
import { isUtf8 } from 'node:buffer'
import { test } from 'node:test'
import type { Algorithm } from 'custom-jwt-auth'
import { isAuthError } from '../../lib/errors.js'
import { readToken } from '../../lib/jws/compact.js'
import { verifySignature } from '../../lib/jws/verify.js'
import type { VerificationKey } from '../../lib/keys/key-source.js'
import { randomFrom } from '../support/random.js'
import { ALGORITHMS, isSignature, signatureOf, signWith, verificationKeyFor } from '../support/signers.js'
import { claims, NOW, withSegment } from '../support/tokens.js'

/** The payload, when the token is accepted. */
type Judge = (token: string, key: VerificationKey) => { payload: unknown } | undefined

const ours: Judge = (text, key) => {
  try {
    const token = readToken(text)
    return verifySignature(token, [key]) && { payload: token.claims }
  } catch (error) {
    if (isAuthError(error)) return undefined
    throw error
  }
}

const bytesOf = (segment: string): Buffer => Buffer.from(segment, 'base64url')

const theirs: Judge = (text, key) => {
  const segments = text.split('.')
  if (segments.length !== 3 || !/^[\w.-]*$/.test(text)) return undefined
  const [header = '', payload = '', signature = ''] = segments
  const { alg } = (jsonOf(header) ?? {}) as { alg?: unknown }
  const content = Buffer.from(`${header}.${payload}`)
  return alg === key.algorithm && isSignature(key, content, bytesOf(signature))
    ? { payload: jsonOf(payload) }
    : undefined
}

function jsonOf(segment: string): unknown {
  try {
    return JSON.parse(bytesOf(segment).toString())
  } catch {
    return undefined // not JSON
  }
}

const keys = new Map(ALGORITHMS.map((algorithm) => [algorithm, verificationKeyFor(algorithm)]))
const keyOf = (algorithm: Algorithm): VerificationKey => keys.get(algorithm) ?? assert.fail()

const isCanonical = (token: string): boolean =>
  token.split('.').every((segment) => Buffer.from(segment, 'base64url').toString('base64url') === segment)

const isText = (token: string): boolean =>
  token.split('.').every((part, at) => at === 2 || isUtf8(bytesOf(part)))

function hasObject(token: string): boolean {
  const value = jsonOf(token.split('.')[1] ?? '')
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

test('every algorithm with every key: both accept what was signed with it, and nothing else', () => {
  let accepted = 0
  for (const signedWith of ALGORITHMS)
    for (const said of ALGORITHMS)
      for (const name of [undefined, 'other'])
        for (const algorithm of ALGORITHMS) {
          if (algorithm !== signedWith && algorithm !== said) continue
          const token = signWith(signedWith, { header: { alg: said }, ...(name !== undefined && { name }) })
          const [mine, other] = [ours, theirs].map((judge) => judge(token, keyOf(algorithm)))
          assert.deepEqual(mine, other, `${signedWith} said to be ${said}, for ${algorithm}`)
          if (mine) accepted += 1
        }
  assert.equal(accepted, ALGORITHMS.length)
})

const random = randomFrom(2024)
const below = (limit: number): number => Math.floor(random() * limit)
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function signed(algorithm: Algorithm, header: string, payload: string | Buffer): string {
  const content = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  return `${content}.${signatureOf(algorithm, content).toString('base64url')}`
}

/** Signs a text that is not canonical: another last character stands for the same bytes. */
function signedAsWritten(algorithm: Algorithm): string {
  const head = Buffer.from(JSON.stringify({ alg: algorithm })).toString('base64url')
  const body = Buffer.from(JSON.stringify(claims({ pad: 'x'.repeat(below(3)) }))).toString('base64url')
  const content = `${head}.${body.slice(0, -1)}${pick(Array.from(ALPHABET))}`
  return `${content}.${signatureOf(algorithm, content).toString('base64url')}`
}

const changeCharacter = (token: string): string => {
  const at = below(token.length)
  return token.slice(0, at) + pick(Array.from(`${ALPHABET}.=+/ `)) + token.slice(at + 1)
}

/** Each makes one token from a good one. */
const mutations: Readonly<Record<string, (algorithm: Algorithm, good: string) => string>> = {
  nothing: (_algorithm, good) => good,
  'other claims': (algorithm) =>
    signWith(algorithm, { payload: claims({ sub: String(below(1e6)), exp: NOW - below(1e6), x: random() }) }),
  'a header with more in it': (algorithm) =>
    signWith(algorithm, {
      header: { typ: pick(['JWT', 'jwt', 'at+jwt', undefined]), kid: pick(['a', 5, null]) },
    }),
  'another alg': (algorithm) =>
    signWith(algorithm, { header: { alg: pick([...ALGORITHMS, 'none', 'None', '', null, undefined]) } }),
  "another key's": (algorithm) => signWith(algorithm, { name: 'other' }),
  'a character': (_algorithm, good) => changeCharacter(good),
  'a few characters': (_algorithm, good) => changeCharacter(changeCharacter(changeCharacter(good))),
  'the last character': (_algorithm, good) => good.slice(0, -1) + pick(Array.from(ALPHABET)),
  'a bit of the signature': (_algorithm, good) => {
    const bytes = Buffer.from(good.split('.')[2] ?? '', 'base64url')
    const at = below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
    return withSegment(good, 2, bytes.toString('base64url'))
  },
  'the length of the signature': (_algorithm, good) => {
    const bytes = Buffer.from(good.split('.')[2] ?? '', 'base64url')
    const other = pick([
      bytes.subarray(below(4)),
      bytes.subarray(0, -1 - below(4)),
      Buffer.concat([bytes, bytes]),
    ])
    return withSegment(good, 2, other.toString('base64url'))
  },
  'the encoding of the signature': (_algorithm, good) => {
    const signature = good.split('.')[2] ?? ''
    return withSegment(
      good,
      2,
      pick([`${signature}=`, `${signature}A`, Buffer.from(signature, 'base64url').toString('base64')]),
    )
  },
  'a text that is not canonical, signed': signedAsWritten,
  'segments mixed up': (_algorithm, good) => {
    const segments = good.split('.')
    return Array.from({ length: pick([2, 3, 3, 3, 4]) }, () => pick(segments)).join('.')
  },
  'the end cut off': (_algorithm, good) => good.slice(0, below(good.length)),
  'something around it': (_algorithm, good) =>
    pick([` ${good}`, `${good}\n`, `.${good}`, `${good}.`, `Bearer ${good}`]),
  'a payload that is not an object, signed': (algorithm) =>
    signed(
      algorithm,
      JSON.stringify({ alg: algorithm, typ: pick(['JWT', undefined]) }),
      pick(['null', '5', 'true', '"x"', '[]', '{', '', ' ', 'x', JSON.stringify(JSON.stringify(claims()))]),
    ),
  'a payload with whitespace, signed': (algorithm) =>
    signed(algorithm, JSON.stringify({ alg: algorithm }), `\n\t ${JSON.stringify(claims())} `),
  'a payload that is not UTF-8, signed': (algorithm) =>
    signed(
      algorithm,
      JSON.stringify({ alg: algorithm }),
      Buffer.concat([Buffer.from('{"sub":"'), Buffer.from([0xff, 0xc0]), Buffer.from('"}')]),
    ),
  'a header that is odd JSON, signed': (algorithm) =>
    signed(
      algorithm,
      pick([
        `{"alg":"none","alg":"${algorithm}"}`,
        `{"alg":"${algorithm}","alg":"none"}`,
        `{"__proto__":{"alg":"${algorithm}"}}`,
        `["${algorithm}"]`,
        `"${algorithm}"`,
        ` {"alg" : "${algorithm}", "x":"\u00e9\u{1f600}"} `,
        `\ufeff{"alg":"${algorithm}"}`,
        'null',
      ]),
      JSON.stringify(claims()),
    ),
}
const EACH = 9

function strictnessOn(token: string) {
  if (!isCanonical(token)) return 'not canonical'
  if (!isText(token)) return 'not UTF-8'
  return hasObject(token) ? undefined : 'no object'
}

test(`${String(ALGORITHMS.length * Object.keys(mutations).length * EACH)} changed tokens: both agree, or ours is stricter in a documented way`, () => {
  const outcomes = { accepted: 0, refused: 0, 'not canonical': 0, 'not UTF-8': 0, 'no object': 0 }
  for (const algorithm of ALGORITHMS) {
    const good = signWith(algorithm)
    for (const [what, mutate] of Object.entries(mutations))
      for (let count = 0; count < EACH; count += 1) {
        const token = mutate(algorithm, good)
        const mine = ours(token, keyOf(algorithm))
        const other = theirs(token, keyOf(algorithm))
        const stricter = strictnessOn(token)
        if (other && !mine && stricter) outcomes[stricter] += 1
        else {
          assert.deepEqual(mine, other, `${algorithm}, ${what}: ${token}`)
          outcomes[mine ? 'accepted' : 'refused'] += 1
        }
      }
  }
  // Each way to end came about often enough to have been tested.
  for (const [outcome, times] of Object.entries(outcomes))
    assert.ok(times >= 30, `${outcome}: ${String(times)}`)
})
