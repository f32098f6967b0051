import { isUtf8 } from 'node:buffer'
import { authError } from '../errors.js'

/** The JOSE header of a token, not yet verified. */
export type TokenHeader = Readonly<Record<string, unknown>>

/** The payload of a token: an object with any content. */
export type Claims = Readonly<Record<string, unknown>>

/** A token in compact form, read but not verified. */
export interface UnverifiedToken {
  readonly text: string
  readonly header: TokenHeader
  readonly claims: Claims
}

/** Three segments of base64url without padding (RFC 7515 §7.1). */
const COMPACT = /^[\w-]*\.[\w-]*\.[\w-]*$/
/** The form in words. */
export const COMPACT_FORM = 'header.payload.signature, each in base64url'
const SHOWN_SEGMENTS = 5
/** The segments of an encrypted token (RFC 7516 §7.1). */
const JWE_SEGMENTS = 5
/** The characters that may end a segment, by its length modulo 4: others have bits that are ignored (RFC 4648 §3.5). */
const LAST_CHARACTERS = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048']

/**
 * Reads a compact JWS without verifying anything. Stricter than Buffer.from() and JSON.parse(), which can read two
 * different strings as the same token: every later step relies on what is read here, even jsonwebtoken's verdict.
 * @throws {AuthError} TOKEN_SEGMENTS or TOKEN_MALFORMED
 */
export function readToken(text: string): UnverifiedToken {
  if (!COMPACT.test(text)) throw notCompact(text)
  const first = text.indexOf('.')
  const second = text.indexOf('.', first + 1)
  const isGood =
    endsWell(text, 0, first) && endsWell(text, first + 1, second) && endsWell(text, second + 1, text.length)
  if (!isGood) throw notCompact(text)
  const header = readObject('header', text.slice(0, first))
  return { text, header, claims: readObject('payload', text.slice(first + 1, second)) }
}

/** The unverified payload: fine for explaining or routing a token, never for trusting it. */
export function readUnverifiedClaims(text: string): Claims | undefined {
  const read = parseObject(text.split('.', 2)[1] ?? '')
  return typeof read === 'string' ? undefined : read
}

function notCompact(text: string) {
  const segments = text.split('.', SHOWN_SEGMENTS + 1).length
  const isThree = segments === 3
  const count = segments > SHOWN_SEGMENTS ? `more than ${SHOWN_SEGMENTS}` : String(segments)
  const fix = /^bearer /i.test(text)
    ? 'Leave out "Bearer ": it precedes the token only in the Authorization header'
    : segments === JWE_SEGMENTS
      ? 'It is encrypted (a JWE), and only its recipient can read it: have the issuer sign its tokens without encrypting them'
      : 'Copy the whole token, with both of its dots and nothing around it'
  const got = isThree
    ? 'three segments that are not all base64url'
    : `${count} segment${segments === 1 ? '' : 's'}`
  return authError(isThree ? 'TOKEN_MALFORMED' : 'TOKEN_SEGMENTS', {
    detail: { check: 'format', expected: COMPACT_FORM, got, fix },
  })
}

function endsWell(text: string, start: number, end: number): boolean {
  return LAST_CHARACTERS[(end - start) % 4]?.includes(text.charAt(end - 1)) ?? true
}

function readObject(part: 'header' | 'payload', segment: string): Readonly<Record<string, unknown>> {
  const read = parseObject(segment)
  if (typeof read !== 'string') return read
  throw authError('TOKEN_MALFORMED', {
    detail: {
      check: 'format',
      expected: `a ${part} that is a JSON object`,
      got: `a ${part} that is ${read}`,
      fix: 'Copy the whole token; if it is complete, have the issuer write a JSON object in UTF-8',
    },
  })
}

/** The object that a segment holds, or what is wrong with it. */
function parseObject(segment: string): Readonly<Record<string, unknown>> | string {
  const bytes = Buffer.from(segment, 'base64url')
  // Buffer.toString() replaces invalid UTF-8 with U+FFFD: two different tokens would read as the same string.
  if (!isUtf8(bytes)) return 'not valid UTF-8'
  if (hasTooManyValues(bytes)) return `of more than ${MAX_VALUES} values`
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return isObject(value) ? value : 'not a JSON object'
  } catch {
    return 'not JSON'
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** More values than any real token has. JSON.parse() takes ten times as long for brackets and keys as for text. */
const MAX_VALUES = 5000
const [QUOTE, BACKSLASH, BRACKET, BRACE, COMMA] = Buffer.from('"\\[{,')

function hasTooManyValues(json: Buffer): boolean {
  if (json.length <= MAX_VALUES) return false
  let values = 0
  let inText = false
  for (let at = 0; at < json.length && values <= MAX_VALUES; at += 1) {
    const byte = json[at]
    if (byte === QUOTE) inText = !inText
    else if (inText) at += byte === BACKSLASH ? 1 : 0
    else if (byte === BRACKET || byte === BRACE || byte === COMMA) values += 1
  }
  return values > MAX_VALUES
}
