import { isAuthError } from '../errors.js'
import { isPromise } from '../maybe-promise.js'
import type { MaybePromise } from '../user.js'

/** Makes a call for a provider's token: an error that it throws gets the provider's name, if it has one. */
export function onBehalfOf<T>(provider: string | undefined, call: () => MaybePromise<T>): MaybePromise<T> {
  if (provider === undefined) return call()
  const rethrow = (error: unknown): never => {
    if (isAuthError(error)) Object.assign(error, { provider })
    throw error
  }
  try {
    const answer = call()
    return isPromise(answer) ? answer.catch(rethrow) : answer
  } catch (error) {
    return rethrow(error)
  }
}
