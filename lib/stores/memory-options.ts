import { integer, type ParsersOf } from '../option-parsers.js'

/** Bounds of the in-memory store. */
export interface MemoryStoreOptions {
  /**
   * Default: 50 000, about 40 MB. One more user takes the place of the one without sessions who signed in longest ago;
   * when all others have sessions, are disabled or blocked, it is refused with STORE_FULL (503). So is one more linked
   * or blocked identity when as many are, and one more imported user.
   */
  readonly maxUsers?: number
  /**
   * Default: 100 000. One more login takes the place of an expired session, or of the oldest session of the user with
   * the most; when nobody has more than one, it is refused with STORE_FULL (503).
   */
  readonly maxSessions?: number
}

/** How each is read. */
export const MEMORY_STORE_OPTIONS = {
  maxUsers: integer({ default: 50_000, min: 1, max: 10_000_000 }),
  maxSessions: integer({ default: 100_000, min: 1, max: 10_000_000 }),
} satisfies ParsersOf<MemoryStoreOptions>
