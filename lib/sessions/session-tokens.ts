import jwt from 'jsonwebtoken'
import { authError, isAuthError } from '../errors.js'
import type { VerificationKey } from '../keys/key-source.js'
import type { SessionRecord } from '../stores/store.js'
import { readToken, readUnverifiedClaims, type Claims } from '../jws/compact.js'
import { VerifiedCache } from '../jws/token-cache.js'
import { verifySignature } from '../jws/verify.js'
import type { CustomData } from '../user.js'

/** Fixed by the original service, whatever the third-party token's `exp` is. */
const ACCESS_TOKEN_SECONDS = 1800
/** Longer tokens are refused. */
export const MAX_SESSION_TOKEN_LENGTH = 16_384
const STRANGER_FIX =
  "If it is the issuer's, send it in the jwtTokenString header, or set bearerJwt; if it is ours, keep the session key " +
  'that signed it in session.signingKeys'
const STRANGER_CHALLENGE =
  "invalid session: not a session token of this app; if it is the issuer's, send it in the jwtTokenString header"

/** What a valid session token says. */
export interface SessionClaims {
  readonly token: string
  readonly userId: string
  readonly sessionId: string
  readonly deviceId: string
  /** Refresh tokens only: 0 for the session's first, one more with each rotation. */
  readonly generation: number
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** Issues and verifies session tokens: HS256 JWTs whose payload says `typ: access` or `typ: refresh`. */
export interface SessionTokens {
  /** The token has a claim `user_data` when there is any custom data: clients read it from there. */
  issueAccessToken(session: SessionRecord, customData: CustomData, now: number): string
  issueRefreshToken(session: SessionRecord, now: number): string
  /** @throws {AuthError} SESSION_INVALID, SESSION_OTHER_APP */
  verifyAccessToken(token: string, now: number): SessionClaims
  /** @throws {AuthError} REFRESH_TOKEN_INVALID */
  verifyRefreshToken(token: string, now: number): SessionClaims
}

/**
 * @param parts `keys`: the first signs, all of them verify; `domainId` ties the tokens to one app, even where two apps
 *   share a key; `cacheMax`: how many access tokens to remember, 0 for none
 */
export function createSessionTokens(parts: {
  keys: readonly VerificationKey[]
  domainId: string
  cacheMax: number
}): SessionTokens {
  const { keys, domainId, cacheMax } = parts
  const cache = new VerifiedCache<SessionClaims>(cacheMax)
  const signingKey = keys[0]?.key
  if (!signingKey) throw new TypeError('session tokens need a signing key')

  const sign = (payload: object): string => jwt.sign(payload, signingKey, { algorithm: 'HS256' })

  /** The reason for a refusal goes to the app's log, not to the client. */
  function read(token: string, typ: 'access' | 'refresh', now: number): SessionClaims {
    const refuse = (got: string, more: { fix?: string; challenge?: string } = {}) => {
      const { fix, challenge } = more
      const detail = { check: `${typ} token`, got, ...(fix !== undefined && { fix }) }
      const code = typ === 'access' ? 'SESSION_INVALID' : 'REFRESH_TOKEN_INVALID'
      return authError(code, { detail, ...(challenge !== undefined && { challenge }) })
    }
    if (token.length > MAX_SESSION_TOKEN_LENGTH) throw refuse('a string too long for a session token')
    // Before the signature, whose key may differ too: the other App would refresh the token, and some clients react to
    // a 401 with a refresh and the same request, endlessly.
    if (typ === 'access' && isOfAnotherApp(token, domainId)) throw authError('SESSION_OTHER_APP')
    const claims = readSigned(token, keys)
    if (!claims)
      throw refuse('a token that none of the session keys signed', {
        fix: STRANGER_FIX,
        ...(typ === 'access' && { challenge: STRANGER_CHALLENGE }),
      })
    if (claims.typ !== typ)
      throw refuse(claims.typ === 'access' ? 'an access token' : 'another kind of token')
    if (claims.baas_domain_id !== domainId) throw refuse("another app's token")
    const { sub, exp, baas_device_id: deviceId, baas_generation: generation = 0 } = claims
    const sessionId = typ === 'access' ? claims.iss : claims.baas_id
    const complete = typeof sub === 'string' && typeof sessionId === 'string' && typeof deviceId === 'string'
    if (!complete || typeof exp !== 'number' || typeof generation !== 'number')
      throw refuse('a token with missing or malformed claims')
    if (!(now < exp)) throw refuse('an expired token')
    return { token, userId: sub, sessionId, deviceId, generation, expiresAt: exp }
  }

  return {
    issueAccessToken: ({ id, userId, deviceId }, customData, now) =>
      sign({
        typ: 'access',
        iss: id,
        sub: userId,
        iat: Math.floor(now),
        exp: Math.floor(now) + ACCESS_TOKEN_SECONDS,
        baas_device_id: deviceId,
        baas_domain_id: domainId,
        ...(Object.keys(customData).length > 0 && { user_data: customData }),
      }),

    issueRefreshToken: ({ id, userId, deviceId, expiresAt, generation }, now) =>
      sign({
        typ: 'refresh',
        sub: userId,
        iat: Math.floor(now),
        exp: expiresAt,
        baas_id: id,
        baas_device_id: deviceId,
        baas_domain_id: domainId,
        ...(generation > 0 && { baas_generation: generation }),
      }),

    verifyAccessToken(token, now) {
      const known = cache.get(token)
      if (known && now < known.expiresAt) return known
      const claims = read(token, 'access', now)
      cache.add(claims)
      return claims
    },

    verifyRefreshToken: (token, now) => read(token, 'refresh', now),
  }
}

/** Unverified: only to choose between two refusals, or which App to ask, never to let anyone in. */
export function isOfAnotherApp(token: string, domainId: string): boolean {
  const domain = readUnverifiedClaims(token)?.baas_domain_id
  return typeof domain === 'string' && domain !== domainId
}

/** Unverified: only to choose how to verify the token. */
export function isRefreshToken(token: string): boolean {
  return readUnverifiedClaims(token)?.typ === 'refresh'
}

function readSigned(text: string, keys: readonly VerificationKey[]): Claims | undefined {
  try {
    const token = readToken(text)
    return verifySignature(token, keys) && token.claims
  } catch (error) {
    if (isAuthError(error)) return undefined // not even a token
    throw error
  }
}
