// Each algorithm with keys of its own, by configuration alone: what a token says of itself chooses nothing.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Algorithm } from 'custom-jwt-auth'
import { ALGORITHMS, keyPairFor, LONG_SECRET, signingKeyFor, signWith } from '../support/signers.js'
import { remoteVerifier } from '../support/remote-verifier.js'
import { answerWith, jwkOf, startIssuer } from '../support/scripted-issuer.js'
import { NOW, withSegment } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

const verifierOf = (algorithm: Algorithm, ...keys: readonly string[]) =>
  verifierFor({
    signingAlgorithm: algorithm,
    signingKeys: keys.length > 0 ? keys : [signingKeyFor(algorithm)],
  })
const others = (algorithm: Algorithm) => ALGORITHMS.filter((other) => other !== algorithm)
/** Whether two algorithms have keys of one kind, so that one key could serve both. */
const kindOf = (algorithm: Algorithm): string =>
  algorithm.startsWith('HS') ? 'secret' : algorithm.startsWith('E') ? algorithm : 'RSA'

test('these are all of RFC 7518 but none, and EdDSA of RFC 8037', () => {
  assert.deepEqual(
    ALGORITHMS.toSorted(),
    [
      'EdDSA',
      ...['HS', 'RS', 'PS', 'ES'].flatMap((kind) => [256, 384, 512].map((bits) => kind + String(bits))),
    ].sort(),
  )
})

for (const algorithm of ALGORITHMS)
  describe(algorithm, () => {
    test('accepts its own tokens', () => {
      assert.equal(verifierOf(algorithm).accept(signWith(algorithm)).subject, '24601')
    })

    test('refuses a token of another key of the same kind', () => {
      assert.equal(
        verifierOf(algorithm).refuse(signWith(algorithm, { name: 'other' })).code,
        'TOKEN_SIGNATURE',
      )
    })

    test('refuses every other algorithm, honest or lying, also with keys that could serve both', () => {
      const { refuse } = verifierOf(algorithm)
      for (const other of others(algorithm)) {
        assert.equal(refuse(signWith(other)).code, 'TOKEN_ALGORITHM', other)
        assert.equal(refuse(signWith(other, { header: { alg: algorithm } })).code, 'TOKEN_SIGNATURE', other)
      }
    })

    test('refuses what claims no algorithm, or one in another case', () => {
      const { refuse } = verifierOf(algorithm)
      for (const alg of [
        'none',
        'None',
        '',
        algorithm.toLowerCase(),
        `${algorithm} `,
        null,
        5,
        [algorithm],
        undefined,
      ])
        assert.equal(refuse(signWith(algorithm, { header: { alg } })).code, 'TOKEN_ALGORITHM', String(alg))
      const unsigned = withSegment(signWith(algorithm, { header: { alg: 'none' } }), 2, '')
      assert.equal(refuse(unsigned).code, 'TOKEN_ALGORITHM')
      assert.equal(refuse(withSegment(signWith(algorithm), 2, '')).code, 'TOKEN_SIGNATURE')
    })

    test('refuses a signature with a byte more, a byte less, or all zeros', () => {
      const { refuse } = verifierOf(algorithm)
      const token = signWith(algorithm)
      const signature = Buffer.from(token.split('.')[2] ?? '', 'base64url')
      for (const bytes of [
        Buffer.concat([signature, Buffer.alloc(1)]),
        Buffer.concat([Buffer.alloc(1), signature]),
        signature.subarray(1),
        signature.subarray(0, -1),
        Buffer.alloc(signature.length),
      ])
        assert.equal(refuse(withSegment(token, 2, bytes.toString('base64url'))).code, 'TOKEN_SIGNATURE')
    })

    test('is refused at start-up with keys of another kind', () => {
      for (const other of others(algorithm))
        if (kindOf(other) !== kindOf(algorithm))
          assert.throws(
            () => verifierOf(algorithm, signingKeyFor(other)),
            { code: 'CONFIGURATION_INVALID' },
            other,
          )
    })
  })

test('a secret is at least as long as the hash (RFC 7518 §3.2)', () => {
  for (const [algorithm, length] of [
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ] as const) {
    verifierOf(algorithm, LONG_SECRET.slice(0, length))
    assert.throws(() => verifierOf(algorithm, LONG_SECRET.slice(0, length - 1)), {
      message: new RegExp(`has ${String(length - 1)} characters\\. Use a secret of ${String(length)} to 512`),
    })
  }
})

describe('from a JWKS', () => {
  const published = ALGORITHMS.filter((algorithm) => !algorithm.startsWith('HS'))
  const kid = 'a'

  for (const algorithm of published)
    for (const alg of [algorithm, undefined])
      test(`${algorithm} by keys ${alg ? 'that say so' : 'without alg'}`, async (t) => {
        const jwk = jwkOf(keyPairFor(algorithm).publicKey, { kid, alg })
        const issuer = await startIssuer(t, answerWith({ keys: [jwk] }))
        const { verdict } = remoteVerifier(issuer.jwkUri, { signingAlgorithm: algorithm })
        assert.equal(await verdict(signWith(algorithm, { header: { kid } })), 'accepted')
        assert.equal(
          await verdict(signWith(algorithm, { header: { kid }, name: 'other' })),
          'TOKEN_SIGNATURE',
        )
        for (const other of others(algorithm)) {
          assert.equal(await verdict(signWith(other, { header: { kid } })), 'TOKEN_ALGORITHM')
          assert.equal(await verdict(signWith(other, { header: { kid, alg: algorithm } })), 'TOKEN_SIGNATURE')
        }
      })

  test('a set with keys for every algorithm gives those of the configured one', async (t) => {
    const keys = published.map((alg) => jwkOf(keyPairFor(alg).publicKey, { kid: alg, alg }))
    const issuer = await startIssuer(t, answerWith({ keys }))
    for (const algorithm of published) {
      const { verdict } = remoteVerifier(issuer.jwkUri, { signingAlgorithm: algorithm })
      assert.equal(await verdict(signWith(algorithm, { header: { kid: algorithm } })), 'accepted')
      let now = NOW
      for (const other of published) {
        if (other === algorithm) continue
        now += 5 // the cool-down
        const token = signWith(algorithm, { header: { kid: other } })
        assert.equal(await verdict(token, now), 'TOKEN_KEY_ID_UNKNOWN')
      }
    }
  })
})

test('the text of a public key is no HMAC secret, whatever the token says', () => {
  for (const algorithm of ALGORITHMS)
    if (!algorithm.startsWith('HS'))
      assert.throws(() => verifierOf('HS256', signingKeyFor(algorithm)), { message: /is a public key/ })
})
