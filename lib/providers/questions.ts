import { withDeadline } from '../dependency.js'
import { isPromise } from '../maybe-promise.js'
import type { MaybePromise } from '../user.js'

/** An unanswered question is no longer counted after this time: its answer is considered lost. */
const LOST_SECONDS = 60

/**
 * Asks the `providers` function a few questions at once; further ones wait for their turn, for a limited time. The
 * caller limits how many may wait.
 */
export class Questions {
  readonly #atOnce: number
  readonly #timeoutSeconds: number
  /** Starts each waiting question, in order. */
  readonly #queue = new Set<() => void>()
  /** Questions without an answer yet, including those that nobody waits for anymore. */
  readonly #unanswered = new Set<{ readonly issuer: string }>()

  /** @param rules `timeoutSeconds`: how long to wait for the turn, and then for the answer */
  constructor(rules: { readonly atOnce: number; readonly timeoutSeconds: number }) {
    this.#atOnce = rules.atOnce
    this.#timeoutSeconds = rules.timeoutSeconds
  }

  /**
   * Asks at once if possible, and then answers without a promise if the question does.
   * @param issuer what the question is about
   * @throws {Error} when its turn or the answer does not come in time, and whatever the question throws
   */
  ask<T>(issuer: string, question: () => MaybePromise<T>): MaybePromise<T> {
    if (this.#unanswered.size < this.#atOnce) return this.#run(issuer, question)
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer)
        this.#queue.delete(begin)
        // Always a promise: questions answered at once would start each other ever deeper in the stack.
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

  /** One issuer whose questions are never answered must not take everyone's places, however often its tokens come. */
  #requireAnswers(issuer: string): void {
    if (this.#unanswered.size < this.#atOnce / 2) return
    for (const other of this.#unanswered)
      if (other.issuer === issuer) {
        this.#next()
        throw new Error('it was asked about this issuer before, and has not answered yet')
      }
  }

  /** @returns ends the question: called when it is answered, or when the answer is lost */
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
