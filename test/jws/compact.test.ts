import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isAuthError, type AuthError } from '../../lib/errors.js'
import { readToken, readUnverifiedClaims } from '../../lib/jws/compact.js'
import { claims, mint, mintText, withSegment } from '../support/tokens.js'

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const good = mint()
const [header = '', payload = '', signature = ''] = good.split('.')

/** The error with which a call refuses. */
function refusalOf(call: () => unknown): AuthError {
  try {
    return assert.fail(`nothing was thrown: ${JSON.stringify(call())}`)
  } catch (error) {
    if (isAuthError(error)) return error
    throw error
  }
}

const codeOf = (call: () => unknown): string => refusalOf(call).code

describe('readToken()', () => {
  test('reads header and claims, and keeps the text', () => {
    assert.deepEqual(readToken(good), { text: good, header: { alg: 'HS256', typ: 'JWT' }, claims: claims() })
    const unsigned = `${encode('\n{ "alg" : "x" }\t')}.${encode(' {}\n')}.`
    assert.deepEqual(readToken(unsigned), { text: unsigned, header: { alg: 'x' }, claims: {} })
  })

  for (const [got, ...tokens] of [
    ['1 segment', '', header],
    ['2 segments', `${header}.${payload}`],
    ['4 segments', `${good}.AAAA`, `${good}.`, `.${good}`],
    ['5 segments', `${good}.AAAA.AAAA`], // as JWE has
    ['more than 5 segments', '.'.repeat(5), '.'.repeat(2048)],
  ] as const)
    test(`a text of ${got}: an invalid number of segments`, () => {
      for (const token of tokens) {
        const { code, detail } = refusalOf(() => readToken(token))
        assert.deepEqual([code, detail?.got], ['TOKEN_SEGMENTS', got])
      }
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
        codeOf(() => readToken(token)),
        'TOKEN_MALFORMED',
      )
    })

  test('takes base64url of every length', () => {
    for (let length = 0; length < 64; length += 1) {
      const signature = Buffer.alloc(length, 0xa7).toString('base64url')
      assert.deepEqual(readToken(withSegment(good, 2, signature)).claims, claims())
      const sub = 'x'.repeat(length)
      assert.deepEqual(readToken(withSegment(good, 1, encode(JSON.stringify({ sub })))).claims, { sub })
    }
  })

  test('takes no character after the last whole byte, whichever', () => {
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_')
      assert.equal(
        codeOf(() => readToken(withSegment(good, 2, `AAAA${last}`))),
        'TOKEN_MALFORMED',
        last,
      )
  })

  test('what is not UTF-8 is malformed, in the header and in the payload (LESSONS 24)', () => {
    for (const bytes of [
      [0xff],
      [0xc0, 0x80], // an overlong NUL
      [0xed, 0xa0, 0x80], // a surrogate, as CESU-8 writes it
      [0xe9], // é in ISO 8859-1
      [0xe2, 0x82], // cut off
      [0xf4, 0x90, 0x80, 0x80], // beyond Unicode
    ])
      for (const part of [0, 1] as const) {
        const json = (text: Buffer) =>
          Buffer.concat([Buffer.from('{"alg":"HS256","sub":"'), text, Buffer.from('"}')])
        const segment = (text: Buffer) => withSegment(good, part, json(text).toString('base64url'))
        assert.equal(
          codeOf(() => readToken(segment(Buffer.from(bytes)))),
          'TOKEN_MALFORMED',
          `${String(part)}: ${String(bytes)}`,
        )
        assert.ok(readToken(segment(Buffer.from('\0é\ufffd\u{1f600}'.slice(1)))))
      }
  })

  test('at most 5000 values are read, wherever they are, and text of any length', () => {
    const codeOfPayload = (json: string) => codeOf(() => readToken(withSegment(good, 1, encode(json))))
    const claimsOf = (json: string) => readToken(withSegment(good, 1, encode(json))).claims
    const ones = (count: number): string => `[${Array(count).fill(1).join()}]`
    // The object and the list are values too.
    assert.deepEqual(claimsOf(`{"a":${ones(4999)}}`), { a: Array(4999).fill(1) })
    assert.equal(codeOfPayload(`{"a":${ones(5000)}}`), 'TOKEN_MALFORMED')
    assert.equal(codeOfPayload(`{"a":"\\\\","b":${ones(5000)}}`), 'TOKEN_MALFORMED')
    assert.equal(codeOfPayload(`[${'[],{},'.repeat(1700)}1]`), 'TOKEN_MALFORMED')
    for (const text of [`${' '.repeat(6000)}1`, `"${'[{,'.repeat(2000)}"`, `"\\"${'['.repeat(6000)}"`])
      assert.deepEqual(claimsOf(`{"a":${text}}`), { a: JSON.parse(text) as unknown })
  })

  test('a header parameter __proto__ lends its alg to nobody', () => {
    const { alg } = readToken(withSegment(good, 0, encode('{"__proto__":{"alg":"HS256"}}'))).header
    assert.equal(alg, undefined)
  })

  for (const text of [
    '',
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
    test(`the signed payload ${text === '' ? 'of nothing' : text.slice(0, 20)} is malformed, not a crash`, () => {
      assert.equal(
        codeOf(() => readToken(mintText(text))),
        'TOKEN_MALFORMED',
      )
    })
})

describe('readUnverifiedClaims()', () => {
  test('reads any payload that is an object, signed or not', () => {
    assert.deepEqual(readUnverifiedClaims(good), claims())
    assert.deepEqual(readUnverifiedClaims(`x.${encode('{"a":1}')}`), { a: 1 })
  })

  for (const text of ['', 'x', '"x"', 'null', '[]', '5', '{"a":1', `"{}"`])
    test(`${text === '' ? 'an empty payload' : text} is not a set of claims`, () => {
      assert.equal(readUnverifiedClaims(`x.${encode(text)}.x`), undefined)
    })

  test('a text without segments has no claims', () => {
    assert.equal(readUnverifiedClaims(''), undefined)
    assert.equal(readUnverifiedClaims('no dots'), undefined)
    assert.equal(
      readUnverifiedClaims(`x.${Buffer.from('{"a":"\xe9"}', 'latin1').toString('base64url')}`),
      undefined,
    )
  })
})
