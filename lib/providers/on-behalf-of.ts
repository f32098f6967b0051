import { isAuthError } from '../errors.js'
import { isPromise } from '../maybe-promise.js'
import type { MaybePromise } from '../user.js'

/** Calls something for the token of a provider: an error of it names the provider, if that has a name. */
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
