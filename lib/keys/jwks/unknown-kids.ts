import { LRUCache } from 'lru-cache'

/** Refreshes that unknown kids may cause in a row, before there is one for each cool-down. */
const BURST = 5
/** How many of those are kept for kids that nobody has looked for yet: one of them may be the issuer's new key. */
const RESERVE = 2
/** In number and in characters: those who invent kids choose their length. */
const REMEMBERED = { max: 1000, maxSize: 256_000 }

/**
 * Decides whether a kid that is in no key set is worth a refresh. Anyone who sends tokens can invent kids, so refreshes
 * come out of a small bucket, which gets one more with each cool-down. All times are epoch seconds.
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
    // Nothing, when the clock has been set back.
    const passedSeconds = Math.max(0, now - this.#countedAt)
    this.#left = Math.min(BURST, this.#left + passedSeconds / this.#cooldownSeconds)
    this.#countedAt = now
    const needed = this.#missing.has(kid) ? 1 + RESERVE : 1
    if (this.#left < needed) return false
    this.#left -= 1
    return true
  }

  /**
   * Remembers that a kid is unknown: it was missing in a set that was fetched after the kid was asked for. It may still
   * be published later, so it is not refused for good: it only has to leave the reserve to others.
   */
  remember(kid: string): void {
    this.#missing.set(kid, kid)
  }
}
