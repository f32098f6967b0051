import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { isAuthError } from '../../lib/errors.js'
import { readClaims, readHeader, readUnverifiedClaims, verifySignature } from '../../lib/jws/compact.js'
import {
  claims,
  mint,
  mintText,
  OTHER_SECRET,
  rsaKeys,
  SECRET,
  SESSION_SECRET,
  withSegment,
} from '../support/tokens.js'

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const hmacKey = (secret: string) =>
  ({ algorithm: 'HS256', key: createSecretKey(Buffer.from(secret)) }) as const
const good = mint()
const [header = '', payload = '', signature = ''] = good.split('.')

/** The code with which a call refuses. */
function codeOf(call: () => unknown): string {
  try {
    return assert.fail(`nothing was thrown: ${JSON.stringify(call())}`)
  } catch (error) {
    if (isAuthError(error)) return error.code
    throw error
  }
}

describe('readHeader()', () => {
  test('reads the header of three segments, whatever the others hold', () => {
    assert.deepEqual(readHeader(good), { alg: 'HS256', typ: 'JWT' })
    assert.deepEqual(readHeader(`${header}..`), { alg: 'HS256', typ: 'JWT' })
    assert.deepEqual(readHeader(`${encode('\n{ "alg" : "x" }\t')}.AA.AA`), { alg: 'x' })
  })

  for (const [what, token] of Object.entries({
    'an empty text': '',
    'one segment': header,
    'two segments': `${header}.${payload}`,
    'four segments': `${good}.AAAA`,
    'five segments, as JWE has': `${good}.AAAA.AAAA`,
    'a dot at the end': `${good}.`,
    'a dot before it': `.${good}`,
    'dots alone': '.'.repeat(2048),
  }))
    test(`${what}: an invalid number of segments`, () => {
      assert.equal(
        codeOf(() => readHeader(token)),
        'TOKEN_SEGMENTS',
      )
    })

  for (const [what, token] of Object.entries({
    'two dots alone': '..',
    'an empty header': withSegment(good, 0, ''),
    'a header that is not JSON': withSegment(good, 0, encode('{"alg":"HS256"')),
    'a header of null': withSegment(good, 0, encode('null')),
    'a header that is a string': withSegment(good, 0, encode('"alg"')),
    'a header that is a number': withSegment(good, 0, encode('256')),
    'a header that is an array': withSegment(good, 0, encode('[{"alg":"HS256"}]')),
    'a header with a byte order mark': withSegment(good, 0, encode('\ufeff{"alg":"HS256"}')),
    'a header of bytes that are no text': withSegment(
      good,
      0,
      Buffer.from([0xff, 0xfe, 0x7b]).toString('base64url'),
    ),
    'standard base64 in the signature': withSegment(good, 2, `${signature.slice(0, -4)}+/AA`),
    'padding after the payload': withSegment(good, 1, `${payload}=`),
    'padding after the signature': `${good}=`,
    'a space before it': ` ${good}`,
    'a newline after it': `${good}\n`,
    'a space inside': withSegment(good, 1, `${payload.slice(0, 8)} ${payload.slice(8)}`),
    'a NUL inside': withSegment(good, 2, `\0${signature}`),
    'a letter that only looks like ASCII': withSegment(good, 2, `а${signature.slice(1)}`),
    'a letter that has the low byte of the one that was signed': withSegment(
      good,
      1,
      String.fromCharCode(payload.charCodeAt(0) + 0x100) + payload.slice(1),
    ),
    'a percent-encoded dot': good.replace(/\.(?=[^.]+$)/, '.%2E'),
    'a segment of an impossible length': withSegment(good, 2, 'A'),
    'a segment with stray bits at its end': withSegment(good, 1, 'AB'),
    'another segment with stray bits at its end': withSegment(good, 1, 'AAB'),
  }))
    test(`${what}: malformed`, () => {
      assert.equal(
        codeOf(() => readHeader(token)),
        'TOKEN_MALFORMED',
      )
    })

  test('takes base64url of every length', () => {
    for (let length = 0; length < 64; length += 1) {
      const segment = Buffer.alloc(length, 0xa7).toString('base64url')
      assert.deepEqual(readHeader(withSegment(good, 1, segment)), { alg: 'HS256', typ: 'JWT' })
    }
  })

  test('a header parameter __proto__ lends its alg to nobody', () => {
    const { alg } = readHeader(withSegment(good, 0, encode('{"__proto__":{"alg":"HS256"}}')))
    assert.equal(alg, undefined)
  })
})

describe('readUnverifiedClaims()', () => {
  test('reads any payload that is an object, signed or not', () => {
    assert.deepEqual(readUnverifiedClaims(good), claims())
    assert.deepEqual(readUnverifiedClaims(`x.${encode('{"a":1}')}`), { a: 1 })
  })

  for (const text of ['', 'x', '"x"', 'null', '[]', '5', '{"a":1', `"{}"`])
    test(`${text === '' ? 'an empty payload' : text} is no claims`, () => {
      assert.equal(readUnverifiedClaims(`x.${encode(text)}.x`), undefined)
    })

  test('a text without segments has no claims', () => {
    assert.equal(readUnverifiedClaims(''), undefined)
    assert.equal(readUnverifiedClaims('no dots'), undefined)
  })
})

describe('verifySignature()', () => {
  const keys = [hmacKey(SECRET), hmacKey(OTHER_SECRET)]

  test('answers with the claims and the key that signed them', () => {
    assert.equal(verifySignature(good, keys), keys[0])
    const other = mint(claims(), { key: OTHER_SECRET })
    assert.equal(verifySignature(other, keys), keys[1])
  })

  test('answers undefined when none of the keys signed it, and when there are no keys', () => {
    assert.equal(verifySignature(mint(claims(), { key: SESSION_SECRET }), keys), undefined)
    assert.equal(verifySignature(good, []), undefined)
  })

  test('a token of any length is verified, also when another was before', () => {
    for (const length of [12_000, 12_200, 12_220, 12_240, 12_260, 12_280, 12_300, 40_000, 10]) {
      const long = { ...claims(), filler: 'é'.repeat(length / 2) }
      const token = mint(long)
      assert.equal(verifySignature(token, keys), keys[0], `${String(token.length)} characters`)
      assert.deepEqual(readClaims(token), long)
      assert.equal(verifySignature(`${token.slice(0, -4)}AAAA`, keys), undefined)
      const [start = '', middle = '', end = ''] = token.split('.')
      assert.equal(verifySignature(`${start}.${middle}AAAA.${end}`, keys), undefined)
    }
  })

  test('judges no claim', () => {
    assert.equal(verifySignature(mint({ exp: 5, nbf: 1e12, aud: 5 }), keys), keys[0])
    assert.equal(verifySignature(mintText('not JSON'), keys), keys[0])
  })

  for (const [what, token] of Object.entries({
    'a signature cut short': withSegment(good, 2, signature.slice(0, -4)),
    'a signature made longer': withSegment(good, 2, `${signature}AAAA`),
    'no signature': withSegment(good, 2, ''),
    'a signature of zeros': withSegment(good, 2, Buffer.alloc(32).toString('base64url')),
    "another token's signature": withSegment(good, 2, mint(claims({ sub: 'x' })).split('.')[2] ?? ''),
    'a payload changed after signing': withSegment(good, 1, encode(JSON.stringify(claims({ sub: 'x' })))),
    'a header changed after signing': withSegment(good, 0, encode('{"typ":"JWT","alg":"HS256"}')),
  }))
    test(`${what} is not the signature of any key`, () => {
      assert.equal(verifySignature(token, keys), undefined)
    })

  for (const typ of ['JWT', 'jwt', undefined])
    for (const text of [
      'null',
      '5',
      'true',
      '"text"',
      '[]',
      '[{"sub":"24601"}]',
      '{"sub":"24601"',
      'not JSON',
      '\ufeff{"sub":"24601"}',
      // jsonwebtoken alone would open the string and take the object inside.
      JSON.stringify(JSON.stringify(claims())),
      ` ${JSON.stringify(JSON.stringify(claims()))}`,
    ])
      test(`with typ ${String(typ)}, the signed payload ${text.slice(0, 20)} is malformed, not a crash`, () => {
        const token = mintText(text, { header: { typ } })
        assert.equal(
          codeOf(() => readClaims(token)),
          'TOKEN_MALFORMED',
        )
      })

  test('white space around the claims object changes nothing', () => {
    assert.deepEqual(readClaims(mintText('\n\t {"sub":"24601"} ')), { sub: '24601' })
  })

  test('a key verifies with its own algorithm alone, whatever the header says', () => {
    const { publicKey, publicPem, privateKey } = rsaKeys()
    const rsa = { algorithm: 'RS256', key: publicKey } as const
    assert(verifySignature(mint(claims(), { key: privateKey }), [rsa]))
    // The classic confusion: the public key's text as an HMAC secret.
    const forged = mint(claims(), { key: publicPem, alg: 'HS256' })
    assert.equal(verifySignature(forged, [rsa]), undefined)
  })
})
