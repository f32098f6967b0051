import type { IncomingMessage } from 'node:http'
import { createDependency, type Dependency } from '../dependency.js'
import { createEvents, type Events } from '../events.js'

/** What a guard leaves on a request for what comes after it: `requireScopes` and its like belong to no guard. */
export interface GuardContext {
  readonly events: Events
  readonly dependency: Dependency
}

/** Found by other copies of this package too: an app may load it as ES module and as CommonJS. */
const CONTEXT = Symbol.for('custom-jwt-auth.context')
const DEFAULT_TIMEOUT_SECONDS = 5
/** Without a guard there is no logger; the channels are there all the same. */
const NO_GUARD: GuardContext = {
  events: createEvents(undefined),
  dependency: createDependency(DEFAULT_TIMEOUT_SECONDS),
}

type Seen = IncomingMessage & { [CONTEXT]?: GuardContext }

export function leaveContext(req: IncomingMessage, context: GuardContext): void {
  ;(req as Seen)[CONTEXT] = context
}

export function contextOf(req: IncomingMessage): GuardContext {
  return (req as Seen)[CONTEXT] ?? NO_GUARD
}
