import { isDeepStrictEqual } from 'node:util'
import { LRUCache } from 'lru-cache'
import type { Dependency } from '../dependency.js'
import { andThen } from '../maybe-promise.js'
import type { CustomData, MaybePromise, User, UserRecord } from '../user.js'
import { hasIdentity } from '../stores/identities.js'
import type { Store } from '../stores/store.js'
import type { VerifiedToken } from '../token/verifier.js'
import { toUser } from './to-user.js'

/** Loads the application data of a user, an object that can be written as JSON; undefined or null means none. */
export type CustomDataLoader = (userId: string) => MaybePromise<object | null | undefined>

/** A user that a request resolved to. */
export interface CachedUser {
  /** As in the store's last answer. */
  readonly user: User
  /** With the last token's data. Kept here, so that a remembered token does not keep a user that the cache dropped. */
  view: { readonly token: VerifiedToken; readonly shown: User } | undefined
}

interface Entry extends CachedUser {
  user: User
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Epoch seconds: another user may have the same id later. */
  readonly createdAt: number
  /** How many loads had begun when this entry was stored. */
  keptAt: number
  /** The sessions found alive and the identities found not blocked since the user was cached. */
  readonly proofs: Set<string>
}

/** An app may have several guards, e.g. one with optional credentials: what one changes, all must see. */
const cachesOf = new WeakMap<Store, Set<WeakRef<UserCache>>>()
const NO_CUSTOM_DATA: CustomData = Object.freeze({})
/** The maximum number of sessions and identities cached for one user. */
const MAX_CACHED_PROOFS = 100

/**
 * The users of recent requests, kept for a short time, so that the next request needs no store call. Whatever changes a
 * user or ends its sessions calls {@link forget}, which takes effect on the next request.
 */
export class UserCache {
  readonly #entries: LRUCache<string, Entry> | undefined
  readonly #ttlSeconds: number
  readonly #loadCustomData: CustomDataLoader | undefined
  readonly #dependency: Dependency
  /** The caches of all guards on the same store. */
  readonly #siblings: Set<WeakRef<UserCache>>
  #changes = 0
  #loads = 0

  /** @param parts `cache`: its size, and the lifetime of an entry; undefined for no cache */
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
   * The user, if it is cached and the request's proof has been accepted before.
   * @param proof the id of a session, or the key of an identity
   */
  get(userId: string, now: number, proof: string): CachedUser | undefined {
    const entry = this.#fresh(userId, now)
    return entry?.proofs.has(proof) ? entry : undefined
  }

  /**
   * Fetches a user and caches it, unless something was forgotten meanwhile: then the fetched user may be outdated.
   * @param fetch asks the store; an error from it refuses the request
   * @param proof what `fetch` accepts: see {@link get}
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

  /** The user with its current custom data. Forgets what was cached, and caches nothing. */
  reload(record: UserRecord): MaybePromise<User> {
    this.forget(record.id)
    return andThen(this.#customData(record.id), (customData) => toUser(record, customData))
  }

  /** Makes this user's next request ask the store, also in other guards of this process on the same store. */
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
    // Peeks only: an entry lives for seconds, so frequent use need not keep it longer.
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
    // With two loads at once, it is unknown which the store answered first: the next request asks again.
    if (entry && entry.keptAt >= load && !isDeepStrictEqual(entry.user, user)) {
      this.#entries.delete(user.id)
      return undefined
    }
    // Another process may have recreated the user, or unlinked an identity, which ends sessions.
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

// A copy, because the loader's object is not ours to freeze; through JSON, because a frozen Date can still be changed,
// binary values of a database driver cannot be frozen, and clients get JSON anyway.
function copyOf(data: object | null | undefined): CustomData {
  const copy: unknown = JSON.parse(JSON.stringify(data ?? {}))
  if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return copy as CustomData
  throw new TypeError('customData must return an object, or undefined for none')
}
