import { verify as verifyBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { VerificationKey } from '../keys/key-source.js'
import type { UnverifiedToken } from './compact.js'

/**
 * Verifies the signature of a token: the one place that does, for third-party and session tokens alike. The token has
 * been parsed before, and its claims are checked after: jsonwebtoken accepts and forgives more than we do.
 * @param keys those for the token's `alg` are tried in turn, the next one only when the previous one did not sign it
 * @returns the key that signed it; undefined when none of them did
 */
export function verifySignature(
  { text, header }: UnverifiedToken,
  keys: readonly VerificationKey[],
): VerificationKey | undefined {
  for (const key of keys) {
    if (key.algorithm !== header.alg) continue
    const verdict = verify(text, key)
    if (verdict === 'good') return key
    // No other key can make it good, an empty signature for example: the token is refused.
    if (verdict !== 'invalid signature') return undefined
  }
  return undefined
}

function verify(token: string, { algorithm, key }: VerificationKey): string {
  if (algorithm === 'EdDSA') return isSignedByEdDsa(token, key) ? 'good' : 'invalid signature'
  // RFC 8017 §8.1.2, step 1, which OpenSSL leaves out: a signature that begins with a zero would be good without it too.
  if (algorithm.startsWith('PS') && signatureLength(token) !== modulusLength(key)) return 'invalid signature'
  try {
    jwt.verify(token, key, { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true })
    return 'good'
  } catch (error) {
    return (error as Error).message
  }
}

/** RFC 8037 §3.1, which jsonwebtoken does not know. */
function isSignedByEdDsa(token: string, key: VerificationKey['key']): boolean {
  const end = token.lastIndexOf('.')
  const signature = Buffer.from(token.slice(end + 1), 'base64url')
  return verifyBytes(null, Buffer.from(token.slice(0, end)), key, signature)
}

function signatureLength(token: string): number {
  return Buffer.byteLength(token.slice(token.lastIndexOf('.') + 1), 'base64url')
}

function modulusLength({ asymmetricKeyDetails }: VerificationKey['key']): number {
  return Math.ceil((asymmetricKeyDetails?.modulusLength ?? 0) / 8)
}
