import type { ErrorDetail } from './errors.js'

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
   * @param detail of the one that is reported
   * @returns what its error is made with: how many there were since the last report, or that it is only counted
   */
  count(now: number, detail: () => ErrorDetail = () => ({})): { isCounted: true } | { detail: ErrorDetail } {
    this.#unreported += 1
    if (Math.abs(now - this.#reportedAt) < this.#everySeconds) return { isCounted: true }
    const count = this.#unreported
    this.#reportedAt = now
    this.#unreported = 0
    return { detail: { ...detail(), count } }
  }
}
