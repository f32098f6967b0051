// Keys in the forms that people have: accepted, or refused in one line that says what they are.
import assert from 'node:assert/strict'
import { createSecretKey, ECDH, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Algorithm } from 'custom-jwt-auth'
import { findPairedKey } from '../../lib/keys/parsed-key.js'
import { refusalOf } from '../support/refused-options.js'
import { keyPairFor, signWith } from '../support/signers.js'
import { APP_ID, claims, mint, SECRET } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

const indented = (text: string): string => text.replaceAll(/^/gm, '    ')
const exported = (key: KeyObject, type: 'spki' | 'pkcs8') => ({
  pem: key.export({ type, format: 'pem' }).toString(),
  der: key.export({ type, format: 'der' }),
})

/** One key of a pair in every form. */
function formsOf(key: KeyObject, type: 'spki' | 'pkcs8'): Readonly<Record<string, unknown>> {
  const { pem, der } = exported(key, type)
  const jwk = key.export({ format: 'jwk' })
  return {
    PEM: pem,
    'quoted PEM with a line around it': `\n "${pem.trim()}" \n`,
    'quoted PEM with escaped newlines': `'${pem.trim().replaceAll('\n', '\\n')}'`,
    'indented PEM': indented(pem),
    'PEM in base64': Buffer.from(pem).toString('base64'),
    'PEM in base64 of several lines': Buffer.from(pem).toString('base64').replaceAll(/.{64}/g, '$&\n'),
    'PEM in base64url': Buffer.from(pem).toString('base64url'),
    'PEM in hex': Buffer.from(pem).toString('hex'),
    'PEM in base64, twice': Buffer.from(Buffer.from(pem).toString('base64')).toString('base64'),
    'a Buffer of PEM': Buffer.from(pem),
    'a Buffer of DER': der,
    'DER in base64': der.toString('base64'),
    'a KeyObject': key,
    'a JWK': jwk,
    'a JWK as JSON': JSON.stringify(jwk),
    'a JWK as quoted JSON of several lines': `'\n${JSON.stringify(jwk, undefined, 2)}\n'`,
    'a JWK in base64': base64(JSON.stringify(jwk)),
    'a JWK in base64, after a byte order mark': base64(`\ufeff${JSON.stringify(jwk)}`),
    'PEM in UTF-16, as PowerShell writes it, in base64': base64(Buffer.from(pem, 'utf16le')),
    'a Buffer of PEM in UTF-16': Buffer.from(`\ufeff${pem}`, 'utf16le'),
    'PEM with percent signs': encodeURIComponent(pem),
    'DER in base64, four times': base64(base64(base64(base64(der)))),
    'DER in base64 with too many =': `${base64(der)}==`,
    'DER in base64 with a character that is none of it': base64(der).replace(/.{20}/, '$&!'),
  }
}

function base64(content: string | Buffer): string {
  return Buffer.from(content as string).toString('base64')
}

const onlyProblem = (options: object): string => {
  const { problems } = refusalOf({ appId: APP_ID, ...options })
  assert.equal(problems.length, 1, JSON.stringify(problems))
  return `${problems[0]?.problem ?? ''}. ${problems[0]?.fix ?? ''}`
}

for (const algorithm of ['RS256', 'ES256', 'EdDSA'] as const) {
  const { publicKey, privateKey } = keyPairFor(algorithm)
  const publicForms = { ...formsOf(publicKey, 'spki') }
  describe(`${algorithm}:`, () => {
    for (const [form, key] of Object.entries(publicForms)) {
      test(`${form} verifies, alone or with a kid`, () => {
        for (const signingKeys of [[key], [{ key, kid: 'one' }]]) {
          const { accept } = verifierFor({ signingAlgorithm: algorithm, signingKeys })
          assert.equal(accept(signWith(algorithm)).subject, '24601')
        }
      })

      // Issue "What an attacker got", 7. The old advice, "or set signingAlgorithm to HS256", let the published key forge.
      test(`${form} is never a secret, and no message advises it`, () => {
        for (const signingAlgorithm of ['HS256', 'HS384', 'HS512'])
          assert.match(
            onlyProblem({ signingAlgorithm, signingKeys: [key] }),
            /^is a public key, but the algorithm is HS/,
          )
        const session = { signingAlgorithm: 'HS256', signingKeys: [SECRET], session: { signingKeys: [key] } }
        assert.match(onlyProblem(session), /^is a public key/)
        if (typeof key === 'string')
          for (const encoding of ['utf8', 'base64', 'base64url', 'hex'])
            assert.match(
              onlyProblem({ signingAlgorithm: 'HS256', signingKeys: [{ key, encoding }] }),
              /^is a public key/,
            )
        const wrong = algorithm === 'RS256' ? 'ES256' : 'RS256'
        assert.doesNotMatch(onlyProblem({ signingAlgorithm: wrong, signingKeys: [key] }), /HS\d|HMAC|secret/i)
      })
    }

    const olderType = { RS256: 'pkcs1', ES256: 'sec1', EdDSA: 'pkcs8' }[algorithm] as 'pkcs1'
    const older = privateKey.export({ type: olderType, format: 'der' })
    const bare = exported(privateKey, 'pkcs8').pem.replaceAll('-', '')
    const privateForms = {
      ...formsOf(privateKey, 'pkcs8'),
      [olderType]: older,
      'PEM without its dashes': bare,
    }
    for (const [form, key] of Object.entries(privateForms))
      test(`${form} of the private key is named as that, wherever it is given`, () => {
        for (const signingAlgorithm of [algorithm, 'HS256'])
          assert.match(onlyProblem({ signingAlgorithm, signingKeys: [key] }), /^is a private key/)
      })
  })
}

describe('what may be public, though it cannot be read,', () => {
  const { publicKey } = keyPairFor('ES256')
  const { pem, der } = exported(publicKey, 'spki')
  const cut = (algorithm: Algorithm) =>
    base64(exported(keyPairFor(algorithm).publicKey, 'spki').der.subarray(0, -4))
  const jwk = publicKey.export({ format: 'jwk' })
  for (const [what, key] of Object.entries({
    'PEM cut off': pem.slice(0, 80),
    'PEM cut off, in base64': Buffer.from(pem.slice(0, 80)).toString('base64'),
    'PEM cut off in its first line': pem.slice(0, 18).padEnd(40, 'x'),
    'DER cut off, in base64': der.subarray(0, -4).toString('base64'),
    'DER of an RSA key cut off, in base64': cut('RS256'),
    'DER of an Ed25519 key cut off, in base64': cut('EdDSA'),
    'a certificate without its dashes': 'BEGIN CERTIFICATE MIIC4jCCAcqgAwIBAgIU',
    'a JWK without its coordinates': '{"kty":"EC","crv":"P-256","use":"sig"}',
    'PEM without its dashes, in base64': base64(pem.replaceAll('-', '')),
    'a key set': JSON.stringify({ keys: [jwk] }),
    'a list of JWKs, in base64': base64(JSON.stringify([jwk])),
    'a JWK inside of something else, in base64': base64(JSON.stringify({ key: jwk })),
    "OpenSSH's form": `ssh-ed25519 ${Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '.padEnd(51, 'x')).toString('base64')} me@host`,
    'the form of .NET, in base64': base64(
      `<RSAKeyValue><Modulus>${'A'.repeat(344)}</Modulus></RSAKeyValue>`.slice(0, 90),
    ),
    "OpenSSH's form, the middle alone": Buffer.from('\0\0\0\vssh-ed25519\0\0\0 '.padEnd(51, 'x')).toString(
      'base64',
    ),
  }))
    test(`is not a secret: ${what}`, () => {
      assert.match(
        onlyProblem({ signingAlgorithm: 'HS256', signingKeys: [key] }),
        /^is a damaged key of a key pair/,
      )
      assert.doesNotMatch(onlyProblem({ signingAlgorithm: 'ES256', signingKeys: [key] }), /HS\d|HMAC|secret/i)
    })
})

/** The whole point of an EC key, and what OpenSSL and wallets make of it. */
const compressed = (key: KeyObject): Buffer => {
  const { crv = '', x = '', y = '' } = key.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  const curve = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' }[crv] ?? ''
  return ECDH.convertKey(point, curve, undefined, undefined, 'compressed') as Buffer
}

describe('a compressed point', () => {
  for (const algorithm of ['ES256', 'ES384', 'ES512'] as const) {
    const point = compressed(keyPairFor(algorithm).publicKey)
    for (const [form, key] of Object.entries({
      bytes: point,
      base64: base64(point),
      base64url: point.toString('base64url'),
      hex: point.toString('hex'),
    }))
      test(`for ${algorithm}, as ${form}, verifies and is not a secret`, () => {
        const { accept } = verifierFor({ signingAlgorithm: algorithm, signingKeys: [key] })
        assert.equal(accept(signWith(algorithm)).subject, '24601')
        assert.match(onlyProblem({ signingAlgorithm: 'HS256', signingKeys: [key] }), /^is a public key/)
      })
  }

  test('that is on no curve is a secret like others', () => {
    const numbers = Array.from({ length: 64 }, (_, last) =>
      Buffer.concat([Buffer.of(2), Buffer.alloc(31, 7), Buffer.of(last)]),
    )
    const key = numbers.find((bytes) => findPairedKey(bytes) === undefined)
    assert.ok(key)
    assert.equal(verifierFor({ signingKeys: [key] }).accept(mint(claims(), { key })).subject, '24601')
  })
})

describe('the modulus of an RSA key alone', () => {
  for (const modulusLength of [2048, 3072]) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength })
    const { n = '' } = publicKey.export({ format: 'jwk' })
    const printed = Buffer.from(n, 'base64url').toString('hex').toUpperCase()
    for (const [form, key] of Object.entries({ 'as in a JWK': n, 'as OpenSSL prints it': printed }))
      test(`of ${modulusLength} bits, ${form}, is not a secret`, () => {
        if (key.length > 512) return
        const session = { signingAlgorithm: 'HS256', signingKeys: [SECRET], session: { signingKeys: [key] } }
        for (const options of [{ signingAlgorithm: 'HS256', signingKeys: [key] }, session])
          assert.match(onlyProblem(options), /^looks like the modulus of an RSA key.*keygen$/)
        const named = { signingAlgorithm: 'HS256', signingKeys: [{ key, encoding: 'base64url' }] }
        assert.match(onlyProblem(named), /^looks like the modulus/)
        const advice = onlyProblem({ signingAlgorithm: 'RS256', signingKeys: [key] })
        assert.match(advice, /^is only the modulus of an RSA key/)
        assert.doesNotMatch(advice, /HS\d|HMAC|secret/i)
      })
  }

  test('is not what a long secret is taken for that has a small factor, or another length', () => {
    const bytes = Buffer.alloc(256, 0xab) // even, or a multiple of 3
    const shortPrime = Buffer.concat([Buffer.alloc(96), Buffer.of(0x7f), Buffer.alloc(159, 0xff)]) // 2^1279 - 1
    for (const key of [
      bytes.toString('base64url'),
      bytes.subarray(1).toString('base64url'),
      base64(bytes),
      shortPrime.toString('base64url'),
    ])
      verifierFor({ signingKeys: [key] }).accept(mint(claims(), { key }))
  })

  test('is no key of sessions where the guard has its key, in any form', () => {
    const { publicKey } = keyPairFor('RS256')
    const n = Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')
    const options = { signingAlgorithm: 'RS256', signingKeys: [publicKey], session: { signingKeys: [n] } }
    assert.match(onlyProblem(options), /^hold one of the issuer's keys, or a part of one/)
  })
})

describe('a secret', () => {
  const bytes = Buffer.from(Array.from({ length: 48 }, (_, index) => (index * 37) % 256))
  for (const [form, key, signer] of [
    ['a Buffer', bytes, bytes],
    ['a Uint8Array', new Uint8Array(bytes), bytes],
    ['a Buffer of text', Buffer.from(SECRET), SECRET],
    ['a KeyObject', createSecretKey(bytes), bytes],
    ['a JWK', { kty: 'oct', k: bytes.toString('base64url'), alg: 'HS256' }, bytes],
  ] as const)
    test(`as ${form} verifies`, () => {
      const { accept } = verifierFor({ signingKeys: [key] })
      assert.equal(accept(mint(claims(), { key: signer })).subject, '24601')
    })

  test('may look like the beginning of a key', () => {
    for (const key of ['0'.repeat(40), `a secret with ${'ssh-'.repeat(8)}`, `{"secret": ${'x'.repeat(40)}`]) {
      const { accept } = verifierFor({ signingKeys: [{ key, encoding: 'utf8' }] })
      assert.equal(accept(mint(claims(), { key })).subject, '24601')
    }
  })

  test('of bytes may end with a newline, or have one', () => {
    for (const key of [Buffer.concat([bytes, Buffer.from('x\n')]), Buffer.from(`${SECRET}\n${SECRET}`)])
      assert.equal(verifierFor({ signingKeys: [key] }).accept(mint(claims(), { key })).subject, '24601')
  })

  test('is refused in one line when it cannot be meant', () => {
    for (const [key, says] of [
      ['{"kty":"oct","k":"x","alg":"HS256","use":"sig"}', /^has characters other than letters/],
      [Buffer.from(`${SECRET}\n`), /^ends with a newline\. Pass its text/],
      [Buffer.alloc(31, 7), /^has 31 bytes/],
      [createSecretKey(Buffer.alloc(31, 7)), /^has 31 bytes/],
      [{ kty: 'oct', k: bytes.toString('base64url'), alg: 'HS512' }, /^is a JWK for another algorithm/],
      [{ key: bytes, encoding: 'hex' }, /^has an encoding, but is not a string/],
    ] as const)
      assert.match(onlyProblem({ signingAlgorithm: 'HS256', signingKeys: [key] }), says)
  })
})

test('Ed448 is not what EdDSA means here', () => {
  const { publicKey } = generateKeyPairSync('ed448')
  assert.match(
    onlyProblem({ signingAlgorithm: 'EdDSA', signingKeys: [publicKey] }),
    /type ed448, not Ed25519/,
  )
})
