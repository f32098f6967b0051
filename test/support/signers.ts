// A key for each algorithm of RFC 7518 §3.1, and tokens signed with it by node:crypto alone.
import {
  constants,
  createHmac,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto'
import { ALGORITHMS, type Algorithm, type VerificationKey } from '../../lib/keys/key-source.js'
import { claims, SECRET } from './tokens.js'

/** Long enough for HS512. */
export const LONG_SECRET = SECRET + SECRET.split('').reverse().join('')

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
const pairs = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>()

/** The key pair of an algorithm: one for all RSA algorithms, so that nothing but the algorithm tells them apart. */
export function keyPairFor(algorithm: Algorithm, name = ''): { publicKey: KeyObject; privateKey: KeyObject } {
  const namedCurve = CURVES[algorithm]
  const id = `${namedCurve ?? (algorithm === 'EdDSA' ? algorithm : 'RSA')} ${name}`
  const known = pairs.get(id)
  if (known) return known
  const pair =
    algorithm === 'EdDSA'
      ? generateKeyPairSync('ed25519')
      : namedCurve === undefined
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve })
  pairs.set(id, pair)
  return pair
}

/** What the option `signingKeys` takes. */
export function signingKeyFor(algorithm: Algorithm, name?: string): string {
  if (algorithm.startsWith('HS')) return name === undefined ? LONG_SECRET : LONG_SECRET.replaceAll('2', '7')
  return keyPairFor(algorithm, name).publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** The same, as start-up parses it. */
export function verificationKeyFor(algorithm: Algorithm, name?: string): VerificationKey {
  const text = signingKeyFor(algorithm, name)
  return {
    algorithm,
    key: algorithm.startsWith('HS') ? createSecretKey(Buffer.from(text)) : createPublicKey(text),
  }
}

/** A second opinion on a signature, by node:crypto alone. */
export function isSignature(
  { algorithm, key }: VerificationKey,
  content: Buffer,
  signature: Buffer,
): boolean {
  const hash = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith('HS')) {
    const mac = createHmac(hash, key).update(content).digest()
    return mac.length === signature.length && timingSafeEqual(mac, signature)
  }
  if (algorithm === 'EdDSA') return verify(null, content, key, signature)
  if (algorithm.startsWith('ES')) return verify(hash, content, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (algorithm.startsWith('RS')) return verify(hash, content, key, signature)
  const [padding, saltLength] = [constants.RSA_PKCS1_PSS_PADDING, constants.RSA_PSS_SALTLEN_DIGEST]
  // RFC 8017 §8.1.2: as long as the modulus, of 2048 bits.
  return signature.length === 256 && verify(hash, content, { key, padding, saltLength }, signature)
}

/** A signature of one algorithm. `name` is another key's. */
export function signatureOf(algorithm: Algorithm, content: string, name?: string): Buffer {
  const hash = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith('HS'))
    return createHmac(hash, signingKeyFor(algorithm, name)).update(content).digest()
  const key = keyPairFor(algorithm, name).privateKey
  const bytes = Buffer.from(content)
  if (algorithm === 'EdDSA') return sign(null, bytes, key)
  if (algorithm.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' })
  if (algorithm.startsWith('RS')) return sign(hash, bytes, key)
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return sign(hash, bytes, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
}

export interface SignOptions {
  readonly payload?: object
  /** Added to `{ alg, typ: 'JWT' }`. */
  readonly header?: object
  /** Signs with another key of the same kind. */
  readonly name?: string
}

/** A token signed with an algorithm, whatever its header says. */
export function signWith(
  algorithm: Algorithm,
  { payload = claims(), header, name }: SignOptions = {},
): string {
  const content = [{ alg: algorithm, typ: 'JWT', ...header }, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${content}.${signatureOf(algorithm, content, name).toString('base64url')}`
}

export { ALGORITHMS }
