import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { certificateOf } from '../support/certificate.js'
import { claims, mint, mintText, OTHER_SECRET, rsaKeys, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

const THIRD_SECRET = SESSION_SECRET

describe('three keys', () => {
  const secrets = [SECRET, OTHER_SECRET, THIRD_SECRET]
  const { accept, refuse } = verifierFor({ signingKeys: secrets })

  for (const [index, key] of secrets.entries())
    test(`a token of key ${String(index + 1)} is accepted`, () => {
      const { key: signer } = accept(mint(claims(), { key }))
      assert.equal(signer.key.export().toString(), key)
    })

  test('a token of a fourth key is refused', () => {
    assert.equal(refuse(mint(claims(), { key: SECRET.replaceAll('2', '3') })).code, 'TOKEN_SIGNATURE')
  })

  test('the next key is tried only after a signature failure: another failure is final, and named', () => {
    for (const key of secrets) {
      assert.equal(refuse(mint(claims({ exp: 5 }), { key })).code, 'TOKEN_EXPIRED')
      assert.equal(refuse(mint(claims({ aud: 'x' }), { key })).code, 'TOKEN_AUDIENCE_MISMATCH')
      assert.equal(refuse(mintText('null', { key })).code, 'TOKEN_MALFORMED')
    }
  })

  test('three RSA keys, the same way', () => {
    const pairs = ['one', 'two', 'three'].map((name) => rsaKeys(name))
    const signingKeys = pairs.map(({ publicPem }) => publicPem)
    const verifier = verifierFor({ signingAlgorithm: 'RS256', signingKeys })
    for (const { privateKey, publicKey } of pairs) {
      const verdict = verifier.accept(mint(claims(), { key: privateKey }))
      assert.ok(verdict.key.key.equals(publicKey))
      assert.equal(verifier.refuse(mint(claims({ exp: 5 }), { key: privateKey })).code, 'TOKEN_EXPIRED')
    }
    assert.equal(verifier.refuse(mint(claims(), { key: rsaKeys().privateKey })).code, 'TOKEN_SIGNATURE')
  })
})

describe('kid', () => {
  const named = verifierFor({
    signingKeys: [
      { key: SECRET, kid: 'one' },
      { key: OTHER_SECRET, kid: 'two' },
    ],
  })
  const mixed = verifierFor({ signingKeys: [{ key: SECRET, kid: 'one' }, OTHER_SECRET] })
  const nameless = verifierFor({ signingKeys: [SECRET, OTHER_SECRET] })
  const token = (key: string, kid?: unknown): string => mint(claims(), { key, header: { kid } })

  test('names the key that verifies', () => {
    assert.equal(named.accept(token(SECRET, 'one')).key.kid, 'one')
    assert.equal(named.accept(token(OTHER_SECRET, 'two')).key.kid, 'two')
  })

  test('of a JWK is what the JWK says', () => {
    const k = Buffer.from(SECRET).toString('base64url')
    const { accept, refuse } = verifierFor({ signingKeys: [{ kty: 'oct', k, kid: 'one' }] })
    assert.equal(accept(token(SECRET, 'one')).key.kid, 'one')
    assert.equal(refuse(token(SECRET, 'two')).code, 'TOKEN_KEY_ID_UNKNOWN')
  })

  test('keeps the other named keys out', () => {
    assert.equal(named.refuse(token(SECRET, 'two')).code, 'TOKEN_SIGNATURE')
    assert.equal(named.refuse(token(OTHER_SECRET, 'one')).code, 'TOKEN_SIGNATURE')
  })

  test('may be absent: every key is tried', () => {
    assert.equal(named.accept(token(SECRET)).key.kid, 'one')
    assert.equal(named.accept(token(OTHER_SECRET)).key.kid, 'two')
  })

  for (const kid of ['three', '', 'ONE', ' one', '../one', '__proto__', "one' OR '1'='1"])
    test(`${JSON.stringify(kid)} names none of the keys`, () => {
      const { code, message } = named.refuse(token(SECRET, kid))
      assert.equal(code, 'TOKEN_KEY_ID_UNKNOWN')
      assert.equal(message, "invalid custom auth token: 'kid' does not name a signing key")
    })

  for (const kid of [5, null, ['one'], { one: 1 }, true])
    test(`${JSON.stringify(kid)}, which is not a string, is refused wherever it comes`, () => {
      for (const verifier of [named, mixed, nameless])
        assert.equal(verifier.refuse(token(SECRET, kid)).code, 'TOKEN_KEY_ID_UNKNOWN')
    })

  test('leaves nameless keys in: they are tried whatever a token says', () => {
    for (const kid of [undefined, 'one', 'three'])
      assert.equal(mixed.accept(token(OTHER_SECRET, kid)).key.kid, undefined)
    assert.equal(mixed.accept(token(SECRET, 'one')).key.kid, 'one')
    assert.equal(mixed.refuse(token(SECRET, 'three')).code, 'TOKEN_SIGNATURE')
  })

  test('means nothing where no key has a name', () => {
    for (const kid of [undefined, 'anything', ''])
      assert.equal(nameless.accept(token(OTHER_SECRET, kid)).subject, '24601')
  })
})

describe('a secret', () => {
  const bytes = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 37) % 256))
  const accepts = (key: unknown, signedWith: string | Buffer): void => {
    const { accept } = verifierFor({ signingKeys: [key] })
    assert.equal(accept(mint(claims(), { key: signedWith })).subject, '24601')
  }

  test('is the raw text by default, base64-looking or not', () => {
    for (const text of [SECRET, bytes.toString('base64'), bytes.toString('base64url'), '_-+/='.repeat(7)])
      accepts(text, text)
  })

  for (const encoding of ['base64', 'base64url', 'hex'] as const)
    test(`is decoded when its encoding is ${encoding}`, () => {
      accepts({ key: bytes.toString(encoding), encoding }, bytes)
    })

  test('in hex may have letters of either case, in base64 may lack its padding', () => {
    accepts({ key: bytes.toString('hex').toUpperCase(), encoding: 'hex' }, bytes)
    for (const length of [46, 47, 48]) {
      const some = bytes.subarray(0, length)
      const key = some.toString('base64')
      for (const text of [key, key.replaceAll('=', '')]) accepts({ key: text, encoding: 'base64' }, some)
    }
  })

  test('with the encoding utf8 may have any character', () => {
    const text = 'a secret with spaces, “quotes” and a newline\n'
    accepts({ key: text, encoding: 'utf8' }, text)
  })

  test('may have 32 to 512 characters', () => {
    for (const text of ['x'.repeat(32), 'x'.repeat(512)]) accepts(text, text)
  })

  test('in an encoding is measured in bytes', () => {
    for (const length of [32, 512]) {
      const key = Buffer.alloc(length, 7)
      accepts({ key: key.toString('hex'), encoding: 'hex' }, key)
    }
    accepts({ key: 'é'.repeat(16), encoding: 'utf8' }, 'é'.repeat(16))
  })
})

describe('a public key', () => {
  const pair = rsaKeys()
  const { publicKey, publicPem, privateKey } = pair
  const token = mint(claims(), { key: privateKey })
  const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const certificate = certificateOf(pair)

  test('the certificate of this test is one', () => {
    assert.ok(new X509Certificate(certificate).verify(publicKey))
    assert.ok(createPublicKey(certificate).equals(publicKey))
  })

  const forms = {
    'PEM (SPKI)': publicPem,
    'PEM (PKCS#1)': pkcs1,
    'a certificate': certificate,
    'PEM with \\n in place of its newlines, as environment variables have,': publicPem.replaceAll(
      '\n',
      '\\n',
    ),
    'PEM with \\r\\n in place of its newlines': publicPem.replaceAll('\n', '\\r\\n'),
    'PEM with the line ends of Windows': publicPem.replaceAll('\n', '\r\n'),
    'a certificate with \\n in place of its newlines': certificate.replaceAll('\n', '\\n'),
    'PEM with space around it': `\n\t ${publicPem}\n\n`,
    'PEM without a newline at its end': publicPem.trim(),
  }
  for (const [form, text] of Object.entries(forms)) {
    test(`as ${form} verifies`, () => {
      const { accept, refuse } = verifierFor({ signingAlgorithm: 'RS256', signingKeys: [text] })
      assert.equal(accept(token).subject, '24601')
      assert.equal(refuse(mint(claims(), { key: rsaKeys('another').privateKey })).code, 'TOKEN_SIGNATURE')
    })

    // LESSONS 3, CVE-2026-34950: the text of a public key is not a secret, whatever its form.
    test(`as ${form} is never an HMAC secret`, () => {
      const { refuse } = verifierFor({ signingAlgorithm: 'RS256', signingKeys: [text] })
      for (const secret of [
        text,
        publicPem,
        publicPem.trim(),
        pkcs1,
        publicKey.export({ type: 'spki', format: 'der' }),
      ])
        assert.equal(refuse(mint(claims(), { key: secret, alg: 'HS256' })).code, 'TOKEN_ALGORITHM')
    })
  }

  test('of 4096 bits, whose PEM is longer than 512 characters, verifies', () => {
    const { publicKey: key, privateKey: signer } = generateKeyPairSync('rsa', { modulusLength: 4096 })
    const pem = key.export({ type: 'spki', format: 'pem' }).toString()
    assert.ok(pem.length > 512)
    const { accept } = verifierFor({ signingAlgorithm: 'RS256', signingKeys: [pem] })
    assert.equal(accept(mint(claims(), { key: signer })).subject, '24601')
  })

  test('with the exponent 3 verifies', () => {
    const { publicKey: key, privateKey: signer } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicExponent: 3,
    })
    const pem = key.export({ type: 'spki', format: 'pem' })
    const { accept } = verifierFor({ signingAlgorithm: 'RS256', signingKeys: [pem] })
    assert.equal(accept(mint(claims(), { key: signer })).subject, '24601')
  })

  test('with a kid is tried for tokens of this kid', () => {
    const signingKeys = [{ key: publicPem, kid: 'one' }]
    const { accept, refuse } = verifierFor({ signingAlgorithm: 'RS256', signingKeys })
    const withKid = (kid: string): string => mint(claims(), { key: privateKey, header: { kid } })
    assert.equal(accept(withKid('one')).key.kid, 'one')
    assert.equal(refuse(withKid('two')).code, 'TOKEN_KEY_ID_UNKNOWN')
  })
})
