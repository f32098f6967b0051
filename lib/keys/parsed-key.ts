import { createPrivateKey, createPublicKey, ECDH, X509Certificate, type KeyObject } from 'node:crypto'
import { isModulus } from './modulus.js'

/** A key, or what is wrong with it and how to fix that. */
export type ParsedKey = { readonly key: KeyObject } | { readonly problem: string; readonly fix: string }

/** Half of a key pair, in whatever form it came. `damaged`: clearly meant to be one, but not readable. */
export type PairedKey =
  | { readonly kind: 'public'; readonly key: KeyObject }
  | { readonly kind: 'private' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'modulus' }

/** The object identifiers in DER keys: rsaEncryption, ecPublicKey and Ed25519. */
const KEY_TYPES = ['06092a864886f70d010101', '06072a8648ce3d0201', '06032b6570'].map((hex) =>
  Buffer.from(hex, 'hex'),
)
/** The lines around a PEM, also when cut off or without their dashes. */
const ARMOR = /-----(?:BEGIN|END) |(?:BEGIN|END)[ +](?:[A-Z0-9]+[ +]){0,3}(?:KEY|CERTIFICATE)/
const MAX_LAYERS = 5
/** The names of curves in JWKs and in OpenSSL, by the length of a coordinate in bytes. */
const CURVES: Readonly<Record<number, readonly [string, string]>> = {
  32: ['P-256', 'prime256v1'],
  48: ['P-384', 'secp384r1'],
  66: ['P-521', 'secp521r1'],
}

/**
 * Finds a public or private key in bytes: PEM (also quoted, indented, or with escaped newlines), DER, a JWK, a point of
 * a curve, or one of these in base64 or hex. The one place that knows these forms: public keys are read here, and
 * secrets are refused when they turn out to be one, since a published key as a secret would let anyone forge tokens.
 */
export function findPairedKey(bytes: Buffer, layers = MAX_LAYERS): PairedKey | undefined {
  const text = tidy(bytes.toString('latin1'))
  if (ARMOR.test(text)) return readPem(text)
  if (/^[[{]/.test(text)) return readJwk(text)
  // A public key in OpenSSH's form, as text or decoded, or in that of .NET.
  if (/^.?(?:ssh-|ecdsa-sha2-|sk-ssh-)|<Modulus>/s.test(text)) return { kind: 'damaged' }
  const read = bytes[0] === 0x30 ? readDer(bytes) : readPoint(bytes)
  if (read || layers === 0) return read
  if (isModulus(text)) return { kind: 'modulus' }
  const bare = text.replaceAll(/\s|=/g, '')
  for (const encoding of ['base64', 'hex'] as const) {
    const found = findPairedKey(Buffer.from(bare, encoding), layers - 1)
    if (found) return found
  }
  return undefined
}

/** Undoes what environment files, YAML and shells do to multi-line text. */
function tidy(text: string): string {
  return decodedText(text)
    .replaceAll('\\r', '')
    .replaceAll('\\n', '\n')
    .trim()
    .replaceAll(/^["'`]|["'`]$/g, '')
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}

/** Undoes UTF-16, which PowerShell writes, a byte order mark and percent-encoding. */
function decodedText(latin1: string): string {
  const text = latin1.replaceAll('\0', '').replace(/\xff\xfe|\xfe\xff|\xef\xbb\xbf/, '')
  return text.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

function readPem(pem: string): PairedKey {
  // createPublicKey() would quietly derive the public half.
  if (/PRIVATE.KEY/.test(pem)) return { kind: 'private' }
  const key = attempt(() => createPublicKey(pem))
  return key ? { kind: 'public', key } : { kind: 'damaged' }
}

function readJwk(json: string): PairedKey | undefined {
  const jwk = attempt(() => JSON.parse(json) as Readonly<Record<string, unknown>>)
  // The key may be inside a set, a list or some other object.
  if (typeof jwk?.kty !== 'string') return /"(?:RSA|EC|OKP)"/.test(json) ? { kind: 'damaged' } : undefined
  if (jwk.kty === 'oct') return undefined
  if ('d' in jwk) return { kind: 'private' }
  const key = attempt(() => createPublicKey({ key: jwk, format: 'jwk' }))
  return key ? { kind: 'public', key } : { kind: 'damaged' }
}

function readDer(der: Buffer): PairedKey | undefined {
  for (const type of ['pkcs8', 'pkcs1', 'sec1'] as const)
    if (attempt(() => createPrivateKey({ key: der, format: 'der', type }))) return { kind: 'private' }
  const key =
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'spki' })) ??
    attempt(() => createPublicKey({ key: der, format: 'der', type: 'pkcs1' })) ??
    attempt(() => new X509Certificate(der).publicKey)
  if (key) return { kind: 'public', key }
  return KEY_TYPES.some((type) => der.includes(type)) ? { kind: 'damaged' } : undefined
}

/** A public key of a curve is just a point: SEC 1 §2.3.3, uncompressed or compressed. */
function readPoint(bytes: Buffer): PairedKey | undefined {
  const size = (bytes.length - 1) / (bytes[0] === 0x04 ? 2 : 1)
  const names = CURVES[size]
  if (!names) return undefined
  const [crv, curve] = names
  const key = attempt(() => {
    const point = ECDH.convertKey(bytes, curve) as Buffer
    const coordinate = (start: number) => point.subarray(start, start + size).toString('base64url')
    return createPublicKey({
      key: { kty: 'EC', crv, x: coordinate(1), y: coordinate(1 + size) },
      format: 'jwk',
    })
  })
  return key && { kind: 'public', key }
}

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch {
    return undefined // in another form, or not a key
  }
}
