/** Enough of the signature to tell two tokens apart, and a look-up takes a third of the time of the whole token. */
const TAIL_LENGTH = 24

/**
 * Verdicts by the exact, full text of the token: RS256 signatures are malleable, so nothing less identifies one. Its
 * end only finds the entry; then the whole tokens are compared, and a different one is not known.
 * Only good verdicts are kept, bounded in number and in characters; the caller checks dates and key again on each use.
 * The oldest is dropped first, used or not: tracking use would cost each request more than a rare verification.
 */
export class VerifiedCache<Verdict extends { readonly token: string }> {
  readonly #max: number
  readonly #maxCharacters: number
  /** A ring buffer in order of arrival, from the oldest on. A deleted verdict leaves a gap. */
  readonly #ring: (Verdict | undefined)[] = []
  #oldest = 0
  #count = 0
  /** The places in the ring. */
  readonly #places = new Map<string, number>()
  #characters = 0

  /**
   * @param max the number of tokens to keep; 0 switches the cache off
   * @param typicalLength the characters of a long token: no more characters are kept than `max` such tokens have
   */
  constructor(max: number, typicalLength = 2048) {
    this.#max = max
    this.#maxCharacters = max * typicalLength
  }

  get(token: string): Verdict | undefined {
    const place = this.#places.get(tailOf(token))
    const verdict = place === undefined ? undefined : this.#ring[place]
    return verdict?.token === token ? verdict : undefined
  }

  has(token: string): boolean {
    return this.get(token) !== undefined
  }

  add(verdict: Verdict): void {
    const { length } = verdict.token
    if (this.#max === 0 || length > this.#maxCharacters) return
    const tail = tailOf(verdict.token)
    this.#remove(tail)
    while (this.#count === this.#max || this.#characters + length > this.#maxCharacters) this.#removeOldest()
    const place = (this.#oldest + this.#count) % this.#max
    this.#ring[place] = verdict
    this.#places.set(tail, place)
    this.#count += 1
    this.#characters += length
  }

  delete(token: string): void {
    if (this.has(token)) this.#remove(tailOf(token))
  }

  #removeOldest(): void {
    const verdict = this.#ring[this.#oldest]
    if (verdict) this.#remove(tailOf(verdict.token))
    this.#oldest = (this.#oldest + 1) % this.#max
    this.#count -= 1
  }

  #remove(tail: string): void {
    const place = this.#places.get(tail)
    if (place === undefined) return
    this.#characters -= this.#ring[place]?.token.length ?? 0
    this.#ring[place] = undefined
    this.#places.delete(tail)
  }
}

function tailOf(token: string): string {
  return token.slice(-TAIL_LENGTH)
}
