import { constants, createHmac, timingSafeEqual, verify, type KeyObject } from 'node:crypto'
import type { Algorithm, VerificationKey } from '../keys/key-source.js'

type Scheme = (signed: Buffer, signature: Buffer, key: KeyObject) => boolean

/** RFC 7518 §3.2 */
const hmac =
  (hash: string): Scheme =>
  (signed, signature, key) => {
    const mac = createHmac(hash, key).update(signed).digest()
    return mac.length === signature.length && timingSafeEqual(mac, signature)
  }

/** RFC 7518 §3.3 */
const rsa =
  (hash: string): Scheme =>
  (signed, signature, key) =>
    verify(hash, signed, key, signature)

/**
 * RFC 7518 §3.5: MGF1 with the same hash, and a salt as long as its output. The length is RFC 8017 §8.1.2, step 1, which
 * OpenSSL leaves out: a signature that begins with a zero would be good without it too.
 */
const rsaPss =
  (hash: string): Scheme =>
  (signed, signature, key) => {
    const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return (
      signature.length === Math.ceil(bits / 8) &&
      verify(hash, signed, { key, padding, saltLength }, signature)
    )
  }

/** RFC 7518 §3.4: R and S side by side, not in DER. */
const ecdsa =
  (hash: string): Scheme =>
  (signed, signature, key) =>
    verify(hash, signed, { key, dsaEncoding: 'ieee-p1363' }, signature)

const SCHEMES: Record<Algorithm, Scheme> = {
  HS256: hmac('sha256'),
  HS384: hmac('sha384'),
  HS512: hmac('sha512'),
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: rsaPss('sha256'),
  PS384: rsaPss('sha384'),
  PS512: rsaPss('sha512'),
  ES256: ecdsa('sha256'),
  ES384: ecdsa('sha384'),
  ES512: ecdsa('sha512'),
}

/** Whether a key made a signature, with the one algorithm that the key is for. */
export function isSignedBy({ algorithm, key }: VerificationKey, signed: Buffer, signature: Buffer): boolean {
  return SCHEMES[algorithm](signed, signature, key)
}
