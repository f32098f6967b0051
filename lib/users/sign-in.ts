import { authError } from '../errors.js'
import type { Events } from '../events.js'
import { deepFreeze } from '../json.js'
import type { Dependency } from '../dependency.js'
import { andThen, isPromise } from '../maybe-promise.js'
import { newUserRecord, type LinkRefusal, type SignInRequest, type Store } from '../stores/store.js'
import { hasIdentity, identityKey } from '../stores/identities.js'
import type { Claims } from '../jws/compact.js'
import type { VerifiedToken } from '../token/verifier.js'
import {
  issuerIdentity,
  nameIdentity,
  type Identity,
  type MaybePromise,
  type User,
  type UserRecord,
} from '../user.js'
import { isIdTaken, orBlocked } from './store-errors.js'
import type { CachedUser, UserCache } from './user-cache.js'
import { newUserId, randomObjectId, type GenerateUserId } from './user-id.js'
import { shownBy, toUser } from './to-user.js'

/**
 * The user creation hook. Runs when a valid token matches no user (`sign-up`), and when an identity that the user does
 * not have yet is linked (`link`), with the user as it will be. To refuse, it throws or rejects: nothing is stored, and
 * a login fails with 401, a link with 400; with 503 when the `status` thrown is 500 or more, or it takes too long.
 */
export type UserCreationHook<Data = User['data']> = (
  user: User<Data>,
  context: UserCreationContext,
) => MaybePromise<void>

/** What the creation hook gets besides the user. */
export interface UserCreationContext {
  /** The claims of the token that signs up or is linked. */
  readonly claims: Claims
  /** Whether the user is new, or gets another identity. */
  readonly reason: 'sign-up' | 'link'
}

export interface SignIn {
  /**
   * An explicit login: refreshes the user's metadata, and creates the user when there is none.
   * @throws {AuthError} USER_DISABLED, IDENTITY_BLOCKED, USER_CREATION_REFUSED, or a dependency's code
   */
  logIn(token: VerifiedToken, now: number): MaybePromise<UserRecord>
  /**
   * Uses a token on an endpoint. The first use is also a login, which creates a user only if the options say so; later
   * uses find the user. The user's data is this token's, whatever another token of the same user contains.
   * @throws {AuthError} as logIn, and USER_NOT_FOUND
   */
  useToken(token: VerifiedToken, now: number): MaybePromise<User>
  /**
   * Gives a user the token's identity.
   * @throws {AuthError} IDENTITY_BLOCKED, LINK_REFUSED, or a dependency's code
   */
  link(token: VerifiedToken, user: UserRecord, now: number): Promise<UserRecord | LinkRefusal>
}

export interface SignInParts {
  readonly appId: string
  readonly store: Store
  readonly userCache: UserCache
  readonly dependency: Dependency
  readonly autoCreateUser: boolean
  readonly creationHook: UserCreationHook | undefined
  readonly generateUserId: GenerateUserId | 'random' | undefined
  readonly maxIdentities: number
  readonly events: Events
}

/** What is remembered about a token that was used. */
interface Use {
  /** The user that it signed in. */
  userId?: string
  /** The key of its identity. */
  key?: string
  /** Epoch seconds; only for a token without `iat`. */
  firstUsedAt?: number
}

export function createSignIn(parts: SignInParts): SignIn {
  const { appId, store, userCache, dependency, autoCreateUser, creationHook, generateUserId, events } = parts
  /** Running creation hooks, by identity, so that simultaneous first requests share one. */
  const creations = new Map<string, Promise<UserRecord>>()
  /** What is remembered about each token, as long as the verifier remembers it. */
  const uses = new WeakMap<VerifiedToken, Use>()

  function findOrCreate(token: VerifiedToken, now: number, mayCreate: boolean): MaybePromise<UserRecord> {
    const identity = identityOf(token)
    const request: SignInRequest = { identity, now: Math.floor(now), issuedAt: issuedAt(token, now) }
    const makeId = () => newUserId(appId, identity, generateUserId)
    if (mayCreate && !creationHook) return create(token, { ...request, newUserId: makeId })
    return andThen(tryStore(request), (found) => {
      if (found) return accept(token, found)
      if (!mayCreate || !creationHook) throw authError('USER_NOT_FOUND')
      const key = identityKey(identity)
      const running = creations.get(key)
      // A request that waited still signs in on its own: its token may have other metadata.
      if (running) return running.then(() => askStore(token, request))
      const creation = createWithHook(creationHook, token, request, makeId()).finally(() =>
        creations.delete(key),
      )
      creations.set(key, creation)
      return creation
    })
  }

  /** If another user has the id, such as one who once had this identity, the new user gets a random one. */
  function create(token: VerifiedToken, request: SignInRequest): MaybePromise<UserRecord> {
    const again = (error: unknown): MaybePromise<UserRecord> => {
      if (typeof generateUserId === 'function' || !isIdTaken(error)) throw error
      return askStore(token, { ...request, newUserId: randomObjectId })
    }
    try {
      const answer = askStore(token, request)
      return isPromise(answer) ? answer.catch(again) : answer
    } catch (error) {
      return again(error)
    }
  }

  /** The hook has to see the final id, so this first finds out whether the id is free. */
  async function createWithHook(
    hook: UserCreationHook,
    token: VerifiedToken,
    request: SignInRequest,
    wanted: string,
  ) {
    const isOurs = typeof generateUserId !== 'function'
    const isTaken = isOurs && (await dependency('STORE_UNAVAILABLE', () => store.findUser(wanted)))
    const id = isTaken ? randomObjectId() : wanted
    await runHook(hook, newUserRecord(id, request), { claims: token.claims, reason: 'sign-up' })
    return askStore(token, { ...request, newUserId: () => id })
  }

  async function runHook(hook: UserCreationHook, user: UserRecord, context: UserCreationContext) {
    const refusal = context.reason === 'link' ? 'LINK_REFUSED' : 'USER_CREATION_REFUSED'
    await dependency('HOOK_UNAVAILABLE', async () => {
      try {
        await hook(toUser(user, {}), deepFreeze(context))
      } catch (cause) {
        const { status } = (cause ?? {}) as { status?: unknown }
        throw authError(Number(status) >= 500 ? 'HOOK_UNAVAILABLE' : refusal, { cause })
      }
    })
  }

  function tryStore(request: SignInRequest) {
    return dependency('STORE_UNAVAILABLE', () => orBlocked(() => store.signIn(request)))
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
    useOf(token).userId = record.id
    return record
  }

  function useOf(token: VerifiedToken): Use {
    let use = uses.get(token)
    if (!use) uses.set(token, (use = {}))
    return use
  }

  /** The token's `iat`, in epoch seconds, or its first use if it has none. */
  function issuedAt(token: VerifiedToken, now: number): number {
    const { iat } = token.claims
    if (typeof iat === 'number') return Math.max(0, iat)
    return (useOf(token).firstUsedAt ??= now)
  }

  /** The user with this token's data. */
  function show(token: VerifiedToken, cached: CachedUser): User {
    if (cached.view?.token === token) return cached.view.shown
    const shown = shownBy(identityOf(token), cached.user)
    cached.view = { token, shown }
    return shown
  }

  function findIdentity(token: VerifiedToken): MaybePromise<UserRecord | undefined> {
    const name = nameIdentity(token.subject, token.provider)
    return andThen(
      dependency('STORE_UNAVAILABLE', () => store.findIdentity(name)),
      ({ user, blocked }) => {
        if (blocked) throw authError('IDENTITY_BLOCKED')
        return user
      },
    )
  }

  /** The user that the token signed in. If that user is gone, or has lost the token's identity, it signs in again. */
  function find(token: VerifiedToken, userId: string, now: number): MaybePromise<UserRecord> {
    return andThen(findIdentity(token), (user) => {
      if (user?.id === userId) return enabled(user)
      delete useOf(token).userId
      return findOrCreate(token, now, autoCreateUser)
    })
  }

  return {
    logIn: (token, now) => findOrCreate(token, now, true),
    useToken(token, now) {
      const use = useOf(token)
      const { userId } = use
      const key = (use.key ??= identityKey(identityOf(token)))
      const cached = userId && userCache.get(userId, now, key)
      if (cached) return show(token, cached)
      const fetch = () =>
        userId === undefined ? findOrCreate(token, now, autoCreateUser) : find(token, userId, now)
      return andThen(userCache.load(fetch, now, key), (loaded) => show(token, loaded))
    },
    async link(token, user, now) {
      const identity = identityOf(token)
      await findIdentity(token)
      if (creationHook && !hasIdentity(user, identity)) {
        const linked = { ...user, identities: [...user.identities, identity] }
        await runHook(creationHook, linked, { claims: token.claims, reason: 'link' })
      }
      const terms = { issuedAt: issuedAt(token, now), maxIdentities: parts.maxIdentities }
      return dependency('STORE_UNAVAILABLE', () => store.linkIdentity(user.id, identity, terms))
    },
  }
}

/** The identity that a token proves. */
export function identityOf({ subject, provider, data }: VerifiedToken): Identity {
  return issuerIdentity(subject, provider, data)
}

/** @throws {AuthError} USER_DISABLED */
export function enabled(user: UserRecord): UserRecord {
  if (user.disabled) throw authError('USER_DISABLED')
  return user
}
