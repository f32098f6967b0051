import { LRUCache } from 'lru-cache'

/** Enough of a signature to tell two tokens apart, and found in a sixth of the time that a whole token takes. */
const TAIL_LENGTH = 24

/**
 * Verdicts by the exact, full text of the token: RS256 signatures are malleable, so nothing less identifies one. Its
 * end only finds the entry; then the texts are compared, and a different one is not known.
 * Only good verdicts are kept, bounded in number and in characters; whoever reads one checks its dates and key again.
 */
export class VerifiedCache<Verdict extends { readonly token: string }> {
  readonly #verdicts: LRUCache<string, Verdict> | undefined

  /**
   * @param max the number of tokens to keep; 0 switches the cache off
   * @param typicalLength the characters of a long token: `max` of these is all that is kept
   */
  constructor(max: number, typicalLength = 2048) {
    if (max > 0)
      this.#verdicts = new LRUCache({
        max,
        maxSize: max * typicalLength,
        sizeCalculation: ({ token }) => token.length,
      })
  }

  get(token: string): Verdict | undefined {
    // A look alone: to keep what is used often a little longer would cost each request more than a rare verification.
    const verdict = this.#verdicts?.peek(tailOf(token))
    return verdict?.token === token ? verdict : undefined
  }

  has(token: string): boolean {
    return this.get(token) !== undefined
  }

  add(verdict: Verdict): void {
    this.#verdicts?.set(tailOf(verdict.token), verdict)
  }

  delete(token: string): void {
    if (this.has(token)) this.#verdicts?.delete(tailOf(token))
  }
}

function tailOf(token: string): string {
  return token.slice(-TAIL_LENGTH)
}
