import type { KeyObject } from 'node:crypto'
import type { Algorithm } from './key-source.js'
import { findPairedKey, type ParsedKey } from './parsed-key.js'

const MIN_RSA_BITS = 2048
/** A key set may come from a tenant. Larger keys take many times longer to verify with, and issuers do not use them. */
const MAX_RSA_BITS = 8192
const EXPONENT_LIMIT = 2n ** 32n
/** RFC 7518 §3.4, with OpenSSL's names for the curves. */
const CURVES: Partial<Record<Algorithm, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
}

/** Parses a public key or certificate in any of the forms that {@link findPairedKey} knows. */
export function parsePublicKey(bytes: Buffer, algorithm: Algorithm): ParsedKey {
  const found = findPairedKey(bytes)
  // Never suggest HMAC here: what could not be parsed may still be public.
  if (!found)
    return {
      problem: 'is not a PEM public key',
      fix: 'Pass the text from "-----BEGIN PUBLIC KEY-----" on, or a JWK, a KeyObject',
    }
  if (found.kind === 'private')
    return {
      problem: 'is a private key',
      fix: 'Keep it at the issuer and pass its public key (openssl pkey -in private.pem -pubout)',
    }
  if (found.kind === 'modulus')
    return {
      problem: 'is only the modulus of an RSA key',
      fix: 'Pass the whole key: the JWK that has it as n, or PEM',
    }
  if (found.kind === 'damaged')
    return {
      problem: 'is a damaged PEM key',
      fix: 'Copy the whole public key again, with its line breaks or with \\n instead of them',
    }
  const fault = publicKeyFault(found.key, algorithm)
  return fault === undefined
    ? { key: found.key }
    : { problem: fault, fix: `Pass a public key that fits ${algorithm}` }
}

/** Why a public key must not verify tokens of an algorithm (RFC 7518 §3.3 to §3.5, RFC 8037); undefined when it may. */
export function publicKeyFault(key: KeyObject, algorithm: Algorithm): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {}
  const curve = CURVES[algorithm]
  if (curve !== undefined) return namedCurve === curve ? undefined : `is not a key on the curve ${curve}`
  const type = algorithm === 'EdDSA' ? 'ed25519' : 'rsa'
  if (key.asymmetricKeyType !== type)
    return `is a key of type ${String(key.asymmetricKeyType)}, not ${type === 'rsa' ? 'RSA' : 'Ed25519'}`
  if (type === 'ed25519') return undefined
  if (modulusLength < MIN_RSA_BITS)
    return `is an RSA key of ${modulusLength} bits, fewer than ${MIN_RSA_BITS}`
  if (modulusLength > MAX_RSA_BITS) return `is an RSA key of ${modulusLength} bits, more than ${MAX_RSA_BITS}`
  if (publicExponent >= EXPONENT_LIMIT) return 'has a public exponent of more than 32 bits'
  if (publicExponent < 3n || publicExponent % 2n === 0n)
    return `has the unsound public exponent ${publicExponent}`
  return undefined
}
