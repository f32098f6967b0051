import type { ErrorDetail } from './errors.js'

/** Counts refusals that anyone can cause at any rate, so that one log line reports many of them. */
export class Tally {
  readonly #everySeconds: number
  #reportedAt = Number.NEGATIVE_INFINITY
  #unreported = 0

  constructor(everySeconds: number) {
    this.#everySeconds = everySeconds
  }

  /**
   * Counts one more refusal. At most one in `everySeconds` is reported.
   * @param now epoch seconds
   * @param detail of the refusal, should this be the one that is reported
   * @returns what to make its error with: how many there were since the last report, or that it is only counted
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
