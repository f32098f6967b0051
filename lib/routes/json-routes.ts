import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { authError, type AuthError } from '../errors.js'
import type { Events } from '../events.js'
import { sendJson, toAuthError } from '../http/error-response.js'
import type { Middleware } from '../http/middleware.js'

type Next = (error?: unknown) => void

const JSON_TYPES = /^application\/(?:json|ejson|[\w.-]+\+json)\s*(?:;|$)/i
/** Room for the device and the JSON around a token. */
const BODY_BYTES_BESIDE_TOKEN = 65_536

/** What a route gets: the router fills in `params`, the body parser `body`. */
export interface RouteRequest extends IncomingMessage {
  readonly params: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
  /** Express's alone. */
  readonly app?: object
  readonly baseUrl: string
  readonly originalUrl: string
  readonly url: string
}

/** What a route answers: no body means 204. */
interface Answer {
  readonly status: number
  readonly body?: object
}

/** Makes a handler of a function that answers, or throws. */
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

/** The handlers that put the JSON of a request into its `body`. */
export function parseJson(maxTokenLength: number): Middleware[] {
  const limit = BODY_BYTES_BESIDE_TOKEN + maxTokenLength
  return [requireJson, express.json({ limit, type: () => true })]
}

function requireJson(req: IncomingMessage, _res: ServerResponse, next: Next): void {
  const { 'content-type': type, 'content-length': length = '0', 'transfer-encoding': chunked } = req.headers
  const hasBody = chunked !== undefined || length !== '0'
  next(!hasBody || JSON_TYPES.test(type ?? '') ? undefined : authError('BODY_TYPE_UNSUPPORTED'))
}

/** Makes the error handler of routes: it leaves nothing to the app's. */
export function answerErrors(events: Events, send: (res: ServerResponse, error: AuthError) => void) {
  // Frameworks know an error handler by its four parameters.
  return (reason: unknown, _req: IncomingMessage, res: ServerResponse, next: Next): void => {
    const error = toAuthError(reason)
    events.rejected(error)
    if (res.headersSent) next(error)
    else send(res, error)
  }
}
