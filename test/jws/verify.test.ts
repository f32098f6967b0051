// The one seam to jsonwebtoken. node:crypto alone signs here, and is the second opinion: test/support/signers.ts.
import assert from 'node:assert/strict'
import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { readToken } from '../../lib/jws/compact.js'
import { verifySignature } from '../../lib/jws/verify.js'
import type { Algorithm } from '../../lib/keys/key-source.js'
import { ALGORITHMS, keyPairFor, signWith, verificationKeyFor } from '../support/signers.js'
import { claims, mint, rsaKeys, withSegment } from '../support/tokens.js'

const signatureOf = (token: string): Buffer => Buffer.from(token.split('.')[2] ?? '', 'base64url')
const withSignature = (token: string, bytes: Buffer): string =>
  withSegment(token, 2, bytes.toString('base64url'))

for (const algorithm of ALGORITHMS)
  describe(algorithm, () => {
    const key = verificationKeyFor(algorithm)
    const another = verificationKeyFor(algorithm, 'another')
    const token = signWith(algorithm)
    const signature = signatureOf(token)
    const isGood = (text: string): boolean => verifySignature(readToken(text), [key]) === key

    test('names the key that signed, whichever place it has in the list', () => {
      for (const keys of [[key], [key, another], [another, key]])
        assert.equal(verifySignature(readToken(token), keys), key)
      assert.equal(
        verifySignature(readToken(signWith(algorithm, { name: 'another' })), [key, another]),
        another,
      )
    })

    test('is not verified by another key, nor by none', () => {
      assert.equal(verifySignature(readToken(token), [another]), undefined)
      assert.equal(verifySignature(readToken(token), []), undefined)
    })

    test('is not verified by a key of another algorithm, whatever the header says', () => {
      for (const other of ALGORITHMS) {
        if (other === algorithm) continue
        assert.equal(isGood(signWith(other)), false, other)
        assert.equal(isGood(signWith(other, { header: { alg: algorithm } })), false, other)
        assert.equal(isGood(signWith(algorithm, { header: { alg: other } })), false, other)
      }
    })

    test('is not verified with one bit of the signature changed, whichever', () => {
      for (let bit = 0; bit < signature.length * 8; bit += 7) {
        const changed = Buffer.from(signature)
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        assert.equal(isGood(withSignature(token, changed)), false, `bit ${String(bit)}`)
      }
    })

    test('is not verified with a claim or a header parameter changed after signing', () => {
      const [header = '', payload = ''] = signWith(algorithm, {
        payload: claims({ sub: 'x' }),
        header: { x: 1 },
      }).split('.')
      assert.equal(isGood(withSegment(token, 0, header)), false)
      assert.equal(isGood(withSegment(token, 1, payload)), false)
    })

    test('takes a signature of no other length, and throws for none', () => {
      const zeros = (length: number): Buffer => Buffer.alloc(length)
      for (const bytes of [
        ...[0, 1, 8, signature.length - 1, signature.length, signature.length + 1, 1000].map(zeros),
        ...[0, 1, signature.length - 1].map((length) => signature.subarray(0, length)),
        Buffer.concat([signature, zeros(1)]),
        Buffer.concat([zeros(1), signature]),
        Buffer.concat([signature, signature]),
        Buffer.alloc(signature.length, 0xff),
      ])
        assert.equal(isGood(withSignature(token, bytes)), false, `${String(bytes.length)} bytes`)
    })

    if (/^[RP]S/.test(algorithm))
      test('a signature that begins with a zero is not good without it (LESSONS 9, RFC 8017 §8.1.2)', () => {
        let text = token
        for (let count = 0; signatureOf(text)[0] !== 0; count += 1)
          text = signWith(algorithm, { payload: claims({ jti: String(count) }) })
        assert.equal(isGood(text), true)
        assert.equal(isGood(withSignature(text, signatureOf(text).subarray(1))), false)
      })

    test('a token of any length, with any text, is verified', () => {
      for (const length of [0, 10, 12_000, 60_000])
        assert.equal(
          isGood(signWith(algorithm, { payload: claims({ filler: 'é\0\u{1f600}'.repeat(length / 8) }) })),
          true,
        )
    })

    test('judges no claim and no typ', () => {
      for (const typ of ['JWT', 'jwt', 'at+jwt', undefined, 5])
        assert.equal(
          isGood(signWith(algorithm, { payload: { exp: 5, nbf: 1e12, iat: 'x', aud: 5 }, header: { typ } })),
          true,
        )
    })
  })

test('the next key is tried after an invalid signature alone: one that no key can have made is final', (t) => {
  const keys = ['one', 'two'].map((name) => verificationKeyFor('ES256', name))
  const asked: unknown[] = []
  const watched = keys.map(
    (key) =>
      new Proxy(key, {
        get: (target, name) => (name === 'key' && asked.push(target), Reflect.get(target, name)) as unknown,
      }),
  )
  t.diagnostic('a signature of 63 bytes is no signature of any P-256 key')
  const token = signWith('ES256', { name: 'two' })
  assert.equal(verifySignature(readToken(token), watched), watched[1])
  assert.deepEqual(asked, keys)
  asked.length = 0
  assert.equal(verifySignature(readToken(withSignature(token, Buffer.alloc(63, 1))), watched), undefined)
  assert.deepEqual(asked, [keys[0]])
})

test('an ECDSA signature in DER, as other tools make it, is none', () => {
  for (const algorithm of ['ES256', 'ES384', 'ES512'] satisfies Algorithm[]) {
    const token = signWith(algorithm)
    const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')))
    const der = sign(`sha${algorithm.slice(2)}`, signed, keyPairFor(algorithm).privateKey)
    assert.equal(
      verifySignature(readToken(withSignature(token, der)), [verificationKeyFor(algorithm)]),
      undefined,
    )
  }
})

test('an RSA-PSS signature with a salt of another length is none (RFC 7518 §3.5)', () => {
  const token = signWith('PS256')
  const signed = Buffer.from(token.slice(0, token.lastIndexOf('.')))
  const key = verificationKeyFor('PS256')
  const padding = constants.RSA_PKCS1_PSS_PADDING
  const withSalt = (saltLength: number) =>
    withSignature(token, sign('sha256', signed, { key: keyPairFor('PS256').privateKey, padding, saltLength }))
  assert.equal(verifySignature(readToken(withSalt(32)), [key]), key)
  for (const saltLength of [0, 20, 31, 33, 222])
    assert.equal(verifySignature(readToken(withSalt(saltLength)), [key]), undefined, String(saltLength))
})

test('an RSA-PSS key of another length did not sign, and the next one is tried', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const key = verificationKeyFor('PS256')
  const keys = [{ algorithm: 'PS256', key: publicKey } as const, key]
  assert.equal(verifySignature(readToken(signWith('PS256')), keys), key)
})

test("a public key's text as an HMAC secret, the classic confusion, verifies nothing", () => {
  const { publicKey, publicPem, privateKey } = rsaKeys()
  const rsa = { algorithm: 'RS256', key: publicKey } as const
  assert(verifySignature(readToken(mint(claims(), { key: privateKey })), [rsa]))
  for (const alg of ['HS256', 'RS256', 'none'])
    assert.equal(verifySignature(readToken(mint(claims(), { key: publicPem, alg })), [rsa]), undefined)
})
