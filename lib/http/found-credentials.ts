import type { IncomingHttpHeaders } from 'node:http'
import type { Dependency } from '../dependency.js'
import type { CredentialKind } from '../events.js'
import { andThen, ignoreRejections } from '../maybe-promise.js'
import { describe } from '../problems.js'
import type { MaybePromise } from '../user.js'

/** What the option `credentials` looks into. Express and others add to it. */
export interface CredentialRequest {
  /** By lower-case names. */
  readonly headers: IncomingHttpHeaders
}

/** What it finds: a token of the issuer, or a session's access token. Without a value it is nothing, as `undefined` is. */
export type FoundCredentials =
  { readonly jwt: string | null | undefined } | { readonly session: string | null | undefined }

/** The option `credentials`. A method, so that `req` may be declared as Express's `Request`. */
export interface CredentialsOption {
  /**
   * Finds the credential elsewhere than in the headers, in a cookie say, and is asked first: what it finds is judged alone.
   * When it finds none (`undefined`), the headers are read as always. May be asynchronous. What a cookie costs is in
   * docs/options.md.
   */
  credentials?(req: CredentialRequest): MaybePromise<FoundCredentials | null | undefined>
}

type FindCredentials = NonNullable<CredentialsOption['credentials']>

export interface Found {
  readonly kind: CredentialKind
  readonly token: string
}

/**
 * Makes the call of the option `credentials`.
 * @returns a function that throws, or rejects with, CREDENTIALS_UNAVAILABLE when the option's throws, hangs or answers nonsense
 */
export function createFinder(find: FindCredentials, dependency: Dependency) {
  return (req: CredentialRequest): MaybePromise<Found | undefined> =>
    dependency('CREDENTIALS_UNAVAILABLE', () => andThen(find(req), readFound))
}

/** Only what is certainly no credential is a missing one: the answer is the app's, and its mistake must let nobody in. */
function readFound(answer: unknown): Found | undefined {
  if (isNothing(answer)) return undefined
  const given: [string, unknown][] = Object.entries(answer)
  const isKnown = given.length > 0 && given.every(([name]) => name === 'jwt' || name === 'session')
  const [found, another] = given.filter(([, token]) => !isNothing(token))
  if (isKnown && !found) return undefined
  if (isKnown && found && !another && typeof found[1] === 'string')
    return { kind: found[0] === 'jwt' ? 'custom-token' : 'session', token: found[1].trim() }
  ignoreRejections(Object.fromEntries(given))
  // Never shown itself: it may hold a token.
  const fields = given.map(([name, value]) => `${name}: ${describe(value)}`)
  const got = isKnown ? `{ ${fields.join(', ')} }` : describe(answer)
  throw new TypeError(`credentials must return { jwt }, { session } or undefined, and returned ${got}`)
}

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
