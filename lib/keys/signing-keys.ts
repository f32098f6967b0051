import type { KeyObject } from 'node:crypto'
import { authError } from '../errors.js'
import { describe, type Problems } from '../problems.js'
import type { Algorithm, KeySource, VerificationKey } from './key-source.js'
import { parsePublicKey } from './public-key.js'
import { parseSecretKey } from './secret-key.js'

/** How the text of an HMAC secret stands for its bytes. */
export type KeyEncoding = 'utf8' | 'base64' | 'base64url' | 'hex'

/**
 * A signing key: the text alone, or the text with what it needs said.
 *
 * - HS256 (and HS384, HS512): a secret of 32 to 512 characters, used as the raw UTF-8 bytes of the string unless `encoding` says
 *   otherwise. Without `encoding`, only letters, digits and `_ - + / =` are allowed.
 * - RS256 (and the other RS, PS and ES): the issuer's public key or certificate as PEM; RSA of at least 2048 bits.
 *   Escaped newlines are accepted.
 *
 * With a `kid`, the key is tried only for tokens that bear this `kid` header or none.
 */
export type SigningKey =
  string | { readonly key: string | undefined; readonly encoding?: KeyEncoding; readonly kid?: string }

/** A key, or what is wrong with it and how to fix that. */
export type ParsedKey = { readonly key: KeyObject } | { readonly problem: string; readonly fix: string }

const ENCODINGS = ['utf8', 'base64', 'base64url', 'hex']
const SET_THE_VARIABLE = 'Set the environment variable that should hold the key'

/** A fixed list of keys as a source. With a `kid`, a token meets the keys of that name and the nameless ones. */
export function staticKeys(keys: readonly VerificationKey[]): KeySource {
  const frozen = Object.freeze([...keys])
  const named = frozen.some((key) => key.kid !== undefined)
  return {
    find(kid) {
      if (!named || kid === undefined) return frozen
      const found = frozen.filter((key) => key.kid === undefined || key.kid === kid)
      if (found.length === 0) throw authError('TOKEN_KEY_ID_UNKNOWN')
      return found
    },
    ready: () => Promise.resolve(),
    close: () => undefined,
  }
}

/** Parses a list of keys, reporting every mistake. */
export function parseSigningKeys(
  option: string,
  value: unknown,
  algorithm: Algorithm,
  max: number,
  problems: Problems,
): VerificationKey[] {
  const fix = `Pass an array of one to ${max} keys`
  if (!Array.isArray(value)) {
    problems.add(option, `is ${describe(value)}`, fix)
    return []
  }
  if (value.length === 0 || value.length > max) problems.add(option, `has ${value.length} keys`, fix)
  const keys = value.flatMap((item: unknown, index) => {
    const key = parseSigningKey(`${option}[${index}]`, item, algorithm, problems)
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
  algorithm: Algorithm,
  problems: Problems,
): VerificationKey | undefined {
  const bare = typeof value === 'string' || value === undefined
  const given = bare ? { key: value } : problems.object(option, value, ['key', 'encoding', 'kid'])
  const { key: text, encoding, kid } = given
  if (kid !== undefined) problems.text(`${option}.kid`, kid, 'Pass the key id as a string')
  const isEncoding = encoding === undefined || ENCODINGS.includes(encoding as string)
  if (!isEncoding) problems.add(`${option}.encoding`, 'is not known', `Pass one of ${ENCODINGS.join(', ')}`)
  if (typeof text !== 'string' || text.trim() === '') {
    problems.add(option, `is ${describe(text)}`, SET_THE_VARIABLE)
    return undefined
  }
  if (!isEncoding) return undefined
  const parsed = parseKey(text, algorithm, encoding as KeyEncoding | undefined)
  if ('problem' in parsed) {
    problems.add(option, parsed.problem, parsed.fix)
    return undefined
  }
  return Object.freeze({ algorithm, key: parsed.key, ...(kid !== undefined && { kid: kid as string }) })
}

function parseKey(text: string, algorithm: Algorithm, encoding: KeyEncoding | undefined): ParsedKey {
  if (algorithm.startsWith('HS')) return parseSecretKey(text, algorithm, encoding)
  if (encoding === undefined) return parsePublicKey(text, algorithm)
  return { problem: `has an encoding, but ${algorithm} takes a PEM key`, fix: 'Leave encoding out' }
}
