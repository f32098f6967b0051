import { identityKey } from './identities.js'
import type { SessionRecord, SessionRequest } from './store.js'

interface Entry {
  session: SessionRecord
  /** See {@link identityKey}. */
  readonly identity: string
}

/** How many sessions are searched for expired ones in one go. */
const LOOKED_AT_ONCE = 10_000

/** The sessions of the in-memory store. Each step takes the same time, however many sessions there are. */
export class MemorySessions {
  readonly #max: number
  readonly #entries = new Map<string, Entry>()
  /** User id to the ids of its sessions, in the order in which they were made. */
  readonly #idsOf = new Map<string, Set<string>>()
  /** The users with each number of sessions, by that number; the last entry is for the users who have the most. */
  readonly #usersWith: Set<string>[] = []
  /** Where the search for expired sessions continues. */
  #search: Iterator<Entry> | undefined

  readonly #onFirstOrLast: (userId: string) => void

  /** @param onFirstOrLast called when a user gets its first session, and when its last one ends */
  constructor(max: number, onFirstOrLast: (userId: string) => void) {
    this.#max = max
    this.#onFirstOrLast = onFirstOrLast
  }

  /** Whether a user has any session. */
  has(userId: string): boolean {
    return this.#idsOf.has(userId)
  }

  /** The key of the identity that a session began with. */
  identityOf(id: string): string | undefined {
    return this.#entries.get(id)?.identity
  }

  get(id: string): SessionRecord | undefined {
    return this.#entries.get(id)?.session
  }

  /**
   * Keeps a session. If the user has too many, its oldest one ends; if all users together have too many, the oldest one
   * of the user with the most, which may be this user.
   * @returns whether there was room
   */
  add({ session, identity, maxPerUser }: SessionRequest): boolean {
    const { id, userId, createdAt } = session
    while (this.#count(userId) >= maxPerUser) this.#endOldest(userId)
    if (this.#entries.size >= this.#max) this.removeExpired(createdAt, LOOKED_AT_ONCE)
    if (this.#entries.size >= this.#max) {
      const count = this.#count(userId)
      const most = this.#usersWith.length - 1
      const [fullest] = this.#usersWith[most] ?? []
      if (fullest !== undefined && most > count + 1) this.#endOldest(fullest)
      else if (count > 0) this.#endOldest(userId)
      else return false
    }
    this.#entries.set(id, { session: Object.freeze({ ...session }), identity: identityKey(identity) })
    const ids = this.#idsOf.get(userId) ?? new Set()
    this.#idsOf.set(userId, ids.add(id))
    this.#counted(userId, ids.size - 1, ids.size)
    return true
  }

  replace(session: SessionRecord): void {
    const entry = this.#entries.get(session.id)
    if (entry) entry.session = Object.freeze(session)
  }

  end(id: string): boolean {
    const entry = this.#entries.get(id)
    if (!entry) return false
    const { userId } = entry.session
    this.#entries.delete(id)
    const ids = this.#idsOf.get(userId) ?? new Set()
    ids.delete(id)
    if (ids.size === 0) this.#idsOf.delete(userId)
    this.#counted(userId, ids.size + 1, ids.size)
    return true
  }

  /** Ends a user's sessions; with `identity`, only those that began with it. Returns how many. */
  endAll(userId: string, identity?: string): number {
    const ids = [...(this.#idsOf.get(userId) ?? [])].filter(
      (id) => identity === undefined || this.#entries.get(id)?.identity === identity,
    )
    for (const id of ids) this.end(id)
    return ids.length
  }

  /** Continues the search for expired sessions. Returns whether there are more to look at. */
  removeExpired(now: number, limit: number): boolean {
    this.#search ??= this.#entries.values()
    for (let looked = 0, removed = 0; looked < LOOKED_AT_ONCE && removed < limit; looked += 1) {
      const next = this.#search.next()
      if (next.done) {
        this.#search = undefined
        return false
      }
      const { session } = next.value
      if (session.expiresAt <= now && this.end(session.id)) removed += 1
    }
    return true
  }

  #count(userId: string): number {
    return this.#idsOf.get(userId)?.size ?? 0
  }

  #endOldest(userId: string): void {
    const [oldest] = this.#idsOf.get(userId) ?? []
    if (oldest !== undefined) this.end(oldest)
  }

  #counted(userId: string, before: number, after: number): void {
    this.#usersWith[before]?.delete(userId)
    if (after > 0) (this.#usersWith[after] ??= new Set()).add(userId)
    while (this.#usersWith.length > 0 && !this.#usersWith.at(-1)?.size) this.#usersWith.pop()
    if (before === 0 || after === 0) this.#onFirstOrLast(userId)
  }
}
