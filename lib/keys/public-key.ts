import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import type { Algorithm } from './key-source.js'
import type { ParsedKey } from './signing-keys.js'

const MIN_RSA_BITS = 2048
/** RFC 7518 §3.4, by the names that OpenSSL gives the curves. */
const CURVES: Partial<Record<Algorithm, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
}

/** Parses a public key or certificate as PEM, whose newlines may be escaped, as in environment variables. */
export function parsePublicKey(text: string, algorithm: Algorithm): ParsedKey {
  const pem = text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim()
  if (!pem.startsWith('-----BEGIN '))
    return {
      problem: 'is not a PEM public key',
      fix: 'Pass the text from "-----BEGIN PUBLIC KEY-----" on, or set signingAlgorithm to HS256',
    }
  if (isPrivateKey(pem))
    return {
      problem: 'is a private key',
      fix: 'Keep it at the issuer and pass its public key (openssl pkey -in private.pem -pubout)',
    }
  const key = tryCreatePublicKey(pem)
  if (!key)
    return {
      problem: 'is a damaged PEM key',
      fix: 'Copy the whole public key again, with its line breaks or \\n in their place',
    }
  const fault = publicKeyFault(key, algorithm)
  return fault === undefined
    ? { key }
    : { problem: fault, fix: `Pass a public key that is fit for ${algorithm}` }
}

/** Why a public key must not verify tokens of an algorithm (RFC 7518 §3.3 to §3.5); undefined when it may. */
export function publicKeyFault(key: KeyObject, algorithm: Algorithm): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {}
  const curve = CURVES[algorithm]
  if (curve !== undefined) return namedCurve === curve ? undefined : `is not a key on the curve ${curve}`
  if (key.asymmetricKeyType !== 'rsa') return `is a key of type ${String(key.asymmetricKeyType)}, not RSA`
  if (modulusLength < MIN_RSA_BITS)
    return `is an RSA key of ${modulusLength} bits, fewer than ${MIN_RSA_BITS}`
  if (publicExponent < 3n || publicExponent % 2n === 0n)
    return `has the unsound public exponent ${publicExponent}`
  return undefined
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

function tryCreatePublicKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem)
  } catch {
    return undefined
  }
}
