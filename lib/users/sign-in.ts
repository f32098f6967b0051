import { authError } from '../errors.js'
import type { Events } from '../events.js'
import { deepFreeze } from '../json.js'
import type { Dependency } from '../dependency.js'
import { andThen, isPromise } from '../maybe-promise.js'
import { newUserRecord, type SignInRequest, type Store } from '../stores/store.js'
import type { Claims } from '../jws/compact.js'
import type { VerifiedToken } from '../token/verifier.js'
import { PROVIDER, type Identity, type MaybePromise, type User, type UserRecord } from '../user.js'
import type { UserCache } from './user-cache.js'
import { newUserId, type GenerateUserId } from './user-id.js'
import { toUser } from './to-user.js'

/**
 * The user creation hook. Runs when a valid token matches no user, before anything is stored, with the complete user.
 * When it throws or rejects, no account is made and the login fails with 401; when what it throws has a `status` of
 * 500 or more, or it does not answer in time, with 503.
 */
export type UserCreationHook<Data = User['data']> = (
  user: User<Data>,
  context: { readonly claims: Claims },
) => MaybePromise<void>

export interface SignIn {
  /**
   * An explicit login: refreshes the user's metadata, and creates the user when there is none.
   * @throws {AuthError} USER_DISABLED, USER_CREATION_REFUSED, or a dependency's code
   */
  logIn(token: VerifiedToken, now: number): MaybePromise<UserRecord>
  /**
   * A token on an endpoint: its first use is a login too, which creates users only when the options say so; its later
   * uses find the user.
   * @throws {AuthError} as logIn, and USER_NOT_FOUND
   */
  useToken(token: VerifiedToken, now: number): MaybePromise<User>
}

export interface SignInParts {
  readonly appId: string
  readonly store: Store
  readonly userCache: UserCache
  readonly dependency: Dependency
  readonly autoCreateUser: boolean
  readonly creationHook: UserCreationHook | undefined
  readonly generateUserId: GenerateUserId | undefined
  readonly events: Events
}

export function createSignIn(parts: SignInParts): SignIn {
  const { appId, store, userCache, dependency, autoCreateUser, creationHook, generateUserId, events } = parts
  /** Runs of the creation hook, by subject, so that simultaneous first requests share one. */
  const creations = new Map<string, Promise<UserRecord>>()
  /** Whom each token signed in, for as long as the verifier remembers the token. */
  const userIds = new WeakMap<VerifiedToken, string>()
  /** Whether the store does: then it is asked for the user first, and the id of a new one is made only when needed. */
  let answersAtOnce = false

  function findOrCreate(token: VerifiedToken, now: number, mayCreate: boolean): MaybePromise<UserRecord> {
    const identity: Identity = Object.freeze({ id: token.subject, provider_type: PROVIDER, data: token.data })
    const request: SignInRequest = { identity, now: Math.floor(now) }
    const withId = () => ({ ...request, newUserId: newUserId(appId, identity, generateUserId) })
    if (mayCreate && !creationHook && !answersAtOnce) return askStore(token, withId())
    return andThen(tryStore(request), (found) => {
      if (found) return accept(token, found)
      if (!mayCreate) throw authError('USER_NOT_FOUND')
      if (!creationHook) return askStore(token, withId())
      const running = creations.get(token.subject)
      // Whoever waited signs in on its own account then: its token may bring other metadata.
      if (running) return running.then(() => askStore(token, request))
      const creation = createWithHook(token, withId()).finally(() => creations.delete(token.subject))
      creations.set(token.subject, creation)
      return creation
    })
  }

  async function createWithHook(token: VerifiedToken, request: Required<SignInRequest>) {
    const user = toUser(newUserRecord(request), {})
    await dependency('HOOK_UNAVAILABLE', () => runHook(user, deepFreeze(token.claims)))
    return askStore(token, request)
  }

  async function runHook(user: User, claims: Claims): Promise<void> {
    try {
      await creationHook?.(user, { claims })
    } catch (cause) {
      const { status } = (cause ?? {}) as { status?: unknown }
      throw authError(Number(status) >= 500 ? 'HOOK_UNAVAILABLE' : 'USER_CREATION_REFUSED', { cause })
    }
  }

  function tryStore(request: SignInRequest) {
    const answer = dependency('STORE_UNAVAILABLE', () => store.signIn(request))
    answersAtOnce = !isPromise(answer)
    return answer
  }

  function askStore(token: VerifiedToken, request: SignInRequest): MaybePromise<UserRecord> {
    return andThen(tryStore(request), (found) => {
      if (!found) throw authError('USER_NOT_FOUND')
      return accept(token, found)
    })
  }

  function accept(
    token: VerifiedToken,
    { user, created }: { user: UserRecord; created: boolean },
  ): UserRecord {
    if (created) events.userCreated({ userId: user.id })
    const record = enabled(user)
    userIds.set(token, record.id)
    return record
  }

  /** Whom the token signed in; when that one is gone, it signs in anew. */
  function find(token: VerifiedToken, userId: string, now: number): MaybePromise<UserRecord> {
    return andThen(
      dependency('STORE_UNAVAILABLE', () => store.findUser(userId)),
      (user) => (user ? enabled(user) : findOrCreate(token, now, autoCreateUser)),
    )
  }

  return {
    logIn: (token, now) => findOrCreate(token, now, true),
    useToken(token, now) {
      const userId = userIds.get(token)
      if (userId === undefined) return userCache.load(() => findOrCreate(token, now, autoCreateUser), now)
      return userCache.get(userId, now) ?? userCache.load(() => find(token, userId, now), now)
    },
  }
}

/** @throws {AuthError} USER_DISABLED */
export function enabled(user: UserRecord): UserRecord {
  if (user.disabled) throw authError('USER_DISABLED')
  return user
}
