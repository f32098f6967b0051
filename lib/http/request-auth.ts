import type { CredentialKind } from '../events.js'
import type { Claims } from '../jws/compact.js'
import type { VerifiedToken } from '../token/verifier.js'

/** How a request was authenticated: `req.auth`. Deeply frozen. */
export interface RequestAuth {
  /** `custom-token` for an issuer's token, `session` for a session of this app. */
  readonly kind: CredentialKind
  /** The name of the token's provider; undefined for a provider without a name, and for a session. */
  readonly provider: string | undefined
  /**
   * The verified claims of this request's third-party token; undefined for a session, which may outlive the token that
   * began it.
   */
  readonly claims: Claims | undefined
  /** Epoch seconds: when this credential expires. What it opened, such as a stream or a socket, should end then too. */
  readonly expiresAt: number
}

/** Kept as long as the verifier remembers the token: making it anew took a third of a known token's time. */
const auths = new WeakMap<VerifiedToken, RequestAuth>()

export function authOfToken(token: VerifiedToken): RequestAuth {
  const known = auths.get(token)
  if (known) return known
  const auth = newAuthOfToken(token)
  auths.set(token, auth)
  return auth
}

function newAuthOfToken({ claims, provider, validUntil }: VerifiedToken): RequestAuth {
  // The tolerance allows for clock skew, not for a longer life; maxTokenAgeSeconds may end it earlier.
  const expiresAt = Math.min(Number(claims.exp), validUntil)
  return Object.freeze({ kind: 'custom-token', provider, claims, expiresAt })
}

/** @param expiresAt of the access token */
export function authOfSession(expiresAt: number): RequestAuth {
  return Object.freeze({ kind: 'session', provider: undefined, claims: undefined, expiresAt })
}
