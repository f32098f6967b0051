import { hash, randomBytes } from 'node:crypto'
import { authError } from '../errors.js'
import type { Identity } from '../user.js'

/**
 * Makes the id of a new user: 24 lower-case hex characters. May be called before it is known whether there is a user, so
 * also for one who has an id already, which then stays.
 */
export type GenerateUserId = (identity: { appId: string; provider: string; subject: string }) => string

const OBJECT_ID = /^[0-9a-f]{24}$/

/** Whether a value is an ObjectId as text, in lower case. */
export function isObjectId(value: unknown): value is string {
  return typeof value === 'string' && OBJECT_ID.test(value)
}

/** A new random id, for sessions and devices. */
export function randomObjectId(): string {
  return randomBytes(12).toString('hex')
}

/** An id that follows from the parts: the same on every machine and after every restart. */
export function derivedObjectId(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, 24)
}

/**
 * The id that the user of a new identity gets.
 * @throws {AuthError} USER_ID_UNAVAILABLE when the app's `generateUserId` throws or answers with something else
 */
export function newUserId(appId: string, identity: Identity, generate: GenerateUserId | undefined): string {
  if (!generate) return derivedObjectId(appId, identity.provider_type, identity.id)
  let id: unknown
  try {
    id = generate({ appId, provider: identity.provider_type, subject: identity.id })
  } catch (cause) {
    throw authError('USER_ID_UNAVAILABLE', { cause })
  }
  if (isObjectId(id)) return id
  // An async function by mistake: that it rejects must not end the process.
  Promise.resolve(id).catch(() => undefined)
  throw authError('USER_ID_UNAVAILABLE', {
    cause: new TypeError('generateUserId must return 24 lower-case hex characters'),
  })
}
