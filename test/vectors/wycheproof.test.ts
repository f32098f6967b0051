// Project Wycheproof's vectors for HS256 and RS256 in compact form, and 214 of its padding attacks as complete tokens.
import assert from 'node:assert/strict'
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ConfigurationError, customJwtAuth, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { parseOptions } from '../../lib/options.js'
import { verifySignature } from '../../lib/jws/verify.js'
import { startApp } from '../support/app.js'
import { APP_ID } from '../support/tokens.js'

interface Vector {
  readonly tcId: number
  readonly file: string
  readonly comment: string
  readonly config: 'hs256' | 'rs256' | 'jwks'
  readonly key: JsonWebKey | { readonly keys: readonly JsonWebKey[] }
  readonly token: string
  /** The verdict on the signature alone. */
  readonly jws: 'valid' | 'invalid'
  readonly level: 'must' | 'should' | 'either'
  /** What of the JWK, beside the key itself, the verdict rests on. */
  readonly needsJwkMetadata?: readonly string[]
}

interface Vectors {
  readonly vectors: readonly Vector[]
  readonly transplantedConfig: { readonly audience: string; readonly publicPem: string }
  readonly transplanted: readonly {
    readonly id: string
    readonly comment: string
    readonly token: string
    readonly expect: 'accept' | 'reject'
  }[]
}

const text = readFileSync(new URL('wycheproof-hs256-rs256.json', import.meta.url), 'utf8')
const { vectors, transplanted, transplantedConfig } = JSON.parse(text) as Vectors

const nameOf = ({ file, tcId, comment }: Vector): string =>
  `${file.replace(/^json_web_|_test\.json$/g, '')} ${String(tcId)} (${comment})`

/** The options that configure a vector's keys; a missing `typ` is allowed, because no vector has one. */
function optionsFor({ config, key }: Vector): CustomJwtAuthOptions {
  const keys = 'keys' in key ? (key.keys as readonly JsonWebKey[]) : [key]
  const common = { appId: APP_ID, allowedTypes: ['JWT', null], autoCreateUser: true }
  if (config === 'hs256') {
    const secrets = keys.filter(({ kty }) => kty === 'oct')
    const signingKeys = secrets.map(({ k = '' }) => ({ key: k, encoding: 'base64url' as const }))
    return { ...common, signingAlgorithm: 'HS256', signingKeys }
  }
  const publicKeys = keys.filter(({ kty }) => kty !== 'oct')
  const signingKeys = publicKeys.map((jwk) =>
    createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString(),
  )
  return { ...common, signingAlgorithm: 'RS256', signingKeys }
}

/** Vectors whose key must not be configured at all. */
const refusedAtStart: Readonly<Record<string, RegExp>> = {
  'signature 31 (rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes)': /key of type ec/,
  'crypto 31 (rejectsSymmetryConfusionAttacks_aesKeyFromEcVerificationKeyBytes)': /key of type ec/,
  'key 8 (rejects1024bitRsaKey)': /1024 bits/,
  'key 9 (rejectsPublicExponent1)': /public exponent 1/,
  'key 10 (key_too_short)': /31 bytes/,
  'key 16 (empty_key)': /empty or blank/,
}

const groups = new Map<string, Vector[]>()
for (const vector of vectors) {
  if (nameOf(vector) in refusedAtStart) continue
  const key = JSON.stringify([vector.config, vector.key])
  groups.set(key, [...(groups.get(key) ?? []), vector])
}

describe('the 331 vectors', () => {
  test('are all here, with one verdict each', () => {
    assert.equal(vectors.length, 331)
    assert.equal(new Set(vectors.map(nameOf)).size, 331)
    assert.equal([...groups.values()].flat().length, 331 - Object.keys(refusedAtStart).length)
  })

  for (const [name, problem] of Object.entries(refusedAtStart)) {
    test(`the key of ${name} is refused at start-up`, () => {
      const vector = vectors.find((candidate) => nameOf(candidate) === name)
      assert(vector)
      assert.throws(
        () => customJwtAuth(optionsFor(vector)),
        (error) => {
          assert(error instanceof ConfigurationError)
          assert.equal(error.problems.length, 1)
          assert.equal(error.problems[0]?.option, 'signingKeys[0]')
          assert.match(error.problems[0].problem, problem)
          return true
        },
      )
    })
  }

  for (const group of groups.values()) {
    const [first] = group
    assert(first)
    test(`a guard with the key of ${nameOf(first)} refuses its ${String(group.length)} vectors`, async (t) => {
      const app = await startApp(t, optionsFor(first))
      for (const vector of group) {
        const { status, body } = await app.me(vector.token)
        assert.equal(status, 401, nameOf(vector))
        assert.equal(body.error_code, 'AuthError', nameOf(vector))
        assert.match(body.error ?? '', /^invalid custom auth token: /, nameOf(vector))
      }
      assert.deepEqual(app.seen, [])
    })
  }
})

/** What the seam says of a text in canonical base64url, as our own reading demands first. It would refuse these payloads too. */
function verdictOnSignature({ token: text, ...vector }: Vector): 'valid' | 'invalid' {
  const { providers } = parseOptions(optionsFor({ token: text, ...vector }), false)
  const keys = providers[0]?.keys
  assert(keys && !keys.remote)
  const segments = text.split('.')
  const isCanonical = segments.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  if (!isCanonical) return 'invalid'
  const [header = ''] = segments
  return verifySignature({ text, header: headerOf(header), claims: {} }, keys.written) ? 'valid' : 'invalid'
}

function headerOf(segment: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(segment, 'base64url').toString()) as Readonly<Record<string, unknown>>
  } catch {
    return {} // as some vectors have it
  }
}

/** Where our verdict is not Wycheproof's, and why. */
const differences: Readonly<Record<string, 'valid' | 'invalid'>> = {
  // No token of ours is without claims: jsonwebtoken refuses it before it looks at the signature.
  'signature 259 (emptyPayload)': 'invalid',
  // The verdict rests on a JWK's alg, use or key_ops, which a PEM key or a secret does not have.
  'signature 332 (UsingRS256)': 'valid',
  'signature 353 (rejectWrongUse)': 'valid',
  'signature 355 (rejectWrongKeyOps)': 'valid',
  'key 6 (rejectsWrongUse)': 'valid',
  'key 25 (rejectsAesKey)': 'valid',
  'key 26 (rejectsAesKey)': 'valid',
  'crypto 47 (rejectsValid)': 'valid',
  // Upstream refuses the ambiguous key set, not the signature; a list of keys has no such ambiguity.
  'key 1 (rejectsValid)': 'valid',
  'key 4 (rejectsDuplicateKid)': 'valid',
  // Seeing that a modulus is of the ROCA kind is beyond node:crypto.
  'key 7 (rejectsKeyWithRocaVulnerability)': 'valid',
  'crypto 46 (rejectsKeyWithRocaVulnerability)': 'valid',
}

test('the signature layer agrees with every verdict that does not rest on JWK metadata', () => {
  const disagreements = vectors
    .filter((vector) => !(nameOf(vector) in refusedAtStart))
    .map((vector) => [nameOf(vector), vector.jws, verdictOnSignature(vector)])
    .filter(([, wanted, got]) => wanted !== got)
    .map(([name, , got]) => [name, got])
  assert.deepEqual(Object.fromEntries(disagreements), differences)
})

test('a difference is allowed only where Wycheproof names JWK metadata or leaves room', () => {
  for (const [name, verdict] of Object.entries(differences)) {
    if (verdict === 'invalid') continue // stricter
    const vector = vectors.find((candidate) => nameOf(candidate) === name)
    assert(vector)
    assert.ok(vector.level !== 'must' || vector.needsJwkMetadata !== undefined, name)
  }
})

test('of the 214 padding attacks as complete tokens, the guard accepts the control alone', async (t) => {
  assert.equal(transplanted.length, 214)
  const { audience, publicPem } = transplantedConfig
  const app = await startApp(t, { audience, signingAlgorithm: 'RS256', signingKeys: [publicPem] })
  const accepted: string[] = []
  for (const { id, token, expect } of transplanted) {
    const { status, body } = await app.me(token)
    if (status === 200) accepted.push(id)
    else assert.equal(body.error, 'invalid custom auth token: signature is invalid', id)
    assert.equal(status, expect === 'accept' ? 200 : 401, id)
  }
  assert.deepEqual(accepted, ['wycheproof-transplant-33'])
})
