import { hash, randomBytes } from 'node:crypto'
import { authError } from '../errors.js'
import { mistake } from '../option-parsers.js'
import { describe } from '../problems.js'
import { identityParts } from '../stores/identities.js'
import type { IdentityName } from '../stores/store.js'

/**
 * Makes the id of a new user: 24 lowercase hex characters. It may be called before it is known whether the user
 * exists; an existing user keeps its id.
 */
export type GenerateUserId = (identity: {
  appId: string
  /** The name that the option `providers` gives the issuer; undefined for a provider without a name. */
  provider: string | undefined
  subject: string
}) => string

const OBJECT_ID = /^[0-9a-f]{24}$/

/** Whether a value is an ObjectId as text, in lower case. */
export function isObjectId(value: unknown): value is string {
  return typeof value === 'string' && OBJECT_ID.test(value)
}

/** A new random id, for sessions and devices. */
export function randomObjectId(): string {
  return randomBytes(12).toString('hex')
}

/** An id derived from the parts: the same on every machine and after every restart. */
export function derivedObjectId(...parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts)).slice(0, 24)
}

/**
 * The id for the user of a new identity.
 * @throws {AuthError} USER_ID_UNAVAILABLE when the app's `generateUserId` throws or returns something else
 */
export function newUserId(
  appId: string,
  identity: IdentityName,
  generate: GenerateUserId | 'random' | undefined,
): string {
  if (generate === 'random') return randomObjectId()
  if (!generate) return derivedObjectId(appId, ...identityParts(identity))
  let id: unknown
  try {
    id = generate({ appId, provider: identity.provider_id, subject: identity.id })
  } catch (cause) {
    throw authError('USER_ID_UNAVAILABLE', { cause })
  }
  if (isObjectId(id)) return id
  // It may be an async function by mistake, whose rejection must not end the process.
  Promise.resolve(id).catch(() => undefined)
  throw authError('USER_ID_UNAVAILABLE', {
    cause: new TypeError('generateUserId must return 24 lowercase hex characters'),
  })
}

/** A subject to try the function with: a function that uses subjects as ids returns a valid id for it. */
const TRIAL_SUBJECT = '0'.repeat(24)

/** Reads the option `generateUserId`. A function is tried once, to detect e.g. a UUID before the first login. */
export function readGenerateUserId(value: unknown): GenerateUserId | 'random' {
  if (value === 'random') return value
  if (typeof value !== 'function') throw mistake(`is ${describe(value)}`, "Pass a function, or 'random'")
  const generate = value as GenerateUserId
  let id: unknown
  try {
    id = generate({ appId: 'trial', provider: undefined, subject: TRIAL_SUBJECT })
  } catch {
    return generate // it may only accept real subjects
  }
  if (isObjectId(id)) return generate
  Promise.resolve(id).catch(() => undefined)
  const fix = "Have it return 24 lowercase hexadecimal characters, not a promise of them, or pass 'random'"
  throw mistake(`returns ${describeId(id)}`, fix)
}

function describeId(id: unknown): string {
  if (typeof id !== 'string') return id instanceof Promise ? 'a promise' : describe(id)
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
  return isUuid ? 'a UUID' : `a string of ${id.length} characters that is not an id`
}
