import { LRUCache } from 'lru-cache'
import { authError, type AuthError } from '../errors.js'
import type { Events } from '../events.js'
import type { Dependency } from '../dependency.js'
import { andThen } from '../maybe-promise.js'
import type { SessionRecord, Store } from '../stores/store.js'
import type { VerifiedToken } from '../token/verifier.js'
import { PROVIDER, type MaybePromise, type User, type UserRecord } from '../user.js'
import type { UserCache } from '../users/user-cache.js'
import { enabled, type SignIn } from '../users/sign-in.js'
import { isObjectId, randomObjectId } from '../users/user-id.js'
import type { SessionRules } from './session-options.js'
import type { SessionClaims, SessionTokens } from './session-tokens.js'

/** The answer to a login, as clients read it. */
export interface LoginAnswer {
  readonly access_token: string
  readonly refresh_token: string
  readonly user_id: string
  readonly device_id: string
}

/** Sessions: what a login begins, a refresh prolongs and a log-out ends. `now` is in epoch seconds everywhere. */
export interface Sessions {
  /** Begins a session for the token's user, who is created when there is none. */
  logIn(token: VerifiedToken, deviceId: unknown, now: number): Promise<LoginAnswer>
  /**
   * Adds the token's identity to the account of the caller, whose session goes on.
   * @throws {AuthError} SESSION_INVALID, USER_DISABLED, IDENTITY_TAKEN, IDENTITY_TAKEN_AGAIN
   */
  link(token: VerifiedToken, accessToken: string, now: number): Promise<LoginAnswer>
  /** @throws {AuthError} SESSION_INVALID, USER_DISABLED */
  authenticate(accessToken: string, now: number): MaybePromise<User>
  /**
   * A new access token; with rotation on, a new refresh token too.
   * @throws {AuthError} REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, USER_DISABLED
   */
  refresh(refreshToken: string, now: number): Promise<{ access_token: string; refresh_token?: string }>
  /** @throws {AuthError} REFRESH_TOKEN_INVALID */
  logOut(refreshToken: string, now: number): Promise<void>
  /** Deletes the caller's account. @throws {AuthError} SESSION_INVALID, USER_DISABLED */
  deleteUser(accessToken: string, now: number): Promise<void>
}

/** A refresh token rotated away less than this ago is still answered: two tabs may refresh at the same moment. */
const ROTATION_OVERLAP_SECONDS = 10
/**
 * realm-web repeats a request that got a 401 InvalidSession with a fresh access token, without end; other SDKs repeat
 * it once. PROTOCOL §5 wants just that answer for a taken identity, so two requests within the time get it.
 */
const LINK_ATTEMPTS = 2
const LINK_RETRY_SECONDS = 60
const SWEEP_INTERVAL_SECONDS = 3600
/** What old SDKs send before they were given a device id. */
const NO_DEVICE = '0'.repeat(24)

export function createSessions(parts: {
  rules: SessionRules
  tokens: SessionTokens
  store: Store
  signIn: SignIn
  userCache: UserCache
  dependency: Dependency
  events: Events
}): Sessions {
  const { rules, tokens, store, signIn, userCache, dependency, events } = parts
  const refusedLinks = new LRUCache<string, { since: number; times: number }>({ max: 1000 })
  let sweptAt = Number.NEGATIVE_INFINITY

  const ask = <T>(call: () => MaybePromise<T>): MaybePromise<T> => dependency('STORE_UNAVAILABLE', call)

  /** The living session of good claims, with its user. */
  function find(claims: SessionClaims, now: number, refusal: 'SESSION_INVALID' | 'REFRESH_TOKEN_INVALID') {
    return andThen(
      ask(() => store.findSession(claims.sessionId)),
      (found) => {
        if (!found || found.session.userId !== claims.userId || !(now < found.session.expiresAt)) {
          const got = found ? 'one that expired' : 'none: it was logged out, revoked or deleted'
          throw authError(refusal, { detail: { check: 'session', expected: 'a living session', got } })
        }
        enabled(found.user)
        return found
      },
    )
  }

  function findUser(claims: SessionClaims, now: number): MaybePromise<UserRecord> {
    return andThen(find(claims, now, 'SESSION_INVALID'), ({ user }) => user)
  }

  async function answer(session: SessionRecord, record: UserRecord, now: number): Promise<LoginAnswer> {
    const { custom_data } = await userCache.reload(record)
    return {
      access_token: tokens.issueAccessToken(session, custom_data, now),
      refresh_token: tokens.issueRefreshToken(session, now),
      user_id: record.id,
      device_id: session.deviceId,
    }
  }

  function identityTaken(sessionId: string, now: number): AuthError {
    const known = refusedLinks.get(sessionId)
    const { since, times } =
      known && now < known.since + LINK_RETRY_SECONDS ? known : { since: now, times: 0 }
    refusedLinks.set(sessionId, { since, times: times + 1 })
    return authError(times < LINK_ATTEMPTS ? 'IDENTITY_TAKEN' : 'IDENTITY_TAKEN_AGAIN')
  }

  /** Tidies up beside a login, which does not wait for it: no session lives longer for being stored longer. */
  function sweep(now: number): void {
    if (now < sweptAt + SWEEP_INTERVAL_SECONDS) return
    sweptAt = now
    void (async () => ask(() => store.removeExpiredSessions(now)))().catch(events.sweepFailed)
  }

  return {
    async logIn(token, deviceId, now) {
      const user = await signIn.logIn(token, now)
      sweep(now)
      const session: SessionRecord = {
        id: randomObjectId(),
        userId: user.id,
        deviceId: readDeviceId(deviceId) ?? randomObjectId(),
        createdAt: Math.floor(now),
        expiresAt: sessionEnd(rules, token, now),
        generation: 0,
        rotatedAt: 0,
      }
      // False when the user was deleted since the line above.
      if (!(await ask(() => store.createSession(session)))) throw authError('USER_NOT_FOUND')
      return answer(session, user, now)
    },

    async link({ subject, data }, accessToken, now) {
      const { session, user } = await find(tokens.verifyAccessToken(accessToken, now), now, 'SESSION_INVALID')
      const identity = Object.freeze({ id: subject, provider_type: PROVIDER, data })
      const linked = await ask(() => store.linkIdentity(user.id, identity))
      if (linked === 'taken') throw identityTaken(session.id, now)
      if (linked === 'missing') throw authError('SESSION_INVALID')
      return answer(session, linked, now)
    },

    authenticate(accessToken, now) {
      const claims = tokens.verifyAccessToken(accessToken, now)
      const { userId, sessionId } = claims
      const cached = rules.checkRevocation ? undefined : userCache.get(userId, now, sessionId)
      return cached ?? userCache.load(() => findUser(claims, now), now, sessionId)
    },

    async refresh(refreshToken, now) {
      const claims = tokens.verifyRefreshToken(refreshToken, now)
      const { session, user } = await find(claims, now, 'REFRESH_TOKEN_INVALID')
      const { custom_data } = await userCache.reload(user)
      const access_token = tokens.issueAccessToken(session, custom_data, now)
      if (!rules.rotateRefreshTokens) return { access_token }
      const { generation: presented, sessionId: id } = claims
      const rotation = await ask(() =>
        store.rotateSession({ id, generation: presented, now, overlapSeconds: ROTATION_OVERLAP_SECONDS }),
      )
      if (rotation.outcome === 'missing') throw authError('REFRESH_TOKEN_INVALID')
      if (rotation.outcome === 'reused') {
        userCache.forget(user.id)
        throw authError('REFRESH_TOKEN_REUSED')
      }
      const { generation } = rotation
      return { access_token, refresh_token: tokens.issueRefreshToken({ ...session, generation }, now) }
    },

    async logOut(refreshToken, now) {
      const { sessionId, userId } = tokens.verifyRefreshToken(refreshToken, now)
      const revoked = await ask(() => store.revokeSession(sessionId))
      userCache.forget(userId)
      if (!revoked) throw authError('REFRESH_TOKEN_INVALID')
    },

    async deleteUser(accessToken, now) {
      const { user } = await find(tokens.verifyAccessToken(accessToken, now), now, 'SESSION_INVALID')
      await ask(() => store.deleteUser(user.id))
      userCache.forget(user.id)
    },
  }
}

function sessionEnd(rules: SessionRules, token: VerifiedToken, now: number): number {
  const end = Math.floor(now) + rules.refreshTokenTtlSeconds
  return rules.capRefreshToTokenExpiry ? Math.min(end, Math.floor(Number(token.claims.exp))) : end
}

/** The client's own device id when it is one. Extended JSON may wrap it: `{"$oid": "…"}`. */
function readDeviceId(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null ? (value as { $oid?: unknown }).$oid : value
  const lower = typeof id === 'string' ? id.toLowerCase() : undefined
  return isObjectId(lower) && lower !== NO_DEVICE ? lower : undefined
}
