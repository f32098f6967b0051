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
  readonly #urgent = new Set<() => void>()
  readonly #others = new Set<() => void>()
  #running = 0

  /** @param rules `timeoutSeconds`: for its turn, and then for the answer */
  constructor(rules: { readonly atOnce: number; readonly timeoutSeconds: number }) {
    this.#atOnce = rules.atOnce
    this.#timeoutSeconds = rules.timeoutSeconds
  }

  /**
   * Asks now, if it can be, and then answers without a promise where the question does.
   * @param isUrgent whether it goes before those that are not
   * @throws {Error} when its turn or the answer does not come in time, and whatever the question throws
   */
  ask<T>(question: () => MaybePromise<T>, isUrgent: boolean): MaybePromise<T> {
    if (this.#running < this.#atOnce) return this.#run(question)
    const queue = isUrgent ? this.#urgent : this.#others
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        clearTimeout(timer)
        queue.delete(begin)
        // A promise in any case: many that answer at once would begin each other ever deeper in the stack.
        resolve(this.#run(async () => question()))
      }
      const timer = setTimeout(() => {
        queue.delete(begin)
        reject(new Error(`its turn did not come within ${this.#timeoutSeconds} s`))
      }, this.#timeoutSeconds * 1000)
      queue.add(begin)
    })
  }

  #run<T>(question: () => MaybePromise<T>): MaybePromise<T> {
    this.#running += 1
    const end = this.#ender()
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

  /** Ends a question once: when it is answered, or when the answer is lost. */
  #ender(): () => void {
    const end = (): void => {
      if (!timer) return
      clearTimeout(timer)
      timer = undefined
      this.#running -= 1
      const [next] = this.#urgent.size > 0 ? this.#urgent : this.#others
      next?.()
    }
    let timer: NodeJS.Timeout | undefined = setTimeout(end, LOST_SECONDS * 1000).unref()
    return end
  }
}
