import jwt from 'jsonwebtoken'
import { authError } from '../errors.js'
import type { VerificationKey } from '../keys/key-source.js'

/** The JOSE header of a token, not yet verified. */
export type TokenHeader = Readonly<Record<string, unknown>>

/** The payload of a token: an object, whatever it holds. */
export type Claims = Readonly<Record<string, unknown>>

const SEGMENT = /^[A-Za-z0-9_-]*$/
const SIGNATURE_FAILURES = ['invalid signature', 'jwt signature is required']

/**
 * Reads the header of a compact JWS (RFC 7515 §7.1) without verifying anything.
 * @throws {AuthError} TOKEN_SEGMENTS or TOKEN_MALFORMED
 */
export function readHeader(token: string): TokenHeader {
  const segments = token.split('.', 4)
  const [header] = segments
  if (segments.length !== 3 || header === undefined) throw authError('TOKEN_SEGMENTS')
  // Buffer.from() skips what is not base64url, so two different texts would read as the same token.
  if (!segments.every((segment) => SEGMENT.test(segment))) throw authError('TOKEN_MALFORMED')
  return parseObject(header) ?? malformed('the header is not a JSON object')
}

/** The payload as anybody can read it: good for explaining or routing a token, never for trusting it. */
export function readUnverifiedClaims(token: string): Claims | undefined {
  return parseObject(token.split('.', 3)[1] ?? '')
}

/**
 * Verifies the signature alone, with each key in turn: the next is tried only after a signature failure.
 * jsonwebtoken is called synchronously, with one explicit algorithm and a parsed key; claims are not its business.
 * @returns the payload and the key that signed it; undefined when none of the keys did
 * @throws {AuthError} TOKEN_MALFORMED when the payload is no object
 */
export function verifySignature(
  token: string,
  keys: readonly VerificationKey[],
): { claims: Claims; key: VerificationKey } | undefined {
  for (const key of keys) {
    const claims = verifyWith(token, key)
    if (claims) return { claims, key }
  }
  return undefined
}

function verifyWith(token: string, { key, algorithm }: VerificationKey): Claims | undefined {
  let payload: unknown
  try {
    payload = jwt.verify(token, key, {
      algorithms: [algorithm],
      ignoreExpiration: true,
      ignoreNotBefore: true,
    })
  } catch (error) {
    if (error instanceof jwt.JsonWebTokenError && SIGNATURE_FAILURES.includes(error.message)) return undefined
    // Anything else is about the text: a SyntaxError, 'invalid token', a TypeError for a payload of null.
    return malformed('the payload is not a JSON object')
  }
  return isObject(payload) ? payload : malformed('the payload is not a JSON object')
}

function parseObject(segment: string): Claims | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString())
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
