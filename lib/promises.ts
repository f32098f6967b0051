import { authError, isAuthError, type ErrorCode } from './errors.js'
import type { MaybePromise } from './user.js'

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Goes on with a value at once, or with a promise's when it comes. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value)
}

/** Calls something that is not ours: a store, a hook, a loader. */
export type Dependency = <T>(code: ErrorCode, call: () => MaybePromise<T>) => MaybePromise<T>

/**
 * Makes the one way to call what is not ours: whatever it throws becomes the given code, with the `cause` kept, and
 * an answer that does not come within the time is a failure too. An answer that is no promise costs nothing extra.
 */
export function createDependency(timeoutSeconds: number): Dependency {
  return (code, call) => {
    try {
      const answer = call()
      return isPromise(answer) ? withDeadline(answer, code, timeoutSeconds) : answer
    } catch (error) {
      throw asAuthError(error, code)
    }
  }
}

async function withDeadline<T>(answer: Promise<T>, code: ErrorCode, timeoutSeconds: number): Promise<T> {
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
