import { authError, isAuthError } from '../errors.js'
import { isPromise } from '../maybe-promise.js'
import { IDENTITY_BLOCKED, USER_ID_TAKEN } from '../stores/store.js'
import type { MaybePromise } from '../user.js'

/** @throws {AuthError} IDENTITY_BLOCKED, if that is the code that the store throws */
export function orBlocked<Answer>(call: () => MaybePromise<Answer>): MaybePromise<Answer> {
  const fail = (error: unknown): never => {
    throw codeOf(error) === IDENTITY_BLOCKED ? authError('IDENTITY_BLOCKED') : error
  }
  try {
    const answer = call()
    return isPromise(answer) ? Promise.resolve(answer).catch(fail) : answer
  } catch (error) {
    return fail(error)
  }
}

/** Whether an error was caused by a store's USER_ID_TAKEN. */
export function isIdTaken(error: unknown): boolean {
  return isAuthError(error) && codeOf(error.cause) === USER_ID_TAKEN
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code
