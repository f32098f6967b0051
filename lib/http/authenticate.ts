import type { Dependency } from '../dependency.js'
import { authError, type AuthError } from '../errors.js'
import type { CredentialKind } from '../events.js'
import { readUnverifiedClaims } from '../jws/compact.js'
import { andThen } from '../maybe-promise.js'
import { MAX_SESSION_TOKEN_LENGTH } from '../sessions/session-tokens.js'
import type { Sessions } from '../sessions/sessions.js'
import { onBehalfOf } from '../providers/on-behalf-of.js'
import { authOfSession, authOfToken, type RequestAuth } from './request-auth.js'
import { isSessionToken } from '../token/claims.js'
import type { Verifier } from '../token/verifier.js'
import type { MaybePromise, User, UserData } from '../user.js'
import type { SignIn } from '../users/sign-in.js'
import { missingCredentials, readCredentials, type Credentials, type RequestHeaders } from './credentials.js'
import {
  createFinder,
  type CredentialRequest,
  type CredentialsOption,
  type Found,
} from './found-credentials.js'

/** Who sent a request, and how we know. */
export interface Authenticated<Data = UserData> {
  /** The same as `req.user` behind a guard. */
  readonly user: User<Data>
  /** The same as `req.auth` behind a guard. */
  readonly auth: RequestAuth
}

export interface Authenticator {
  /**
   * The user of a request; undefined when it has no credentials. Synchronous where possible.
   * @param given what the option `credentials` is called with
   * @throws {AuthError}
   */
  readonly authenticate: (
    req: RequestHeaders,
    given: CredentialRequest,
  ) => MaybePromise<Authenticated | undefined>
  /**
   * The user of a bare token, which may be either kind.
   * @throws {AuthError}
   */
  readonly authenticateToken: (token: string) => MaybePromise<Authenticated>
  /** The error for a request without credentials. */
  readonly missing: (req: RequestHeaders) => AuthError
}

/** Decides which kind of credential a request carries, and thus which keys may verify it. */
export function createAuthenticator(parts: {
  readonly bearerJwt: boolean
  /** The option `credentials`; undefined when the app has none. */
  readonly credentials: CredentialsOption['credentials'] | undefined
  readonly dependency: Dependency
  readonly verifier: Verifier
  readonly signIn: Pick<SignIn, 'useToken'>
  /** Undefined when the app has none. */
  readonly sessions: Sessions | undefined
  /** Epoch seconds. */
  readonly now: () => number
}): Authenticator {
  const find = parts.credentials && createFinder(parts.credentials, parts.dependency)
  const { bearerJwt, verifier, signIn, sessions, now } = parts

  function kindOf({ header, token }: Credentials): CredentialKind {
    if (header === 'jwttokenstring') return 'custom-token'
    return bearerJwt ? kindOfToken(token) : 'session'
  }

  function whoSent(kind: CredentialKind, token: string, time: number): MaybePromise<Authenticated> {
    if (kind === 'custom-token')
      return andThen(verifier.verify(token, time), (verified) =>
        onBehalfOf(verified.provider, () =>
          andThen(signIn.useToken(verified, time), (user) => ({ user, auth: authOfToken(verified) })),
        ),
      )
    if (sessions)
      return andThen(sessions.authenticate(token, time), ({ user, expiresAt }) => ({
        user,
        auth: authOfSession(expiresAt),
      }))
    const fix = 'Set session to accept access tokens, or bearerJwt to accept third-party tokens'
    throw authError('SESSION_NOT_CONFIGURED', { detail: { check: 'session', got: 'a bearer token', fix } })
  }

  function whoSentHeaders(req: RequestHeaders): MaybePromise<Authenticated | undefined> {
    const credentials = readCredentials(req)
    return credentials && whoSent(kindOf(credentials), credentials.token, now())
  }

  return {
    authenticateToken: (token) => whoSent(kindOfToken(token), token, now()),
    authenticate(req, given) {
      if (!find) return whoSentHeaders(req)
      return andThen<Found | undefined, Authenticated | undefined>(find(given), (found) =>
        found ? whoSent(found.kind, found.token, now()) : whoSentHeaders(req),
      )
    },
    missing: (req) =>
      authError('CREDENTIALS_MISSING', { detail: () => missingCredentials(req, find !== undefined) }),
  }
}

/** The unverified payload decides nothing but which keys may verify the token. */
function kindOfToken(token: string): CredentialKind {
  const mayBeSession = token.length <= MAX_SESSION_TOKEN_LENGTH
  return mayBeSession && isSessionToken(readUnverifiedClaims(token) ?? {}) ? 'session' : 'custom-token'
}
