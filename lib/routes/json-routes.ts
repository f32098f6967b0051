import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AuthError } from '../errors.js'
import type { Events } from '../events.js'
import { sendJson, toAuthError } from '../http/error-response.js'
import type { Middleware, Next } from '../http/middleware.js'
import type { Sessions } from '../sessions/sessions.js'
import type { VerifiedToken } from '../token/verifier.js'
import type { MaybePromise } from '../user.js'

/** What routes need from the guard that they belong to. */
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

/** The request that a route gets. Express and Connect add these fields. */
export interface RouteRequest extends IncomingMessage {
  readonly app?: object
  readonly baseUrl?: string
  readonly originalUrl?: string
  readonly url: string
}

/** What a route answers: no body means 204. */
interface Answer {
  readonly status: number
  readonly body?: object
}

/** Turns a function that answers or throws into a handler. */
export function jsonRoute(handle: (req: RouteRequest) => Promise<Answer> | Answer): Middleware {
  return function customJwtAuthRoute(req, res, next) {
    const run = async (): Promise<void> => {
      const { status, body } = await handle(req as RouteRequest)
      if (body) sendJson(res, status, body)
      else res.writeHead(status, { 'Cache-Control': 'no-store' }).end()
    }
    run().catch(next)
  }
}

/** Makes the error handler of the routes, so that no error reaches the app's own. */
export function answerErrors(events: Events, send: (res: ServerResponse, error: AuthError) => void) {
  // Frameworks recognize an error handler by its four parameters.
  return (reason: unknown, req: IncomingMessage, res: ServerResponse, next: Next): void => {
    const error = toAuthError(reason)
    events.rejected(error, req)
    if (res.headersSent) next(error)
    else send(res, error)
  }
}
