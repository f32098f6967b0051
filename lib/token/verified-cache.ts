import { LRUCache } from 'lru-cache'

/**
 * Verdicts by the exact, full text of the token: RS256 signatures are malleable, so nothing less identifies one.
 * Only good verdicts are kept, bounded in number and in characters; whoever reads one checks its dates and key again.
 */
export class VerifiedCache<Verdict extends object> {
  readonly #entries: LRUCache<string, Verdict> | undefined

  /**
   * @param max the number of tokens to keep; 0 switches the cache off
   * @param typicalLength the characters of a long token: `max` of these is all that is kept
   */
  constructor(max: number, typicalLength = 2048) {
    if (max > 0)
      this.#entries = new LRUCache({
        max,
        maxSize: max * typicalLength,
        sizeCalculation: (_verdict, token) => token.length,
      })
  }

  get(token: string): Verdict | undefined {
    return this.#entries?.get(token)
  }

  has(token: string): boolean {
    return this.#entries?.has(token) ?? false
  }

  set(token: string, verdict: Verdict): void {
    this.#entries?.set(token, verdict)
  }

  delete(token: string): void {
    this.#entries?.delete(token)
  }
}
