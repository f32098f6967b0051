import { LRUCache } from 'lru-cache'
import type { Dependency } from '../dependency.js'
import { andThen } from '../maybe-promise.js'
import type { CustomData, MaybePromise, User, UserRecord } from '../user.js'
import type { Store } from '../stores/store.js'
import { toUser } from './to-user.js'

/** Loads the application data of a user, as JSON can say it; undefined or null means none. */
export type CustomDataLoader = (userId: string) => MaybePromise<object | null | undefined>

/** A user that is remembered. */
interface KnownUser {
  /** As the last answer of the store had it; undefined once it is forgotten, for the tokens that still hold this. */
  user: User | undefined
  /** Epoch seconds. */
  readonly expiresAt: number
  /** The sessions of this user that were found alive since it is remembered; undefined for none. */
  sessions: Set<string> | undefined
}

/** What a good token says of whom it stands for, and a place for the answer: a token seen again needs no look-up. */
export interface UserToken {
  /** Undefined until the token signed somebody in. */
  readonly userId: string | undefined
  /** Of session tokens. */
  readonly sessionId?: string
  /** Kept here by {@link KnownUsers}. */
  known: KnownUser | undefined
}

/** An app may have several guards, e.g. one with optional credentials: what one of them changes, all must see. */
const memoriesOf = new WeakMap<Store, Set<WeakRef<KnownUsers>>>()
const NO_CUSTOM_DATA: CustomData = Object.freeze({})
/** More sessions of one user than this are not remembered at once. */
const MAX_SESSIONS_REMEMBERED = 100

/**
 * The users that requests have lately resolved to, for a short time, so that the next request needs no store call.
 * Whatever changes a user or ends its sessions calls {@link forget}, which takes effect on the next request.
 */
export class KnownUsers {
  readonly #entries: LRUCache<string, KnownUser> | undefined
  readonly #ttlSeconds: number
  readonly #loadCustomData: CustomDataLoader | undefined
  readonly #dependency: Dependency
  /** Those of all guards on the same store. */
  readonly #siblings: Set<WeakRef<KnownUsers>>
  #changes = 0

  /** @param cache the size and life of the memory; undefined for none */
  constructor(parts: {
    store: Store
    cache: { max: number; ttlSeconds: number } | undefined
    customData: CustomDataLoader | undefined
    dependency: Dependency
  }) {
    this.#entries =
      parts.cache &&
      new LRUCache({
        max: parts.cache.max,
        dispose(entry) {
          entry.user = entry.sessions = undefined
        },
      })
    this.#ttlSeconds = parts.cache?.ttlSeconds ?? 0
    this.#loadCustomData = parts.customData
    this.#dependency = parts.dependency
    this.#siblings = memoriesOf.get(parts.store) ?? new Set()
    memoriesOf.set(parts.store, this.#siblings.add(new WeakRef(this)))
  }

  /** The user, when it is remembered; of a session's token, only when that session was found alive. */
  get(token: UserToken, now: number): User | undefined {
    const held = token.known
    if (held?.user && now < held.expiresAt) return held.user
    const { userId, sessionId } = token
    const entry = userId === undefined ? undefined : this.#fresh(userId, now)
    if (!entry || (sessionId !== undefined && !entry.sessions?.has(sessionId))) return undefined
    token.known = entry
    return entry.user
  }

  /**
   * Fetches a user and remembers it, unless something was forgotten meanwhile: then the fetched user may be old.
   * @param fetch asks the store; what it throws refuses the request
   * @throws {AuthError} CUSTOM_DATA_UNAVAILABLE
   */
  load<Token extends UserToken>(
    token: Token,
    now: number,
    fetch: (token: Token, now: number) => MaybePromise<UserRecord>,
  ): MaybePromise<User> {
    const changes = this.#changes
    return andThen(fetch(token, now), (record) => {
      const known = this.#fresh(record.id, now)
      return andThen(known?.user?.custom_data ?? this.#customData(record.id), (customData) => {
        const user = toUser(record, customData)
        if (changes === this.#changes) this.#remember(user, token, now, known)
        return user
      })
    })
  }

  /** The user with its custom data as it is now. Forgets what was remembered, and remembers nothing. */
  reload(record: UserRecord): MaybePromise<User> {
    this.forget(record.id)
    return andThen(this.#customData(record.id), (customData) => toUser(record, customData))
  }

  /** Makes the next request of this user ask the store, also at other guards of this process on the same store. */
  forget(userId: string): void {
    for (const reference of this.#siblings) {
      const sibling = reference.deref()
      if (sibling) sibling.#drop(userId)
      else this.#siblings.delete(reference)
    }
  }

  #drop(userId: string): void {
    this.#changes += 1
    this.#entries?.delete(userId)
  }

  #fresh(userId: string, now: number): KnownUser | undefined {
    // A look alone: an entry lives for seconds, so it need not be kept longer for being used often.
    const entry = this.#entries?.peek(userId)
    return entry && now < entry.expiresAt ? entry : undefined
  }

  /** @param known the entry that there is already */
  #remember(user: User, token: UserToken, now: number, known: KnownUser | undefined): void {
    if (!this.#entries) return
    // Custom data takes its time: another request may have remembered the user meanwhile.
    let entry = known ?? (this.#loadCustomData && this.#fresh(user.id, now))
    if (entry) entry.user = user
    else {
      entry = { user, expiresAt: now + this.#ttlSeconds, sessions: undefined }
      this.#entries.set(user.id, entry)
    }
    if (token.sessionId !== undefined) {
      if (!entry.sessions || entry.sessions.size >= MAX_SESSIONS_REMEMBERED) entry.sessions = new Set()
      entry.sessions.add(token.sessionId)
    }
    token.known = entry
  }

  #customData(userId: string): MaybePromise<CustomData> {
    const load = this.#loadCustomData
    if (!load) return NO_CUSTOM_DATA
    return this.#dependency('CUSTOM_DATA_UNAVAILABLE', () => andThen(load(userId), copyOf))
  }
}

// A copy, because the loader's object is not ours to freeze; of JSON, because a frozen Date can still be changed, some
// bytes of a database's cannot be frozen, and clients get JSON anyway.
function copyOf(data: object | null | undefined): CustomData {
  const copy: unknown = JSON.parse(JSON.stringify(data ?? {}))
  if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return copy as CustomData
  throw new TypeError('customData must return an object, or undefined for none')
}
