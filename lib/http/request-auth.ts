import type { CredentialKind } from '../events.js'
import type { Claims } from '../jws/compact.js'
import type { VerifiedToken } from '../token/verifier.js'

/** What a request was let in with: `req.auth`. Frozen through and through. */
export interface RequestAuth {
  /** An issuer's token, or a session of this app. */
  readonly kind: CredentialKind
  /** The name of the provider whose token it is; undefined for the one that has no name, and for a session. */
  readonly provider: string | undefined
  /**
   * The verified claims of this request's third-party token; undefined for a session, since the token that began it may be
   * long gone.
   */
  readonly claims: Claims | undefined
  /** Epoch seconds: when this credential ends, and with it whatever it opened, such as a stream or a socket. */
  readonly expiresAt: number
}

/** For as long as the verifier remembers the token: made anew for each request, it took a third of what a known token costs. */
const auths = new WeakMap<VerifiedToken, RequestAuth>()

export function authOfToken(token: VerifiedToken): RequestAuth {
  const known = auths.get(token)
  if (known) return known
  const auth = newAuthOfToken(token)
  auths.set(token, auth)
  return auth
}

function newAuthOfToken({ claims, provider, validUntil }: VerifiedToken): RequestAuth {
  // A tolerance is for clocks that differ, not for a longer life; maxTokenAgeSeconds may end it earlier.
  const expiresAt = Math.min(Number(claims.exp), validUntil)
  return Object.freeze({ kind: 'custom-token', provider, claims, expiresAt })
}

/** @param expiresAt of the access token */
export function authOfSession(expiresAt: number): RequestAuth {
  return Object.freeze({ kind: 'session', provider: undefined, claims: undefined, expiresAt })
}
