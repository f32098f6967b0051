import { withDeadline } from '../dependency.js'
import { isPromise } from '../maybe-promise.js'
import type { MaybePromise } from '../user.js'

/** After which a question that got no answer is no longer counted: its answer is lost. */
const LOST_SECONDS = 60

/**
 * Asks the function `providers` a few questions at once, and lets further ones wait for their turn, for a time. How many
 * may wait is for the caller to bound.
 */
export class Questions {
  readonly #atOnce: number
  readonly #timeoutSeconds: number
  /** What begins each that waits, in order. */
  readonly #queue = new Set<() => void>()
  /** Those that have no answer yet, also when nobody waits for it any more. */
  readonly #unanswered = new Set<{ readonly issuer: string }>()

  /** @param rules `timeoutSeconds`: for its turn, and then for the answer */
  constructor(rules: { readonly atOnce: number; readonly timeoutSeconds: number }) {
    this.#atOnce = rules.atOnce
    this.#timeoutSeconds = rules.timeoutSeconds
  }

  /**
   * Asks now, if it can be, and then answers without a promise where the question does.
   * @param issuer whom it is about
   * @throws {Error} when its turn or the answer does not come in time, and whatever the question throws
   */
  ask<T>(issuer: string, question: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#unanswered.size < this.#atOnce) return this.#run(issuer, question)
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer)
        this.#queue.delete(begin)
        // A promise in any case: many that answer at once would begin each other ever deeper in the stack.
        resolve((async () => this.#run(issuer, async () => question()))())
      }
      const timer = setTimeout(() => {
        this.#queue.delete(begin)
        reject(new Error(`its turn did not come within ${this.#timeoutSeconds} s`))
      }, this.#timeoutSeconds * 1000)
      this.#queue.add(begin)
    })
  }

  #run<T>(issuer: string, question: () => MaybePromise<T>): MaybePromise<T> {
    this.#requireAnswers(issuer)
    const end = this.#begin(issuer)
    try {
      const answer = question()
      if (!isPromise(answer)) {
        end()
        return answer
      }
      const promise = Promise.resolve(answer)
      promise.then(end, end)
      return withDeadline(promise, 'PROVIDERS_UNAVAILABLE', this.#timeoutSeconds)
    } catch (error) {
      end()
      throw error
    }
  }

  /** One issuer that is never answered must not take the places of all others, however often its tokens come. */
  #requireAnswers(issuer: string): void {
    if (this.#unanswered.size < this.#atOnce / 2) return
    for (const other of this.#unanswered)
      if (other.issuer === issuer) {
        this.#next()
        throw new Error('it was asked about this issuer before, and has not answered yet')
      }
  }

  /** @returns ends the question once: when it is answered, or when the answer is lost */
  #begin(issuer: string): () => void {
    const question = { issuer }
    this.#unanswered.add(question)
    const end = (): void => {
      clearTimeout(timer)
      if (this.#unanswered.delete(question)) this.#next()
    }
    const timer = setTimeout(end, LOST_SECONDS * 1000).unref()
    return end
  }

  #next(): void {
    const [next] = this.#queue
    next?.()
  }
}
