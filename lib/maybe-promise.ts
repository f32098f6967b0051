import type { MaybePromise } from './user.js'

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** Continues with a value at once, or with a promise's value when it resolves. Any thenable becomes a promise. */
export function andThen<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? Promise.resolve(value).then(next) : next(value)
}

/** For promises where the app should have passed values: when one of them rejects, that must not end the process. */
export function ignoreRejections(values: object): void {
  for (const value of Object.values(values))
    if (isPromise(value)) Promise.resolve(value).catch(() => undefined)
}
