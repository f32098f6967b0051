import assert from 'node:assert/strict'
import { createSecretKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'
import jwt from 'jsonwebtoken'
import { isSignedBy } from '../../lib/jws/signature.js'
import type { Algorithm } from '../../lib/keys/key-source.js'
import { claims, NOW, OTHER_SECRET, rsaKeys, SECRET } from '../support/tokens.js'

interface Pair {
  readonly signer: KeyObject
  readonly key: KeyObject
  /** Of the same kind, and as good. */
  readonly another: KeyObject
}

const secret = (text: string): KeyObject => createSecretKey(Buffer.from(text))
const secrets = { signer: secret(SECRET), key: secret(SECRET), another: secret(OTHER_SECRET) }
const rsa = {
  signer: rsaKeys().privateKey,
  key: rsaKeys().publicKey,
  another: rsaKeys('another').publicKey,
}
function curve(namedCurve: string): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve })
  return { signer: privateKey, key: publicKey, another: generateKeyPairSync('ec', { namedCurve }).publicKey }
}

const pairs: Readonly<Record<Algorithm, Pair>> = {
  HS256: secrets,
  HS384: secrets,
  HS512: secrets,
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: curve('P-256'),
  ES384: curve('P-384'),
  ES512: curve('P-521'),
}

/** What is signed, and the signature, of a token. */
function split(token: string): [Buffer, Buffer] {
  const end = token.lastIndexOf('.')
  return [Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), 'base64url')]
}

/** A token made by jsonwebtoken, which is a second opinion here. */
const signedWith = (algorithm: Algorithm): string =>
  jwt.sign(claims(), pairs[algorithm].signer, { algorithm })

for (const [name, { key, another }] of Object.entries(pairs)) {
  const algorithm = name as Algorithm
  describe(algorithm, () => {
    const token = signedWith(algorithm)
    const [signed, signature] = split(token)
    const isGood = (bytes: Buffer, text = signed): boolean => isSignedBy({ algorithm, key }, text, bytes)

    if (/^[RP]S/.test(algorithm))
      test('a signature that begins with a zero is not good without it', () => {
        let [text, bytes] = [signed, signature]
        for (let count = 0; bytes[0] !== 0; count += 1)
          [text, bytes] = split(
            jwt.sign(claims({ jti: String(count) }), pairs[algorithm].signer, { algorithm }),
          )
        assert.equal(isGood(bytes, text), true)
        assert.equal(isGood(bytes.subarray(1), text), false)
      })

    test('verifies what jsonwebtoken signed', () => {
      assert.equal(isGood(signature), true)
    })

    test('does not verify with another key', () => {
      assert.equal(isSignedBy({ algorithm, key: another }, signed, signature), false)
    })

    test('does not verify what any other algorithm signed', () => {
      for (const other of Object.keys(pairs) as Algorithm[])
        if (other !== algorithm)
          assert.equal(isGood(...(split(signedWith(other)).reverse() as [Buffer, Buffer])), false, other)
    })

    test('does not verify with one bit of the signature changed, whichever', () => {
      for (let bit = 0; bit < signature.length * 8; bit += 7) {
        const changed = Buffer.from(signature)
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        assert.equal(isGood(changed), false, `bit ${String(bit)}`)
      }
    })

    test('does not verify with one character of the text changed, whichever', () => {
      for (let index = 0; index < signed.length; index += 5) {
        const changed = Buffer.from(signed)
        changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
        assert.equal(isGood(signature, changed), false, `character ${String(index)}`)
      }
    })

    test('takes a signature of no other length, and throws for none', () => {
      const zeros = (length: number): Buffer => Buffer.alloc(length)
      for (const bytes of [
        ...[0, 1, 8, signature.length - 1, signature.length, signature.length + 1, 10_000].map(zeros),
        ...[0, 1, signature.length - 1].map((length) => signature.subarray(0, length)),
        Buffer.concat([signature, zeros(1)]),
        Buffer.concat([zeros(1), signature]),
        Buffer.concat([signature, signature]),
        Buffer.alloc(signature.length, 0xff),
      ])
        assert.equal(isGood(bytes), false, `${String(bytes.length)} bytes`)
    })
  })
}

test('an ECDSA signature in DER, as other tools make it, is none', () => {
  for (const [algorithm, hash] of [
    ['ES256', 'sha256'],
    ['ES384', 'sha384'],
    ['ES512', 'sha512'],
  ] as const) {
    const [signed] = split(signedWith(algorithm))
    const { signer, key } = pairs[algorithm]
    assert.equal(isSignedBy({ algorithm, key }, signed, sign(hash, signed, signer)), false)
  }
})

test('an RSA-PSS signature with a salt of another length is none (RFC 7518 §3.5)', () => {
  const [signed] = split(signedWith('PS256'))
  const { signer, key } = pairs.PS256
  // RSA_PKCS1_PSS_PADDING is 6.
  const withSalt = (saltLength: number): Buffer =>
    sign('sha256', signed, { key: signer, padding: 6, saltLength })
  assert.equal(isSignedBy({ algorithm: 'PS256', key }, signed, withSalt(32)), true)
  for (const saltLength of [0, 20, 31, 33, 222])
    assert.equal(
      isSignedBy({ algorithm: 'PS256', key }, signed, withSalt(saltLength)),
      false,
      String(saltLength),
    )
})

test('jsonwebtoken agrees, on good tokens and bad ones', () => {
  for (const [name, { key, another }] of Object.entries(pairs)) {
    const algorithm = name as Algorithm
    const token = signedWith(algorithm)
    for (const [candidate, text] of [
      [key, token],
      [another, token],
      [key, token.replace(/^[^.]+/, 'e30')],
      [key, token.replace(/[^.]+$/, '')],
    ] as const) {
      const [signed, signature] = split(text)
      assert.equal(
        isSignedBy({ algorithm, key: candidate }, signed, signature),
        passes(text, candidate, algorithm),
      )
    }
  }
})

function passes(token: string, key: KeyObject, algorithm: Algorithm): boolean {
  try {
    return Boolean(jwt.verify(token, key, { algorithms: [algorithm], clockTimestamp: NOW }))
  } catch (error) {
    if (error instanceof jwt.JsonWebTokenError) return false
    throw error
  }
}
