import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Claims, UnverifiedToken } from '../jws/compact.js'
import type { VerificationKey } from '../keys/key-source.js'

// Text about a token, for readers of the log or of an explanation. Nothing here decides anything, and everything must
// be cheap: the token is untrusted, and may be as long as the app allows.

const SHOWN_LENGTH = 200
/** Characters that are invisible or control a terminal: control, format and line-separating characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029]/gu
/** A real list of audiences has a few; an untrusted one may have 100,000. */
const COMPARED_VALUES = 100
/** No header can be longer, so no client sends a longer token. */
const HINTED_LENGTH = 16_384

/** A value from a token for messages: as JSON, shortened, with invisible characters escaped. */
export function show(value: unknown): string {
  // A function comes from the prototype: every object inherits it under that name.
  if (value === undefined || typeof value === 'function') return 'absent'
  const json = startOfJson(value, SHOWN_LENGTH + 1)
  const shown = json.length > SHOWN_LENGTH ? `${json.slice(0, SHOWN_LENGTH)}…` : json
  return shown.replace(UNSEEN, escaped)
}

/** At least the first `length` characters of the JSON, if it has that many, without building the rest. */
function startOfJson(value: unknown, length: number): string {
  if (length <= 0) return ''
  if (typeof value === 'string') return JSON.stringify(value.slice(0, length))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const isList = Array.isArray(value)
  let json = isList ? '[' : '{'
  const parts = isList ? (value as unknown[]).entries() : Object.entries(value)
  for (const [name, inner] of parts) {
    if (json.length >= length) return json
    if (json.length > 1) json += ','
    if (!isList) json += `${startOfJson(name, length)}:`
    json += startOfJson(inner, length - json.length)
  }
  return json + (isList ? ']' : '}')
}

function escaped(character: string): string {
  return character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Differences that people overlook. */
const DIFFERENCES: readonly [difference: string, normalize: (text: string) => string][] = [
  ['a trailing slash', (text) => (text.endsWith('/') ? text.slice(0, -1) : text)],
  ['upper and lower case', (text) => text.toLowerCase()],
  ['whitespace', (text) => text.trim()],
]
/** The largest difference in length between two such strings. */
const MOST_CHARACTERS_MORE = 4

/** A text without any of the differences that people overlook. */
export function withoutDifferences(text: string): string {
  return DIFFERENCES.reduceRight((rest, [, normalize]) => normalize(rest), text)
}

/** Names the small difference between what a token has and what was wanted, if there is one. */
export function nearMiss(
  name: string,
  present: readonly unknown[],
  wanted: readonly string[],
): string | undefined {
  for (const have of present.slice(0, COMPARED_VALUES))
    for (const want of wanted) {
      if (typeof have !== 'string' || have === want) continue
      if (Math.abs(have.length - want.length) > MOST_CHARACTERS_MORE) continue
      const found = DIFFERENCES.find(([, normalize]) => normalize(have) === normalize(want))
      if (found) return `The ${name} differs by ${found[0]}: make them match`
    }
  return undefined
}

/** The first three are from OpenID Connect Core 1.0 §2 and §3.3.2.11; the others from Keycloak and Cognito. */
export function idTokenHint(claims: Claims): string {
  const isIdToken =
    ['nonce', 'at_hash', 'c_hash'].some((name) => name in claims) ||
    claims.typ === 'ID' ||
    claims.token_use === 'id'
  if (!isIdToken || 'scope' in claims || 'scp' in claims) return ''
  return '. It looks like an ID token: if access tokens are wanted here, send the access token'
}

export function numericDateFix(name: string, value: unknown): string {
  return typeof value === 'string'
    ? `Have the issuer write ${name} as a number of seconds, not as a string`
    : `Have the issuer set ${name} to a number of seconds since 1970`
}

const DAYS = { size: 86_400, unit: 'day' }
const UNITS = [
  { below: 120, size: 1, unit: 'second' },
  { below: 7_200, size: 60, unit: 'minute' },
  { below: 172_800, size: 3_600, unit: 'hour' },
]

export function duration(seconds: number): string {
  const { size, unit } = UNITS.find(({ below }) => seconds < below) ?? DAYS
  const count = Math.max(1, Math.round(seconds / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

/**
 * The path as it should have been written, when it finds nothing because its dots belong to names:
 * `https://example.com/roles` is two parts, `https://example\.com/roles` is one.
 */
export function escapedPath(value: unknown, path: readonly string[]): string | undefined {
  if (path.length === 0) return value === null ? undefined : ''
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  for (let count = 1; count <= path.length; count += 1) {
    const name = path.slice(0, count).join('.')
    if (!Object.hasOwn(value, name)) continue
    const rest = escapedPath((value as Claims)[name], path.slice(count))
    if (rest !== undefined) return name.replaceAll('.', '\\.') + (rest === '' ? '' : `.${rest}`)
  }
  return undefined
}

/** Tries the usual mistakes with a secret, and names the one that makes the signature valid. */
export function secretHint({ text }: UnverifiedToken, keys: readonly VerificationKey[]): string | undefined {
  if (text.length > HINTED_LENGTH) return undefined
  const end = text.lastIndexOf('.')
  const signature = Buffer.from(text.slice(end + 1), 'base64url')
  for (const { key, algorithm } of keys) {
    if (!algorithm.startsWith('HS')) continue
    for (const [secret, fix] of otherReadings(key.export())) {
      const mac = createHmac(`sha${algorithm.slice(2)}`, secret)
        .update(text.slice(0, end))
        .digest()
      if (secret.length > 0 && mac.length === signature.length && timingSafeEqual(mac, signature)) return fix
    }
  }
  return undefined
}

/** What the secret would be with each mistake undone, and how to fix it. */
function otherReadings(bytes: Buffer): [Buffer, string][] {
  const text = bytes.toString()
  const decoded = (encoding: string): string =>
    `The secret looks ${encoding}-encoded: decoded, it verifies. Pass { key, encoding: '${encoding}' }`
  const literal = 'The issuer uses the text of the secret as it is: leave out its encoding'
  return [
    [Buffer.from(text, 'base64'), decoded(/[-_]/.test(text) ? 'base64url' : 'base64')],
    [Buffer.from(text, 'hex'), decoded('hex')],
    [Buffer.from(bytes.toString('base64')), literal],
    [Buffer.from(bytes.toString('base64url')), literal],
    [Buffer.from(bytes.toString('hex')), literal],
    [Buffer.from(`${text}\n`), "The issuer's secret ends with a newline: remove it there"],
  ]
}
