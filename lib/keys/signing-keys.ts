import { KeyObject } from 'node:crypto'
import { describe, type Problems } from '../problems.js'
import { ALGORITHMS, type Algorithm, type VerificationKey } from './key-source.js'
import type { ParsedKey } from './parsed-key.js'
import { parsePublicKey } from './public-key.js'
import { parseSecretKey, type KeyEncoding } from './secret-key.js'

export type { KeyEncoding }

/**
 * A signing key: just the key, or an object with the key and its details.
 *
 * - HS256 (and HS384, HS512): a secret of 32 to 512 characters, used as the raw UTF-8 bytes of the string unless `encoding` says
 *   otherwise. Without `encoding`, only letters, digits and `_ - + / =` are allowed.
 * - RS256 (and the other RS, PS and ES, and EdDSA): the issuer's public key or certificate as PEM, also quoted, indented, with
 *   escaped newlines or in base64; as DER; or as a JWK. RSA of at least 2048 bits, Ed25519 for EdDSA.
 *
 * With a `kid`, the key is tried only for tokens with this `kid` header or none. An `algorithm` overrides
 * `signingAlgorithm` for this key.
 */
export type SigningKey = KeyMaterial | DescribedKey | BoundKey

/** A key with its details. */
export interface DescribedKey {
  /** The key. `undefined`, as from an environment variable that is not set, is reported at start-up. */
  readonly key: KeyMaterial | undefined
  /** How the text of an HMAC secret encodes its bytes. Default: `utf8`. */
  readonly encoding?: KeyEncoding
  /** The key is tried only for tokens with this `kid` header, or with none. */
  readonly kid?: string
}

/** A key with its own algorithm. */
export interface BoundKey extends DescribedKey {
  /** Used instead of `signingAlgorithm`. */
  readonly algorithm: Algorithm
}

/** A key as text, as the bytes of a file, as a `KeyObject`, or as a JWK. */
export type KeyMaterial = string | Uint8Array | KeyObject | Jwk

/** RFC 7517. If it has an `alg`, this must be the key's algorithm. */
export interface Jwk {
  /** The type of key: `RSA`, `EC`, `OKP` or `oct`. */
  readonly kty: string
  readonly [member: string]: unknown
}

const ENCODINGS = ['utf8', 'base64', 'base64url', 'hex']
const SET_THE_VARIABLE = 'Set the environment variable that should hold the key'

/** What a list of keys may contain, and how many of them. */
export interface SigningKeysRules {
  /** The algorithm of keys without one of their own; undefined when each key must have its own. */
  readonly algorithm: Algorithm | undefined
  /** Whether a key may have its own algorithm. */
  readonly areBound: boolean
  readonly max: number
}

/** Parses a list of keys, reporting every mistake. */
export function parseSigningKeys(
  option: string,
  value: unknown,
  rules: SigningKeysRules,
  problems: Problems,
): VerificationKey[] {
  const { max } = rules
  const fix = `Pass an array of one to ${max} keys`
  if (!Array.isArray(value)) {
    problems.add(option, `is ${describe(value)}`, fix)
    return []
  }
  if (value.length === 0 || value.length > max) problems.add(option, `has ${value.length} keys`, fix)
  const keys = value.flatMap((item: unknown, index) => {
    const key = parseSigningKey(`${option}[${index}]`, item, rules, problems)
    return key ? [key] : []
  })
  for (const [index, key] of keys.entries())
    if (keys.findIndex((other) => other.key.equals(key.key)) < index)
      problems.add(option, 'holds the same key twice', 'Remove one of the two')
  return keys
}

function parseSigningKey(
  option: string,
  value: unknown,
  { algorithm: fallback, areBound }: SigningKeysRules,
  problems: Problems,
): VerificationKey | undefined {
  const known = ['key', 'encoding', 'kid', ...(areBound ? ['algorithm'] : [])]
  const given = isWrapped(value) ? problems.object(option, value, known) : { key: value }
  const { key: material, encoding, kid = isJwk(material) ? material.kid : undefined } = given
  const algorithm = 'algorithm' in given ? ALGORITHMS.find((name) => name === given.algorithm) : fallback
  if (!algorithm && areBound)
    problems.add(
      `${option}.algorithm`,
      'algorithm' in given ? 'is not known' : 'is not set',
      `Pass one of ${ALGORITHMS.join(', ')}`,
    )
  if (kid !== undefined) problems.text(`${option}.kid`, kid, 'Pass the key id as a string')
  const isEncoding = encoding === undefined || ENCODINGS.includes(encoding as string)
  if (!isEncoding) problems.add(`${option}.encoding`, 'is not known', `Pass one of ${ENCODINGS.join(', ')}`)
  if (!isMaterial(material)) {
    // The number is not shown: it may be a secret that lost its quotes.
    problems.add(
      option,
      `is ${typeof material === 'number' ? 'a number' : describe(material)}`,
      SET_THE_VARIABLE,
    )
    return undefined
  }
  if (!isEncoding || !algorithm) return undefined
  const parsed = parseKey(material, algorithm, encoding as KeyEncoding | undefined)
  if ('problem' in parsed) {
    problems.add(option, parsed.problem, parsed.fix)
    return undefined
  }
  return Object.freeze({ algorithm, key: parsed.key, kid: kid as string | undefined })
}

function parseKey(given: KeyMaterial, algorithm: Algorithm, encoding: KeyEncoding | undefined): ParsedKey {
  const isSecret = algorithm.startsWith('HS')
  if (encoding !== undefined && (typeof given !== 'string' || !isSecret)) {
    const problem = isSecret
      ? 'has an encoding, but is not a string'
      : `has an encoding, but ${algorithm} takes a PEM key`
    return { problem, fix: 'Leave out encoding' }
  }
  if (isJwk(given) && given.alg !== undefined && given.alg !== algorithm)
    return {
      problem: 'is a JWK for another algorithm',
      fix: 'Set its algorithm (signingAlgorithm) to its alg',
    }
  const material = typeof given === 'string' ? given : bytesOf(given)
  return isSecret
    ? parseSecretKey(material, algorithm, encoding)
    : parsePublicKey(Buffer.from(material), algorithm)
}

function bytesOf(given: Exclude<KeyMaterial, string>): Buffer {
  if (given instanceof Uint8Array) return Buffer.from(given)
  if (given instanceof KeyObject)
    if (given.type === 'secret') return given.export()
    else return given.export({ format: 'der', type: given.type === 'public' ? 'spki' : 'pkcs8' })
  return given.kty === 'oct' ? Buffer.from(String(given.k), 'base64url') : Buffer.from(JSON.stringify(given))
}

function isMaterial(value: unknown): value is KeyMaterial {
  if (typeof value === 'string') return value.trim() !== ''
  return value instanceof Uint8Array || value instanceof KeyObject || isJwk(value)
}

function isJwk(value: unknown): value is Jwk {
  return typeof (value as { kty?: unknown } | null | undefined)?.kty === 'string'
}

function isWrapped(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !isMaterial(value)
}
