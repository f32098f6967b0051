import { authError, type AuthError } from '../errors.js'
import { isPromise } from '../maybe-promise.js'
import { Tally } from '../tally.js'
import type { MaybePromise } from '../user.js'

/** A waiting request is kept in memory whole. After a restart, a thousand tenants may come at once. */
const MAX_REQUESTS = 2_000
const MAX_CHARACTERS = 8_000_000
const REPORT_SECONDS = 5

/** Requests that wait for the `providers` function, limited in number and in the total length of their tokens. */
export class WaitingRoom {
  #requests = 0
  #characters = 0
  readonly #refused = new Tally(REPORT_SECONDS)

  /** @throws {AuthError} PROVIDERS_UNAVAILABLE, at once, when there is no room */
  wait<T>({ length }: string, now: number, begin: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#requests >= MAX_REQUESTS || this.#characters + length > MAX_CHARACTERS) throw this.#full(now)
    const answer = begin()
    if (!isPromise(answer)) return answer
    this.#requests += 1
    this.#characters += length
    return answer.finally(() => {
      this.#requests -= 1
      this.#characters -= length
    })
  }

  #full(now: number): AuthError {
    const cause = new Error(`${this.#requests} requests are waiting for the providers function`)
    return authError('PROVIDERS_UNAVAILABLE', { cause, ...this.#refused.count(now) })
  }
}
