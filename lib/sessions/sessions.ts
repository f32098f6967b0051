import { setTimeout as sleep } from 'node:timers/promises'
import { authError } from '../errors.js'
import type { Events } from '../events.js'
import type { Dependency } from '../dependency.js'
import { andThen } from '../maybe-promise.js'
import type { SessionRecord, Store } from '../stores/store.js'
import type { VerifiedToken } from '../token/verifier.js'
import type { MaybePromise, User, UserRecord } from '../user.js'
import type { UserCache } from '../users/user-cache.js'
import { enabled, identityOf, type SignIn } from '../users/sign-in.js'
import { randomObjectId } from '../users/user-id.js'
import type { SessionRules } from './session-options.js'
import { isRefreshToken, type SessionClaims, type SessionTokens } from './session-tokens.js'

/** A session that a login began, or that continues after a link. */
export interface OpenSession {
  readonly accessToken: string
  readonly refreshToken: string
  readonly userId: string
  readonly deviceId: string
}

/** The user of a valid access token, and when it expires, in epoch seconds. */
export interface ActiveSession {
  readonly user: User
  readonly expiresAt: number
}

/** Sessions, which begin with a login and end with a logout. `now` is in epoch seconds everywhere. */
export interface Sessions {
  /**
   * Begins a session for the token's user, who is created when there is none.
   * @param deviceId the client's own id, 24 lowercase hex characters; undefined for a new one
   */
  logIn(token: VerifiedToken, deviceId: string | undefined, now: number): Promise<OpenSession>
  /**
   * Adds the token's identity to the caller's account; the session continues.
   * @throws {AuthError} SESSION_INVALID, SESSION_OTHER_APP, USER_DISABLED, IDENTITY_LIMIT, IDENTITY_TAKEN, LINK_REFUSED
   */
  link(token: VerifiedToken, accessToken: string, now: number): Promise<OpenSession>
  /** @throws {AuthError} SESSION_INVALID, SESSION_OTHER_APP, USER_DISABLED */
  authenticate(accessToken: string, now: number): MaybePromise<ActiveSession>
  /**
   * Resolves when the session of an access or refresh token is alive.
   * @throws {AuthError} SESSION_INVALID, SESSION_OTHER_APP, REFRESH_TOKEN_INVALID, USER_DISABLED
   */
  requireAlive(token: string, now: number): Promise<void>
  /**
   * A new access token; with rotation on, a new refresh token too.
   * @throws {AuthError} REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED, USER_DISABLED
   */
  refresh(refreshToken: string, now: number): Promise<{ accessToken: string; refreshToken?: string }>
  /** @throws {AuthError} REFRESH_TOKEN_INVALID */
  logOut(refreshToken: string, now: number): Promise<void>
  /** Deletes the caller's account. @throws {AuthError} SESSION_INVALID, USER_DISABLED */
  deleteUser(accessToken: string, now: number): Promise<void>
  /** Stops the background work. */
  close(): void
}

/** A refresh token still works this long after its rotation: two tabs may refresh at the same moment. */
const ROTATION_OVERLAP_SECONDS = 10
const SWEEP_INTERVAL_SECONDS = 3600
/** Expired sessions are removed a few at a time, with pauses, so that neither the database nor the process is blocked. */
const SWEEP = { limit: 20, pauseMs: 20, maxRounds: 500_000 }

export interface SessionParts {
  readonly rules: SessionRules
  readonly tokens: SessionTokens
  readonly store: Store
  readonly signIn: SignIn
  readonly userCache: UserCache
  readonly dependency: Dependency
  readonly events: Events
}

export function createSessions(parts: SessionParts): Sessions {
  const { rules, tokens, store, signIn, userCache, dependency, events } = parts
  let sweptAt = Number.NEGATIVE_INFINITY
  let isSweeping = false
  let isClosed = false

  const ask = <T>(call: () => MaybePromise<T>): MaybePromise<T> => dependency('STORE_UNAVAILABLE', call)

  /** The live session that verified claims name, with its user. */
  function find(claims: SessionClaims, now: number, refusal: 'SESSION_INVALID' | 'REFRESH_TOKEN_INVALID') {
    return andThen(
      ask(() => store.findSession(claims.sessionId)),
      (found) => {
        if (!found || found.session.userId !== claims.userId || !(now < found.session.expiresAt)) {
          const got = found ? 'one that expired' : 'none: it was logged out, revoked or deleted'
          throw authError(refusal, { detail: { check: 'session', expected: 'a live session', got } })
        }
        enabled(found.user)
        return found
      },
    )
  }

  function findUser(claims: SessionClaims, now: number): MaybePromise<UserRecord> {
    return andThen(find(claims, now, 'SESSION_INVALID'), ({ user }) => user)
  }

  async function open(session: SessionRecord, record: UserRecord, now: number): Promise<OpenSession> {
    const { custom_data } = await userCache.reload(record)
    return {
      accessToken: tokens.issueAccessToken(session, custom_data, now),
      refreshToken: tokens.issueRefreshToken(session, now),
      userId: record.id,
      deviceId: session.deviceId,
    }
  }

  function authenticate(accessToken: string, now: number): MaybePromise<ActiveSession> {
    const claims = tokens.verifyAccessToken(accessToken, now)
    const { userId, sessionId, expiresAt } = claims
    const cached = rules.checkRevocation ? undefined : userCache.get(userId, now, sessionId)
    if (cached) return { user: cached.user, expiresAt }
    return andThen(
      userCache.load(() => findUser(claims, now), now, sessionId),
      ({ user }) => ({ user, expiresAt }),
    )
  }

  /** Rotates the presented refresh token, and returns the session with the next generation. */
  async function rotate(session: SessionRecord, presented: number, now: number): Promise<SessionRecord> {
    const { id, userId } = session
    const overlapSeconds = ROTATION_OVERLAP_SECONDS
    const rotation = await ask(() => store.rotateSession({ id, generation: presented, now, overlapSeconds }))
    if (rotation.outcome === 'missing') throw authError('REFRESH_TOKEN_INVALID')
    if (rotation.outcome === 'reused') {
      userCache.forget(userId)
      throw authError('REFRESH_TOKEN_REUSED')
    }
    return { ...session, generation: rotation.generation }
  }

  /** Cleans up in the background after a login. Nobody waits for it: a stored session that has expired is refused. */
  function sweep(now: number): void {
    if (isSweeping || now < sweptAt + SWEEP_INTERVAL_SECONDS) return
    sweptAt = now
    isSweeping = true
    void removeExpired(now)
      .catch(events.sweepFailed)
      .finally(() => (isSweeping = false))
  }

  async function removeExpired(now: number): Promise<void> {
    const remove = () => ask(() => store.removeExpiredSessions({ now, limit: SWEEP.limit }))
    for (let round = 0; round < SWEEP.maxRounds && (await remove()); round += 1) {
      await sleep(SWEEP.pauseMs, undefined, { ref: false })
      if (isClosed) return
    }
  }

  return {
    async logIn(token, deviceId, now) {
      const user = await signIn.logIn(token, now)
      sweep(now)
      const session: SessionRecord = {
        id: randomObjectId(),
        userId: user.id,
        deviceId: deviceId ?? randomObjectId(),
        createdAt: Math.floor(now),
        expiresAt: sessionEnd(rules, token, now),
        generation: 0,
        rotatedAt: 0,
      }
      const request = { session, identity: identityOf(token), maxPerUser: rules.maxPerUser }
      // False when, since signing in, the user was deleted or lost the identity, or the identity was blocked.
      if (!(await ask(() => store.createSession(request)))) throw authError('USER_NOT_FOUND')
      return open(session, user, now)
    },

    async link(token, accessToken, now) {
      const { session, user } = await find(tokens.verifyAccessToken(accessToken, now), now, 'SESSION_INVALID')
      const linked = await signIn.link(token, user, now)
      if (linked === 'full') throw authError('IDENTITY_LIMIT')
      if (linked === 'taken') throw authError('IDENTITY_TAKEN')
      if (linked === 'missing') throw authError('SESSION_INVALID')
      return open(session, linked, now)
    },

    authenticate,

    async requireAlive(token, now) {
      if (isRefreshToken(token))
        await find(tokens.verifyRefreshToken(token, now), now, 'REFRESH_TOKEN_INVALID')
      else await authenticate(token, now)
    },

    async refresh(refreshToken, now) {
      const claims = tokens.verifyRefreshToken(refreshToken, now)
      const { session, user } = await find(claims, now, 'REFRESH_TOKEN_INVALID')
      const { custom_data } = await userCache.reload(user)
      const rotated = rules.rotateRefreshTokens ? await rotate(session, claims.generation, now) : undefined
      const accessToken = tokens.issueAccessToken(session, custom_data, now)
      return rotated ? { accessToken, refreshToken: tokens.issueRefreshToken(rotated, now) } : { accessToken }
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

    close() {
      isClosed = true
    },
  }
}

function sessionEnd(rules: SessionRules, token: VerifiedToken, now: number): number {
  const end = Math.floor(now) + rules.refreshTokenTtlSeconds
  return rules.capRefreshToTokenExpiry ? Math.min(end, Math.floor(Number(token.claims.exp))) : end
}
