import type { IncomingMessage } from 'node:http'
import { createDependency, type Dependency } from '../dependency.js'
import { createEvents, type Events } from '../events.js'
import type { Challenge } from './challenge.js'
import type { RequestAuth } from './request-auth.js'

/** What a guard passes on to the middleware behind it: `requireScopes` and the like do not belong to any guard. */
export interface GuardContext {
  readonly events: Events
  readonly dependency: Dependency
  readonly challenge: Challenge
}

const DEFAULT_TIMEOUT_SECONDS = 5
/** Without a guard there is no logger, but the diagnostics channels still work. */
const NO_GUARD: GuardContext = {
  events: createEvents(undefined),
  dependency: createDependency(DEFAULT_TIMEOUT_SECONDS),
  challenge: { resourceMetadata: undefined },
}

/**
 * Keyed by `req.auth`, which requests with the same token share, or by the request when nobody signed in. Another
 * property on each request would cost ten times as much.
 */
const contexts = new WeakMap<object, GuardContext>()

type Seen = IncomingMessage & { readonly auth?: RequestAuth }

export function leaveContext(req: Seen, context: GuardContext): void {
  const key = req.auth ?? req
  // Looking first is cheaper than writing the same value again.
  if (contexts.get(key) !== context) contexts.set(key, context)
}

export function contextOf(req: Seen): GuardContext {
  return contexts.get(req.auth ?? req) ?? NO_GUARD
}
