import { createPublicKey, createSecretKey, X509Certificate } from 'node:crypto'
import type { Algorithm } from './key-source.js'
import type { KeyEncoding, ParsedKey } from './signing-keys.js'

/** PROTOCOL §2: in characters of the string, or in bytes when its encoding is given. */
const LENGTH = { min: 32, max: 512 }
const ENCODED_SHAPE: Record<Exclude<KeyEncoding, 'utf8'>, RegExp> = {
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/,
  base64url: /^[A-Za-z0-9_-]+$/,
  hex: /^(?:[0-9a-fA-F]{2})+$/,
}

/** Parses an HMAC secret. Without an encoding it is the raw string, of characters that survive any copying. */
export function parseSecretKey(
  text: string,
  algorithm: Algorithm,
  encoding: KeyEncoding | undefined,
): ParsedKey {
  const bytes = Buffer.from(text, encoding ?? 'utf8')
  if (text.includes('-----BEGIN') || bytes.includes('-----BEGIN') || isPublicKey(text))
    return {
      problem: `is a PEM key, but the algorithm is ${algorithm}`,
      fix: 'Set signingAlgorithm to RS256, or what else the issuer signs with; for sessions, generate a secret',
    }
  if (encoding === undefined && !/^[A-Za-z0-9_\-+/=]*$/.test(text))
    return {
      problem: 'has characters other than letters, digits and _ - + / = (a stray space or newline?)',
      fix: "Generate another secret, or pass { key, encoding: 'utf8' } if these characters are meant",
    }
  if (encoding !== undefined && encoding !== 'utf8' && !ENCODED_SHAPE[encoding].test(text))
    return { problem: `is not ${encoding} text`, fix: 'Correct the key or its encoding' }
  // RFC 7518 §3.2: at least as long as the hash.
  const min = Math.max(LENGTH.min, Number(algorithm.slice(2)) / 8)
  const [length, unit] = encoding === undefined ? [text.length, 'characters'] : [bytes.length, 'bytes']
  if (length < min || length > LENGTH.max)
    return { problem: `has ${length} ${unit}`, fix: `Use a secret of ${min} to ${LENGTH.max} ${unit}` }
  return { key: createSecretKey(bytes) }
}

// A public key used as a secret would let everybody who knows it forge tokens. Some issuers show theirs as the body of
// a PEM alone, in one line.
function isPublicKey(text: string): boolean {
  const der = Buffer.from(text, 'base64')
  return (
    parses(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ||
    parses(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' })) ||
    parses(() => new X509Certificate(der))
  )
}

function parses(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    return false
  }
}
