import { integer, type ParsersOf } from '../option-parsers.js'

/** Bounds of the in-memory store. */
export interface MemoryStoreOptions {
  /**
   * Default: 50 000, about 40 MB. At this limit, a new user replaces the one without sessions who signed in longest
   * ago; if all others have sessions, are disabled or blocked, it is refused with STORE_FULL (503). The limit also
   * applies to linked and to blocked identities, which, like imported users, replace nobody.
   */
  readonly maxUsers?: number
  /**
   * Default: 100 000. At this limit, a login replaces an expired session, or the oldest session of the user with the
   * most; if nobody has more than one, it is refused with STORE_FULL (503).
   */
  readonly maxSessions?: number
}

/** How each option is parsed. */
export const MEMORY_STORE_OPTIONS = {
  maxUsers: integer({ default: 50_000, min: 1, max: 10_000_000 }),
  maxSessions: integer({ default: 100_000, min: 1, max: 10_000_000 }),
} satisfies ParsersOf<MemoryStoreOptions>
