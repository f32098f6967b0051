import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto'
import { describe, type Problems } from '../problems.js'
import type { Algorithm, KeySource, VerificationKey } from './key-source.js'

/** How the text of an HMAC secret stands for its bytes. */
export type KeyEncoding = 'utf8' | 'base64' | 'base64url' | 'hex'

/**
 * A signing key: the text alone, or the text with what it needs said.
 *
 * - HS256: a secret of 32 to 512 characters, used as the raw UTF-8 bytes of the string unless `encoding` says
 *   otherwise. Without `encoding`, only letters, digits and `_ - + / =` are allowed.
 * - RS256: the issuer's public key (or certificate) as PEM, at least 2048 bits. Escaped newlines are accepted.
 *
 * With a `kid`, the key is tried only for tokens that bear this `kid` header or none.
 */
export type SigningKey =
  string | { readonly key: string | undefined; readonly encoding?: KeyEncoding; readonly kid?: string }

const SECRET_LENGTH = { min: 32, max: 512 }
const MIN_RSA_BITS = 2048
const ENCODED_SHAPE: Record<Exclude<KeyEncoding, 'utf8'>, RegExp> = {
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/,
  base64url: /^[A-Za-z0-9_-]+$/,
  hex: /^(?:[0-9a-fA-F]{2})+$/,
}
const ENCODINGS = ['utf8', 'base64', 'base64url', 'hex']
const SET_THE_VARIABLE = 'Set the environment variable that should hold the key'

/** A fixed list of keys as a source. With a `kid`, a token meets the keys of that name and the nameless ones. */
export function staticKeys(keys: readonly VerificationKey[]): KeySource {
  const frozen = Object.freeze([...keys])
  const named = frozen.some((key) => key.kid !== undefined)
  return {
    find: (kid) =>
      named && kid !== undefined ? frozen.filter((key) => key.kid === undefined || key.kid === kid) : frozen,
    trusts: () => true,
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
  if (!Array.isArray(value) || value.length === 0 || value.length > max) {
    const got = Array.isArray(value) ? `has ${value.length} keys` : `is ${describe(value)}`
    problems.add(option, got, `Pass an array of one to ${max} keys`)
    return []
  }
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
  if (typeof text !== 'string' || text.trim() === '') {
    problems.add(option, `is ${describe(text)}`, SET_THE_VARIABLE)
    return undefined
  }
  if (kid !== undefined && problems.text(`${option}.kid`, kid, 'Pass the key id as a string') === undefined)
    return undefined
  if (encoding !== undefined && !ENCODINGS.includes(encoding as string)) {
    problems.add(`${option}.encoding`, 'is not known', `Pass one of ${ENCODINGS.join(', ')}`)
    return undefined
  }
  const key =
    algorithm === 'HS256'
      ? parseSecret(option, text, encoding as KeyEncoding | undefined, problems)
      : parsePublicKey(option, text, encoding, problems)
  return key && Object.freeze({ algorithm, key, ...(kid !== undefined && { kid: kid as string }) })
}

function parseSecret(
  option: string,
  text: string,
  encoding: KeyEncoding | undefined,
  problems: Problems,
): KeyObject | undefined {
  const fail = (problem: string, mend: string): undefined => {
    problems.add(option, problem, mend)
  }
  // A public key used as an HMAC secret would let everybody who knows it forge tokens.
  if (text.includes('-----BEGIN')) {
    fail('is a PEM key, but the algorithm is HS256', 'Set signingAlgorithm to RS256')
    return
  }
  if (encoding === undefined && !/^[A-Za-z0-9_\-+/=]*$/.test(text)) {
    fail(
      'has characters other than letters, digits and _ - + / = (a stray space or newline?)',
      "Generate another secret, or pass { key, encoding: 'utf8' } if these characters are meant",
    )
    return
  }
  if (encoding !== undefined && encoding !== 'utf8' && !ENCODED_SHAPE[encoding].test(text)) {
    fail(`is not ${encoding} text`, 'Correct the key or its encoding')
    return
  }
  const bytes = Buffer.from(text, encoding ?? 'utf8')
  const length = encoding === undefined ? text.length : bytes.length
  const unit = encoding === undefined ? 'characters' : 'bytes'
  if (length < SECRET_LENGTH.min || length > SECRET_LENGTH.max) {
    fail(`has ${length} ${unit}`, `Use a secret of ${SECRET_LENGTH.min} to ${SECRET_LENGTH.max} ${unit}`)
    return
  }
  return createSecretKey(bytes)
}

function parsePublicKey(
  option: string,
  text: string,
  encoding: unknown,
  problems: Problems,
): KeyObject | undefined {
  const fail = (problem: string, mend: string): undefined => {
    problems.add(option, problem, mend)
  }
  if (encoding !== undefined) {
    fail('has an encoding, but is a PEM key', 'Leave encoding out')
    return
  }
  const pem = text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim()
  if (!pem.startsWith('-----BEGIN ')) {
    fail(
      'is not a PEM public key',
      'Pass the text from "-----BEGIN PUBLIC KEY-----" on, or set signingAlgorithm to HS256',
    )
    return
  }
  if (isPrivateKey(pem)) {
    fail(
      'is a private key',
      'Keep that at the issuer and pass its public key (openssl pkey -in private.pem -pubout)',
    )
    return
  }
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    fail(
      'is a damaged PEM key',
      'Copy the whole public key again, with its line breaks (or \\n in their place)',
    )
    return
  }
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType !== 'rsa') {
    fail(`is a key of type ${key.asymmetricKeyType}`, 'Pass an RSA public key')
    return
  }
  if (modulusLength < MIN_RSA_BITS) {
    fail(`is an RSA key of ${modulusLength} bits`, `Use one of at least ${MIN_RSA_BITS} bits`)
    return
  }
  if (publicExponent < 3n || publicExponent % 2n === 0n) {
    fail(`has the public exponent ${publicExponent}`, 'Use a key with the exponent 65537')
    return
  }
  return key
}

// createPublicKey() would quietly derive the public half. An encrypted private key cannot be parsed, but says so.
function isPrivateKey(pem: string): boolean {
  if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) return true
  try {
    createPrivateKey(pem)
    return true
  } catch {
    return false
  }
}
