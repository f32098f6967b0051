/** Counts refusals that strangers cause as often as they like, so that one line of the log tells of many. */
export class Tally {
  readonly #everySeconds: number
  #reportedAt = Number.NEGATIVE_INFINITY
  #unreported = 0

  constructor(everySeconds: number) {
    this.#everySeconds = everySeconds
  }

  /**
   * Counts one more, at most one of which is reported in so many seconds.
   * @param now epoch seconds
   * @returns how many there were since the last report, or undefined when this one is not to be reported
   */
  count(now: number): number | undefined {
    this.#unreported += 1
    if (Math.abs(now - this.#reportedAt) < this.#everySeconds) return undefined
    const count = this.#unreported
    this.#reportedAt = now
    this.#unreported = 0
    return count
  }
}
