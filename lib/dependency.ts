import { authError, isAuthError, type ErrorCode } from './errors.js'
import { isPromise } from './maybe-promise.js'
import type { MaybePromise } from './user.js'

/** Calls code that is not ours: a store, a hook, a loader. */
export type Dependency = <T>(code: ErrorCode, call: () => MaybePromise<T>) => MaybePromise<T>

/** When a dependency never answers, calls must not pile up, neither here nor in its driver's queue. */
const MAX_UNANSWERED = 10_000

/**
 * Makes the one function through which such code is called: whatever it throws becomes the `cause` of an error with the
 * given code, and so does an answer that does not come in time. While too many calls are unanswered, including those
 * that have timed out, further calls fail at once. An answer that is not a promise is not counted.
 */
export function createDependency(
  timeoutSeconds: number,
  { maxUnanswered = MAX_UNANSWERED, now = () => performance.now() } = {},
): Dependency {
  // By code, so that a loader that hangs does not block the store.
  const unanswered = new Map<ErrorCode, UnansweredCalls>()
  return (code, call) => {
    let calls = unanswered.get(code)
    if (!calls) {
      calls = new UnansweredCalls(timeoutSeconds * 1000, maxUnanswered, now)
      unanswered.set(code, calls)
    }
    try {
      calls.requireCapacity()
      const answer = call()
      if (!isPromise(answer)) return answer
      const promise = Promise.resolve(answer) // once: query builders start their work in then(), which must not happen twice
      calls.add(promise)
      return withDeadline(promise, code, timeoutSeconds)
    } catch (error) {
      throw asAuthError(error, code)
    }
  }
}

class UnansweredCalls {
  readonly #timeoutMs: number
  readonly #max: number
  readonly #now: () => number
  readonly #calls = new Set<symbol>()
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(timeoutMs: number, max: number, now: () => number) {
    this.#timeoutMs = timeoutMs
    this.#max = max
    this.#now = now
  }

  /** @throws when there are too many, unless it is time for a trial call, which may find that answers are coming again */
  requireCapacity(): void {
    if (!this.#isFull()) return
    const now = this.#now()
    if (now < this.#triedAt + this.#timeoutMs) throw new Error(`${this.#max} calls are unanswered`)
    this.#triedAt = now
  }

  add(answer: Promise<unknown>): void {
    const call = Symbol()
    const isTrial = this.#isFull()
    const madeAt = this.#now()
    this.#calls.add(call)
    const settled = (): void => {
      this.#calls.delete(call)
      // It answers again, so the calls before this one are lost.
      if (isTrial && this.#now() < madeAt + this.#timeoutMs) this.#calls.clear()
    }
    answer.then(settled, settled)
  }

  #isFull(): boolean {
    return this.#calls.size >= this.#max
  }
}

/** The answer, if it comes in time. @throws {AuthError} with the given code, or the one that the answer rejects with */
export async function withDeadline<T>(
  answer: Promise<T>,
  code: ErrorCode,
  timeoutSeconds: number,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${timeoutSeconds} s`))
    }, timeoutSeconds * 1000)
  })
  try {
    return await Promise.race([answer, deadline])
  } catch (error) {
    throw asAuthError(error, code)
  } finally {
    clearTimeout(timer)
  }
}

function asAuthError(error: unknown, code: ErrorCode) {
  return isAuthError(error) ? error : authError(code, { cause: error })
}
