/** Enough of the signature to tell two tokens apart; a lookup takes a third of the time that the whole token would. */
const TAIL_LENGTH = 24

/**
 * Verdicts by the exact, full text of the token: RS256 signatures are malleable, so nothing less identifies one. The
 * end of the text only finds the entry; then the whole tokens are compared. Only good verdicts are kept, bounded in
 * number and in characters; the caller checks the dates and the key again on each use. They are kept in two halves:
 * when the newer half is full, it replaces the older one, whose verdicts are forgotten, used or not. Tracking their use
 * would cost each request more than a rare verification.
 */
export class VerifiedCache<Verdict extends { readonly token: string }> {
  readonly #maxOfHalf: number
  readonly #maxCharactersOfHalf: number
  #newer = new Map<string, Verdict>()
  #older = new Map<string, Verdict>()
  /** How many characters the newer half holds. */
  #characters = 0

  /**
   * @param max the maximum number of tokens to keep, rounded up to an even number; 0 switches the cache off
   * @param typicalLength the length of a long token: at most as many characters are kept as `max` such tokens have
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
