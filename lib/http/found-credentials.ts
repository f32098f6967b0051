import type { IncomingHttpHeaders } from 'node:http'
import type { Dependency } from '../dependency.js'
import type { CredentialKind } from '../events.js'
import { andThen, ignoreRejections } from '../maybe-promise.js'
import { describe } from '../problems.js'
import type { MaybePromise } from '../user.js'

/** What the option `credentials` is called with. Express and others add to it. */
export interface CredentialRequest {
  /** By lowercase names. */
  readonly headers: IncomingHttpHeaders
}

/** What it found: the issuer's token, or a session's access token. With a null or undefined token, it found none. */
export type FoundCredentials =
  { readonly jwt: string | null | undefined } | { readonly session: string | null | undefined }

/** The option `credentials`. A method, so that `req` may be declared as Express's `Request`. */
export interface CredentialsOption {
  /**
   * Finds the credential somewhere other than in the headers, such as in a cookie. It is tried first, and what it finds
   * is the only credential that counts. When it finds none (`undefined`), the headers are read as usual. May be
   * asynchronous. For the risks of a cookie, see docs/options.md.
   */
  credentials?(req: CredentialRequest): MaybePromise<FoundCredentials | null | undefined>
}

type FindCredentials = NonNullable<CredentialsOption['credentials']>

export interface Found {
  readonly kind: CredentialKind
  readonly token: string
}

/**
 * Makes the function that calls the option `credentials`.
 * @returns throws, or rejects with, CREDENTIALS_UNAVAILABLE when the option throws, hangs or returns something else
 */
export function createFinder(find: FindCredentials, dependency: Dependency) {
  return (req: CredentialRequest): MaybePromise<Found | undefined> =>
    dependency('CREDENTIALS_UNAVAILABLE', () => andThen(find(req), readFound))
}

/** Strict: if the app returned something malformed, that must not count as a missing credential. */
function readFound(answer: unknown): Found | undefined {
  if (isNothing(answer)) return undefined
  const given: [string, unknown][] = Object.entries(answer)
  const isKnown = given.length > 0 && given.every(([name]) => name === 'jwt' || name === 'session')
  const [found, another] = given.filter(([, token]) => !isNothing(token))
  if (isKnown && !found) return undefined
  if (isKnown && found && !another && typeof found[1] === 'string')
    return { kind: found[0] === 'jwt' ? 'custom-token' : 'session', token: found[1].trim() }
  ignoreRejections(Object.fromEntries(given))
  // The values are never shown: they may be tokens.
  const fields = given.map(([name, value]) => `${name}: ${describe(value)}`)
  const got = isKnown ? `{ ${fields.join(', ')} }` : describe(answer)
  throw new TypeError(`credentials must return { jwt }, { session } or undefined, but returned ${got}`)
}

function isNothing(value: unknown): value is null | undefined {
  return value === undefined || value === null
}
