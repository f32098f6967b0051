import { verify as verifyBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { VerificationKey } from '../keys/key-source.js'
import type { UnverifiedToken } from './compact.js'

/**
 * Verifies the signature of a token. The only place that does, for third-party and session tokens alike. The token has
 * already been parsed, and its claims are checked later, since jsonwebtoken is more lenient than we are.
 * @param keys those for the token's `alg` are tried in turn, each only when the one before it did not sign the token
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
    // Another error, such as for an empty signature: no other key can make the token valid.
    if (verdict !== 'invalid signature') return undefined
  }
  return undefined
}

function verify(token: string, { algorithm, key }: VerificationKey): string {
  if (algorithm === 'EdDSA') return isSignedByEdDsa(token, key) ? 'good' : 'invalid signature'
  // RFC 8017 §8.1.2, step 1, which OpenSSL omits: a signature with a leading zero byte would be valid without it too.
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
