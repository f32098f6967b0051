import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from './key-source.js'
import { findPairedKey, type ParsedKey } from './parsed-key.js'

/** How the text of an HMAC secret encodes its bytes. */
export type KeyEncoding = 'utf8' | 'base64' | 'base64url' | 'hex'

/** PROTOCOL §2: in characters of the string, or in bytes when an encoding is given. */
const MAX_LENGTH = 512
const ENCODED_SHAPE: Record<Exclude<KeyEncoding, 'utf8'>, RegExp> = {
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/,
  base64url: /^[A-Za-z0-9_-]+$/,
  hex: /^(?:[0-9a-fA-F]{2})+$/,
}

/** Parses an HMAC secret. Text without an encoding is used raw, and limited to characters that survive copying. */
export function parseSecretKey(
  given: string | Buffer,
  algorithm: Algorithm,
  encoding: KeyEncoding | undefined,
): ParsedKey {
  const bytes = typeof given === 'string' ? Buffer.from(given, encoding) : given
  const found = findPairedKey(Buffer.from(given)) ?? findPairedKey(bytes)
  if (found?.kind === 'modulus')
    return {
      problem: 'looks like the modulus of an RSA key, which is public',
      fix: 'Generate a secret: npx custom-jwt-auth keygen',
    }
  if (found)
    return {
      problem: `is a ${found.kind} key${found.kind === 'damaged' ? ' of a key pair' : ''}, but the algorithm is ${algorithm}`,
      fix: 'Set signingAlgorithm to RS256, or whatever the issuer signs with; for sessions, generate a secret',
    }
  if (typeof given !== 'string') return checkLength(bytes, given.length, 'bytes', algorithm)
  const text = given
  if (encoding === undefined && !/^[A-Za-z0-9_\-+/=]*$/.test(text))
    return {
      problem: 'has characters other than letters, digits and _ - + / = (a stray space or newline?)',
      fix: "Generate another secret, or pass { key, encoding: 'utf8' } if these characters are intended",
    }
  if (encoding !== undefined && encoding !== 'utf8' && !ENCODED_SHAPE[encoding].test(text))
    return { problem: `is not ${encoding} text`, fix: 'Correct the key or its encoding' }
  const [length, unit] = encoding === undefined ? [text.length, 'characters'] : [bytes.length, 'bytes']
  return checkLength(bytes, length, unit, algorithm)
}

/** Whether a secret was copied from a public key: its modulus or a coordinate, as text or as bytes. */
export function isPublished(secret: KeyObject, publicKey: KeyObject): boolean {
  const bytes = secret.export()
  const { n, x, y } = publicKey.export({ format: 'jwk' })
  return [n, x, y].some(
    (part) =>
      part !== undefined && (bytes.equals(Buffer.from(part)) || bytes.equals(Buffer.from(part, 'base64url'))),
  )
}

function checkLength(bytes: Buffer, length: number, unit: string, algorithm: Algorithm): ParsedKey {
  // Read from a file that an editor or echo wrote: the issuer's secret has no newline.
  if (/^[\x20-\x7e]+\r?\n$/.test(bytes.toString()))
    return { problem: 'ends with a newline', fix: "Pass its text: readFileSync(path, 'utf8').trim()" }
  // RFC 7518 §3.2: at least as long as the hash.
  const min = Number(algorithm.slice(2)) / 8
  if (length < min || length > MAX_LENGTH)
    return { problem: `has ${length} ${unit}`, fix: `Use a secret of ${min} to ${MAX_LENGTH} ${unit}` }
  return { key: createSecretKey(bytes) }
}
