// Third-party tokens and the keys that sign them.
import { createHmac, generateKeyPairSync, KeyObject, sign } from 'node:crypto'

/** The HS256 key that source document 004 shows. */
export const SECRET = '231a58b00632c9c4d8ac02b268ca4caf8dd48fd020e3dffa72666523d860988f'
export const OTHER_SECRET = SECRET.replaceAll('2', '7')
export const SESSION_SECRET = SECRET.replaceAll('2', '9')
export const APP_ID = 'myapp-abcde'

/** A time for tests, in epoch seconds; `clock: () => NOW * 1000`. */
export const NOW = 1_700_000_000

export interface RsaKeys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** PEM, SPKI. */
  readonly publicPem: string
}

const pairs = new Map<string, RsaKeys>()

/** An RSA key pair of 2048 bits; the same one for the same name. */
export function rsaKeys(name = 'issuer'): RsaKeys {
  const known = pairs.get(name)
  if (known) return known
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const made = { privateKey, publicKey, publicPem: publicKey.export({ type: 'spki', format: 'pem' }) }
  const pair = { ...made, publicPem: made.publicPem.toString() }
  pairs.set(name, pair)
  return pair
}

/** The claims of a good token; give what a test wants otherwise (undefined leaves a claim out). */
export function claims(others: object = {}): object {
  return { aud: APP_ID, sub: '24601', iat: NOW - 60, exp: NOW + 3600, ...others }
}

export interface MintOptions {
  /** A secret as text or bytes (signs with HMAC), or a private key (signs with RSA). Default: {@link SECRET}. */
  readonly key?: string | Buffer | KeyObject
  /** What the header says. Default: HS256 or RS256, as the key goes. */
  readonly alg?: string
  /** Added to `{ alg, typ: 'JWT' }`; undefined leaves a parameter out. */
  readonly header?: object
}

/** Signs claims, good or bad: jsonwebtoken itself would refuse to make most of the bad ones. */
export function mint(payload: object = claims(), options: MintOptions = {}): string {
  return mintText(JSON.stringify(payload), options)
}

/** As {@link mint}, of a payload that need not be JSON. */
export function mintText(payload: string | Buffer, { key = SECRET, alg, header }: MintOptions = {}): string {
  const algorithm = alg ?? (isPrivateKey(key) ? 'RS256' : 'HS256')
  const head = JSON.stringify({ alg: algorithm, typ: 'JWT', ...header })
  const content = [head, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
  const signature = isPrivateKey(key)
    ? sign('sha256', Buffer.from(content), key)
    : createHmac('sha256', key).update(content).digest()
  return `${content}.${signature.toString('base64url')}`
}

function isPrivateKey(key: string | Buffer | KeyObject): key is KeyObject {
  return key instanceof KeyObject && key.type === 'private'
}

/** The token with one of its segments replaced: 0 header, 1 payload, 2 signature. */
export function withSegment(token: string, index: 0 | 1 | 2, segment: string): string {
  return token
    .split('.')
    .map((old, at) => (at === index ? segment : old))
    .join('.')
}
