import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { Dependency } from '../dependency.js'
import { andThen } from '../maybe-promise.js'
import type { CustomData, MaybePromise, User, UserRecord } from '../user.js'
import { hasIdentity } from '../stores/identities.js'
import type { Store } from '../stores/store.js'
import type { VerifiedToken } from '../token/verifier.js'
import { toUser } from './to-user.js'

/** Loads the application data of a user, as JSON can say it; undefined or null means none. */
export type CustomDataLoader = (userId: string) => MaybePromise<object | null | undefined>

/** A user that a request resolved to. */
export interface CachedUser {
  /** As the last answer of the store had it. */
  readonly user: User
  /** As the last token showed it. Kept here, so that a remembered token keeps no user that the cache let go. */
  view: { readonly token: VerifiedToken; readonly shown: User } | undefined
}

interface Entry extends CachedUser {
  user: User
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Epoch seconds: another user may have the same id later. */
  readonly createdAt: number
  /** How many loads had begun when this one was kept. */
  keptAt: number
  /** The sessions of this user that were found alive, and the identities not blocked, since it is cached. */
  readonly proofs: Set<string>
}

/** An app may have several guards, e.g. one with optional credentials: what one of them changes, all must see. */
const cachesOf = new WeakMap<Store, Set<WeakRef<UserCache>>>()
const NO_CUSTOM_DATA: CustomData = Object.freeze({})
/** More sessions and identities of one user than this are not cached at once. */
const MAX_CACHED_PROOFS = 100

/**
 * The users that requests have lately resolved to, for a short time, so that the next request needs no store call.
 * Whatever changes a user or ends its sessions calls {@link forget}, which takes effect on the next request.
 */
export class UserCache {
  readonly #entries: LRUCache<string, Entry> | undefined
  readonly #ttlSeconds: number
  readonly #loadCustomData: CustomDataLoader | undefined
  readonly #dependency: Dependency
  /** Those of all guards on the same store. */
  readonly #siblings: Set<WeakRef<UserCache>>
  #changes = 0
  #loads = 0

  /** @param cache its size, and the life of an entry; undefined for none */
  constructor(parts: {
    store: Store
    cache: { max: number; ttlSeconds: number } | undefined
    customData: CustomDataLoader | undefined
    dependency: Dependency
  }) {
    this.#entries = parts.cache && new LRUCache({ max: parts.cache.max })
    this.#ttlSeconds = parts.cache?.ttlSeconds ?? 0
    this.#loadCustomData = parts.customData
    this.#dependency = parts.dependency
    this.#siblings = cachesOf.get(parts.store) ?? new Set()
    cachesOf.set(parts.store, this.#siblings.add(new WeakRef(this)))
  }

  /**
   * The user, when it is cached and what the request proves was found good.
   * @param proof the id of a session, or the key of an identity
   */
  get(userId: string, now: number, proof: string): CachedUser | undefined {
    const entry = this.#fresh(userId, now)
    return entry?.proofs.has(proof) ? entry : undefined
  }

  /**
   * Fetches a user and keeps it, unless something was forgotten meanwhile: then the fetched user may be old.
   * @param fetch asks the store; what it throws refuses the request
   * @param proof what `fetch` finds good: see {@link get}
   * @throws {AuthError} CUSTOM_DATA_UNAVAILABLE
   */
  load(fetch: () => MaybePromise<UserRecord>, now: number, proof: string): MaybePromise<CachedUser> {
    const changes = this.#changes
    const load = (this.#loads += 1)
    return andThen(fetch(), (record) => {
      const cached = this.#fresh(record.id, now)?.user.custom_data
      return andThen(cached ?? this.#customData(record.id), (customData) => {
        const user = toUser(record, customData)
        const by = { load, createdAt: record.creation_date, now, proof }
        const entry = changes === this.#changes ? this.#keep(user, by) : undefined
        return entry ?? { user, view: undefined }
      })
    })
  }

  /** The user with its custom data as it is now. Forgets what was cached, and caches nothing. */
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

  #fresh(userId: string, now: number): Entry | undefined {
    // A look alone: an entry lives for seconds, so it need not be kept longer for being used often.
    const entry = this.#entries?.peek(userId)
    return entry && now < entry.expiresAt ? entry : undefined
  }

  #keep(
    user: User,
    by: { load: number; createdAt: number; now: number; proof: string },
  ): CachedUser | undefined {
    const { load, createdAt, now, proof } = by
    if (!this.#entries) return undefined
    let entry = this.#fresh(user.id, now)
    // Of two loads at once nobody knows which the store answered first: the next request asks it.
    if (entry && entry.keptAt >= load && !isDeepStrictEqual(entry.user, user)) {
      this.#entries.delete(user.id)
      return undefined
    }
    // Another process may have created the user again, or unlinked an identity, which ended sessions.
    const isSame =
      entry?.createdAt === createdAt && entry.user.identities.every((own) => hasIdentity(user, own))
    if (entry && isSame) Object.assign(entry, { user, view: undefined, keptAt: this.#loads })
    else {
      const expiresAt = now + this.#ttlSeconds
      entry = { user, view: undefined, createdAt, keptAt: this.#loads, expiresAt, proofs: new Set() }
      this.#entries.set(user.id, entry)
    }
    if (entry.proofs.size >= MAX_CACHED_PROOFS) entry.proofs.clear()
    entry.proofs.add(proof)
    return entry
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
