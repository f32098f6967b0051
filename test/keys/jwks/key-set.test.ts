// What an issuer publishes, read for one algorithm: which keys count, and when the whole set is refused.
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { KeySetReader } from '../../../lib/keys/jwks/key-set.js'
import type { Algorithm } from '../../../lib/keys/key-source.js'
import { jwkOf } from '../../support/scripted-issuer.js'
import { rsaKeys } from '../../support/tokens.js'

const rsa = (bits: number, publicExponent = 0x10001) =>
  generateKeyPairSync('rsa', { modulusLength: bits, publicExponent })
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })
const { publicKey, privateKey } = rsaKeys()
const good = jwkOf(publicKey, { kid: 'good' })
const p256 = ec('P-256').publicKey
/** Sets of the same key under several names: making keys takes time. */
const setOf = (...kids: readonly string[]) => ({ keys: kids.map((kid) => jwkOf(publicKey, { kid })) })
const readKeySet = (document: unknown, algorithms: Algorithm | Algorithm[], maxKeys: number) =>
  new KeySetReader({ algorithms: [algorithms].flat(), maxKeys }).read(() => Promise.resolve(document))
const kidsOf = async (document: unknown, algorithm: Algorithm = 'RS256', maxKeys = 3) =>
  (await readKeySet(document, algorithm, maxKeys)).map(({ kid }) => kid)

describe('a reader of key sets accepts', () => {
  const accepted: Readonly<Record<string, [unknown, Algorithm?]>> = {
    'a JWKS': [{ keys: [good] }],
    'a single bare JWK': [good],
    'members that nobody knows': [{ keys: [{ ...good, x5t: 'x', 'https://x': {} }], more: 1 }],
    'a key without use': [{ keys: [jwkOf(publicKey, { kid: 'good', use: undefined })] }],
    'a key without alg, for the configured algorithm': [
      { keys: [jwkOf(publicKey, { kid: 'good', alg: undefined })] },
      'PS384',
    ],
    'an EC key without alg': [{ keys: [jwkOf(p256, { kid: 'good', alg: undefined })] }, 'ES256'],
    'key_ops with verify': [{ keys: [{ ...good, key_ops: ['encrypt', 'verify'] }] }],
    'an RSA key of 3072 bits': [{ keys: [jwkOf(rsa(3072).publicKey, { kid: 'good' })] }],
    'an RSA key of 8192 bits': [
      {
        keys: [
          {
            ...jwkOf(publicKey, { kid: 'good' }),
            n: Buffer.concat([Buffer.of(0x80), Buffer.alloc(1023, 0xff)]).toString('base64url'),
          },
        ],
      },
    ],
    'an RSA key with an exponent of 32 bits': [{ keys: [{ ...good, e: '_____w' }] }],
    'an RSA key with the exponent 3': [{ keys: [jwkOf(rsa(2048, 3).publicKey, { kid: 'good' })] }],
  }
  for (const [what, [document, algorithm]] of Object.entries(accepted))
    test(what, async () => {
      assert.deepEqual(await kidsOf(document, algorithm), ['good'])
    })

  test('a key without kid, or with one that is not a string, as a key without kid', async () => {
    for (const kid of [undefined, null, 5, '', ['x']])
      assert.deepEqual(await kidsOf({ keys: [jwkOf(publicKey, { kid })] }), [undefined])
  })

  test('as many keys as are allowed', async () => {
    assert.deepEqual(await kidsOf(setOf('a', 'b', 'c')), ['a', 'b', 'c'])
    assert.deepEqual(await kidsOf(setOf('a', 'b', 'c', 'd'), 'RS256', 4), ['a', 'b', 'c', 'd'])
  })

  test('the key as it was published, for the configured algorithm alone', async () => {
    const [key] = await readKeySet({ keys: [jwkOf(publicKey, { kid: 'x', alg: undefined })] }, 'RS512', 3)
    assert.equal(key?.algorithm, 'RS512')
    assert.ok(key.key.equals(publicKey))
    assert.equal(key.key.type, 'public')
  })
})

describe('a reader of key sets passes over', () => {
  const weak = rsa(1024)
  const huge = Buffer.concat([Buffer.of(0x80), Buffer.alloc(1124, 0xff)]).toString('base64url')
  const passedOver: Readonly<Record<string, [object, RegExp]>> = {
    'an RSA key of 1024 bits': [jwkOf(weak.publicKey), /1024 bits, fewer than 2048/],
    'an RSA key that costs too much': [{ ...jwkOf(publicKey), n: huge }, /9000 bits, more than 8192/],
    'an RSA key with an exponent that costs too much': [
      { ...jwkOf(publicKey), e: 'AQAAAAE' },
      /exponent of more than 32 bits/,
    ],
    'an RSA key with an exponent of just 33 bits': [
      { ...jwkOf(publicKey), e: 'AQAAAAA' },
      /exponent of more than 32 bits/,
    ],
    'an RSA key with the exponent 1': [{ ...jwkOf(publicKey), e: 'AQ' }, /the unsound public exponent 1\)/],
    'an RSA key with an even exponent': [{ ...jwkOf(publicKey), e: 'BA' }, /the unsound public exponent 4\)/],
    'a key for another algorithm': [jwkOf(publicKey, { alg: 'RS384' }), /is for "RS384"/],
    'a key for PS256': [jwkOf(publicKey, { alg: 'PS256' }), /is for "PS256"/],
    'a key for HS256': [jwkOf(publicKey, { alg: 'HS256' }), /is for "HS256"/],
    'a key whose alg is not a string': [jwkOf(publicKey, { alg: 256 }), /is for 256/],
    'a key whose alg is null': [jwkOf(publicKey, { alg: null }), /is for null/],
    'a key for encryption': [jwkOf(publicKey, { use: 'enc' }), /has the use "enc"/],
    'a key whose use is not a string': [jwkOf(publicKey, { use: ['sig'] }), /has the use \["sig"\]/],
    'key_ops without verify': [jwkOf(publicKey, { key_ops: ['sign'] }), /key_ops/],
    'key_ops that are not a list': [jwkOf(publicKey, { key_ops: 'verify' }), /key_ops/],
    'a private key': [privateKey.export({ format: 'jwk' }), /has private parts/],
    ...Object.fromEntries(
      ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'].map((member) => [
        `a key with the private member ${member}`,
        [jwkOf(publicKey, { [member]: 'AQAB' }), /has private parts/] as [object, RegExp],
      ]),
    ),
    'a secret key': [{ kty: 'oct', k: randomBytes(32).toString('base64url') }, /has private parts/],
    'a secret key without its bytes': [{ kty: 'oct' }, /cannot be parsed/],
    'an EC key': [jwkOf(p256, { alg: undefined }), /type ec, not RSA/],
    'an Ed25519 key': [
      jwkOf(generateKeyPairSync('ed25519').publicKey, { alg: undefined }),
      /type ed25519, not RSA/,
    ],
    'a key without a modulus': [{ kty: 'RSA', e: 'AQAB' }, /cannot be parsed/],
    'a key with a modulus that is not a string': [{ kty: 'RSA', e: 'AQAB', n: 5 }, /0 bits|cannot be parsed/],
    'a key of an unknown type': [{ kty: 'XYZ' }, /cannot be parsed/],
    'an object that is not a key': [{}, /cannot be parsed/],
  }
  for (const [what, [jwk, reason]] of Object.entries(passedOver)) {
    test(`${what}, beside a good one`, async () => {
      assert.deepEqual(await kidsOf({ keys: [{ ...jwk, kid: 'bad' }, good] }), ['good'])
    })

    test(`${what}, and says why when there is no other`, async () => {
      const message = new RegExp(`^the key set has no usable RS256 key \\(bad .*(?:${reason.source})`)
      await assert.rejects(readKeySet({ keys: [{ ...jwk, kid: 'bad' }] }, 'RS256', 3), { message })
    })
  }

  test('an EC key on another curve than the algorithm has', async () => {
    for (const [curve, algorithm] of [
      ['P-256', 'ES384'],
      ['P-384', 'ES512'],
      ['P-521', 'ES256'],
    ] as const) {
      const jwk = jwkOf(ec(curve).publicKey, { kid: 'bad', alg: undefined })
      await assert.rejects(readKeySet({ keys: [jwk] }, algorithm, 3), {
        message: /is not a key on the curve/,
      })
      const lying = { ...jwk, alg: algorithm }
      await assert.rejects(readKeySet({ keys: [lying] }, algorithm, 3), { message: /curve|cannot be parsed/ })
    }
  })

  test('what is not an object', async () => {
    assert.deepEqual(await kidsOf({ keys: [null, 5, 'x', good, undefined] }), ['good'])
  })

  test('keys for other purposes do not count against maxKeys, nor do their kids clash', async () => {
    const encryption = jwkOf(publicKey, { kid: 'good', use: 'enc' })
    const others = Array.from({ length: 199 }, () => encryption)
    assert.deepEqual(await kidsOf({ keys: [...others, good] }, 'RS256', 1), ['good'])
  })
})

describe('a reader of key sets refuses', () => {
  const refused: Readonly<Record<string, [unknown, RegExp]>> = {
    'an empty set': [{ keys: [] }, /^the key set has no usable RS256 key \(it is empty\)$/],
    'an empty object': [{}, /neither a JWKS nor a JWK/],
    'a list of keys': [[good], /neither a JWKS nor a JWK/],
    null: [null, /neither a JWKS nor a JWK/],
    'a number': [5, /neither a JWKS nor a JWK/],
    'a text': ['keys', /neither a JWKS nor a JWK/],
    'keys that are not a list': [{ keys: { good } }, /neither a JWKS nor a JWK/],
    '4 keys, when 3 are allowed': [
      setOf('a', 'b', 'c', 'd'),
      /^the key set has 4 usable keys, more than jwks\.maxKeys \(3\) allows: raise that option$/,
    ],
    '8 keys': [
      setOf(...Array.from('abcdefgh')),
      /^the key set has 8 usable keys, more than jwks\.maxKeys \(3\) allows: raise that option$/,
    ],
    'two keys with one kid': [
      { keys: [good, { ...jwkOf(rsaKeys('other').publicKey), kid: 'good' }] },
      /^the key set has two keys with the same kid$/,
    ],
    'the same key twice': [{ keys: [good, good] }, /two keys with the same kid/],
    'two keys without kid': [
      { keys: [jwkOf(publicKey), jwkOf(rsaKeys('other').publicKey)] },
      /^the key set has two keys without kid$/,
    ],
    'a bare private key': [
      privateKey.export({ format: 'jwk' }),
      /^the key set has no usable RS256 key \(a key without kid has private parts\)$/,
    ],
    'keys that are all for something else': [
      { keys: [jwkOf(publicKey, { kid: 'a', use: 'enc' }), jwkOf(publicKey, { kid: 'b', alg: 'PS256' })] },
      /^the key set has no usable RS256 key \(a has the use "enc"; b is for "PS256"\)$/,
    ],
  }
  for (const [what, [document, message]] of Object.entries(refused))
    test(what, async () => {
      await assert.rejects(readKeySet(document, 'RS256', 3), { message })
    })

  test('a list without end, before it parses any of it', async () => {
    let looks = 0
    const key = new Proxy(good, {
      get(target, member) {
        looks += 1
        return Reflect.get(target, member) as unknown
      },
    })
    await readKeySet({ keys: [key] }, 'RS256', 100)
    assert.ok(looks > 0, 'a key that is parsed is looked at')
    looks = 0
    const keys = Array.from({ length: 30_000 }, () => key)
    await assert.rejects(readKeySet({ keys }, 'RS256', 100), { message: /^the key set has 30000 keys/ })
    assert.equal(looks, 0)
  })

  test('in words that have an end', async () => {
    const keys = Array.from({ length: 200 }, () => jwkOf(publicKey, { kid: 'x'.repeat(2000), use: 'enc' }))
    await assert.rejects(readKeySet({ keys }, 'RS256', 3), ({ message }: Error) => message.length < 2000)
  })
})
