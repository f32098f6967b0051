import { LRUCache } from 'lru-cache'

/** Refreshes that unknown kids may cause in a row, before they are limited to one in each cool-down. */
const BURST = 5
/** How many of those are reserved for kids not looked for before: one of them may be the issuer's new key. */
const RESERVE = 2
/** Limited in number and in characters: whoever invents a kid chooses its length. */
const REMEMBERED = { max: 1000, maxSize: 256_000 }

/**
 * Decides whether a kid that is missing from the key set is worth a refresh. Anyone who sends tokens can invent kids,
 * so refreshes come from a small bucket that gains one with each cool-down. All times are epoch seconds.
 */
export class UnknownKids {
  readonly #cooldownSeconds: number
  readonly #missing = new LRUCache<string, string>({
    ...REMEMBERED,
    sizeCalculation: (kid) => kid.length + 1,
  })
  #left = BURST
  #countedAt = Number.NEGATIVE_INFINITY

  constructor(cooldownSeconds: number) {
    this.#cooldownSeconds = cooldownSeconds
  }

  /** Takes a refresh out of the bucket, if there is one for this kid. */
  takeRefresh(kid: string, now: number): boolean {
    // Zero when the clock has been set back.
    const passedSeconds = Math.max(0, now - this.#countedAt)
    this.#left = Math.min(BURST, this.#left + passedSeconds / this.#cooldownSeconds)
    this.#countedAt = now
    const needed = this.#missing.has(kid) ? 1 + RESERVE : 1
    if (this.#left < needed) return false
    this.#left -= 1
    return true
  }

  /**
   * Remembers that a kid is unknown: a set fetched after the kid was requested did not have it. It may still be
   * published later, so it is not refused for good, but it may not use the reserve.
   */
  remember(kid: string): void {
    this.#missing.set(kid, kid)
  }
}
