import { authError, type AuthError } from '../errors.js'
import type { VerificationKey } from '../keys/key-source.js'
import { isSignedBy } from './signature.js'

/** The JOSE header of a token, not yet verified. */
export type TokenHeader = Readonly<Record<string, unknown>>

/** The payload of a token: an object, whatever it holds. */
export type Claims = Readonly<Record<string, unknown>>

/** Three segments of base64url without padding (RFC 7515 §7.1). */
const COMPACT = /^[\w-]*\.[\w-]*\.[\w-]*$/
/** The form in words. */
export const COMPACT_FORM = 'header.payload.signature, each in base64url'
const SHOWN_SEGMENTS = 5
/** What may end a segment, by its length modulo 4: other characters hold bits that nobody reads (RFC 4648 §3.5). */
const LAST_CHARACTERS = [undefined, '', 'AQgw', 'AEIMQUYcgkosw048']

// The bytes of a token are looked at for a moment: in room that is there already, they leave nothing to collect.
const room = Buffer.allocUnsafeSlow(16_384)
const signatureRoom = Buffer.allocUnsafeSlow(1024)

/**
 * Reads the header of a compact JWS without verifying anything.
 * @throws {AuthError} TOKEN_SEGMENTS or TOKEN_MALFORMED
 */
export function readHeader(token: string): TokenHeader {
  requireCompact(token)
  return parseObject(token.slice(0, token.indexOf('.'))) ?? malformed('the header is not a JSON object')
}

/**
 * Stricter than Buffer.from(), for which two different texts can be the same bytes, and so the same token.
 * @throws {AuthError} TOKEN_SEGMENTS or TOKEN_MALFORMED
 */
export function requireCompact(token: string): void {
  if (!COMPACT.test(token)) throw notCompact(token)
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  const isGood =
    endsWell(token, 0, first) &&
    endsWell(token, first + 1, second) &&
    endsWell(token, second + 1, token.length)
  if (!isGood) throw notCompact(token)
}

function notCompact(token: string): AuthError {
  const segments = token.split('.', SHOWN_SEGMENTS + 1).length
  const isThree = segments === 3
  const count = segments > SHOWN_SEGMENTS ? `more than ${SHOWN_SEGMENTS}` : String(segments)
  const fix = /^bearer /i.test(token)
    ? 'Leave "Bearer " out: the jwtTokenString header holds the token alone'
    : 'Copy the whole token, with both of its dots and nothing around it'
  const got = isThree
    ? 'three segments that are not all base64url'
    : `${count} segment${segments === 1 ? '' : 's'}`
  return authError(isThree ? 'TOKEN_MALFORMED' : 'TOKEN_SEGMENTS', {
    detail: { check: 'format', expected: COMPACT_FORM, got, fix },
  })
}

/** The payload as anybody can read it: good for explaining or routing a token, never for trusting it. */
export function readUnverifiedClaims(token: string): Claims | undefined {
  const start = token.indexOf('.') + 1
  const end = token.indexOf('.', start)
  return parseObject(token.slice(start, end === -1 ? undefined : end))
}

/**
 * The payload of a token whose signature was found good.
 * @throws {AuthError} TOKEN_MALFORMED when it is no object
 */
export function readClaims(token: string): Claims {
  return readUnverifiedClaims(token) ?? malformed('the payload is not a JSON object')
}

/**
 * Verifies the signature alone, with each key in turn: the next is tried only when the one before did not sign.
 * What the header says is not looked at: the key knows its algorithm.
 * @param token in compact form: {@link requireCompact} comes first
 * @returns the key that signed it; undefined when none of the keys did
 */
export function verifySignature(
  token: string,
  keys: readonly VerificationKey[],
): VerificationKey | undefined {
  // Not lastIndexOf(): it looks at one character after the other.
  const end = token.indexOf('.', token.indexOf('.') + 1)
  const signed = bytesOf(token.slice(0, end), 'latin1', room)
  const signature = bytesOf(token.slice(end + 1), 'base64url', signatureRoom)
  return keys.find((candidate) => isSignedBy(candidate, signed, signature))
}

/** The bytes, good until the next call with the same place. */
function bytesOf(text: string, encoding: 'latin1' | 'base64url', place: Buffer): Buffer {
  if (text.length > place.length) return Buffer.from(text, encoding)
  return place.subarray(0, place.write(text, encoding))
}

function endsWell(token: string, start: number, end: number): boolean {
  return LAST_CHARACTERS[(end - start) % 4]?.includes(token.charAt(end - 1)) ?? true
}

function parseObject(segment: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(bytesOf(segment, 'base64url', room).toString())
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(got: string): never {
  throw authError('TOKEN_MALFORMED', { detail: { check: 'format', got } })
}
