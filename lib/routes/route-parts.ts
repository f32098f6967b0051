import type { Events } from '../events.js'
import type { Sessions } from '../sessions/sessions.js'
import type { VerifiedToken } from '../token/verifier.js'
import type { MaybePromise } from '../user.js'

/** What routes need of the guard that they belong to. */
export interface RouteParts {
  readonly appId: string
  readonly domainId: string
  readonly baseUrl: string | undefined
  readonly maxTokenLength: number
  readonly sessions: Sessions
  /** Verifies a third-party token. Throws, or rejects with, an AuthError. */
  readonly verify: (token: string, now: number) => MaybePromise<VerifiedToken>
  /** Epoch seconds. */
  readonly now: () => number
  readonly events: Events
}

/**
 * Under this key a guard gives its parts to routes that come by subpath. From the global registry, because the subpath
 * may be loaded as CommonJS and the guard as ESM.
 */
export const ROUTE_PARTS = Symbol.for('custom-jwt-auth.route-parts')
