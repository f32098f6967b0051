/** Enough of the signature to tell two tokens apart, and a look-up takes a third of the time of the whole token. */
const TAIL_LENGTH = 24

/**
 * Verdicts by the exact, full text of the token: RS256 signatures are malleable, so nothing less identifies one. Its
 * end only finds the entry; then the whole tokens are compared, and a different one is not known.
 * Only good verdicts are kept, bounded in number and in characters; the caller checks dates and key again on each use.
 * Kept in two halves: when the newer one is full, it becomes the older one, and what that held is forgotten, used or not:
 * tracking use would cost each request more than a rare verification.
 */
export class VerifiedCache<Verdict extends { readonly token: string }> {
  readonly #maxOfHalf: number
  readonly #maxCharactersOfHalf: number
  #newer = new Map<string, Verdict>()
  #older = new Map<string, Verdict>()
  /** Of the newer half. */
  #characters = 0

  /**
   * @param max the number of tokens to keep at most, rounded up to an even one; 0 switches the cache off
   * @param typicalLength the characters of a long token: no more characters are kept than `max` such tokens have
   */
  constructor(max: number, typicalLength = 2048) {
    this.#maxOfHalf = Math.ceil(max / 2)
    this.#maxCharactersOfHalf = (max * typicalLength) / 2
  }

  get(token: string): Verdict | undefined {
    const tail = tailOf(token)
    const verdict = this.#newer.get(tail) ?? this.#older.get(tail)
    return verdict?.token === token ? verdict : undefined
  }

  add(verdict: Verdict): void {
    const { length } = verdict.token
    if (length > this.#maxCharactersOfHalf) return
    if (this.#newer.size === this.#maxOfHalf || this.#characters + length > this.#maxCharactersOfHalf) {
      this.#older = this.#newer
      this.#newer = new Map()
      this.#characters = 0
    }
    this.#newer.set(tailOf(verdict.token), verdict)
    this.#characters += length
  }
}

function tailOf(token: string): string {
  return token.slice(-TAIL_LENGTH)
}
