import { LRUCache } from 'lru-cache'
import { authError, isAuthError, type AuthError } from '../errors.js'
import { Tally } from '../tally.js'
import { show } from '../token/hints.js'

const REFUSED_SECONDS = 60
const FAILED_SECONDS = 5
const MAX_ISSUERS = 20_000

interface Answer {
  /** Epoch seconds. */
  readonly at: number
  /** What the function failed with; undefined when it answered that there is no such provider. */
  readonly failure: { readonly cause: unknown } | undefined
}

/** Issuers for which the `providers` function returned nothing, or failed: it is not asked again for a while. */
export class Unfound {
  /** How soon the function is asked again after it failed. */
  static readonly failedSeconds = FAILED_SECONDS
  readonly #answers = new LRUCache<string, Answer>({ max: MAX_ISSUERS })
  /** While a database is down, each invented issuer would otherwise cause a log line. */
  readonly #failures = new Tally(FAILED_SECONDS)

  /** The refusal of an issuer that need not be asked about; undefined when the function has to be asked. */
  find(iss: string, now: number): AuthError | undefined {
    const answer = this.#answers.get(iss)
    const seconds = answer?.failure ? FAILED_SECONDS : REFUSED_SECONDS
    if (!answer || !isWithin(seconds, answer.at, now)) return undefined
    return answer.failure ? this.#unavailable(iss, answer.failure.cause, now) : unknownIssuer(iss)
  }

  /** There is no provider. */
  refused(iss: string, now: number): AuthError {
    this.#answers.set(iss, { at: now, failure: undefined })
    return unknownIssuer(iss)
  }

  /** The function failed, or what it returned is invalid. */
  failed(iss: string, reason: unknown, now: number): AuthError {
    const isLate = isAuthError(reason) && reason.code === 'PROVIDERS_UNAVAILABLE'
    const cause = isLate ? reason.cause : reason
    this.#answers.set(iss, { at: now, failure: { cause } })
    return this.#unavailable(iss, cause, now)
  }

  /** The same failure for another request. */
  failAgain(iss: string, error: AuthError, now: number): AuthError {
    return error.code === 'TOKEN_ISSUER' ? unknownIssuer(iss) : this.#unavailable(iss, error.cause, now)
  }

  #unavailable(iss: string, cause: unknown, now: number): AuthError {
    const detail = () => ({ check: 'provider', expected: EXPECTED, got: show(iss) })
    return authError('PROVIDERS_UNAVAILABLE', { cause, ...this.#failures.count(now, detail) })
  }
}

/** The clock may have been set back. */
export function isWithin(seconds: number, at: number, now: number): boolean {
  return Math.abs(now - at) < seconds
}

/** What an issuer has to be. */
export const EXPECTED = 'an issuer that the providers function returns options for'

/** @param iss the claim, of any type */
export function unknownIssuer(iss: unknown): AuthError {
  return authError('TOKEN_ISSUER', {
    detail: () => ({
      check: 'provider',
      expected: EXPECTED,
      got: show(iss),
      fix: 'Have providers return options for exactly this issuer, including any trailing slash, or send a token from another',
    }),
  })
}
