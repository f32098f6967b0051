import type { IncomingMessage, ServerResponse } from 'node:http'
import { authError } from '../errors.js'
import type { Events } from '../events.js'
import { isPromise } from '../maybe-promise.js'
import type { User } from '../user.js'
import type { Authenticated, Authenticator } from './authenticate.js'
import { challenged } from './challenge.js'
import { givenOf, requestOf, type CredentialSource } from './credential-source.js'
import { missingUser } from './credentials.js'
import { toAuthError } from './error-response.js'
import { contextOf, leaveContext, type GuardContext } from './guard-context.js'
import type { RequestAuth } from './request-auth.js'

/** Middleware for Express, Connect and plain `node:http` handlers. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void

export type Next = (error?: unknown) => void

type GuardedRequest = IncomingMessage & { user?: User; auth?: RequestAuth }

/**
 * Makes the guard: `next()` with `req.user` and `req.auth` set, or `next(error)`. Synchronous where possible.
 * @param isRequired whether a request without credentials is refused; if not, it goes on without both
 */
export function createMiddleware(
  { authenticate, missing }: Authenticator,
  context: GuardContext,
  { isRequired }: { readonly isRequired: boolean },
): Middleware {
  const { events, challenge } = context

  function accept(
    req: GuardedRequest,
    res: ServerResponse,
    who: Authenticated | undefined,
    next: Next,
  ): void {
    if (who) {
      req.user = who.user
      req.auth = who.auth
    }
    leaveContext(req, context)
    if (who) {
      events.authenticated(who.user.id, who.auth, req)
    } else if (isRequired) {
      refuse(missing(req), req, res, next)
      return
    } else events.anonymous(() => missing(req).detail ?? {}, req)
    next()
  }

  function refuse(reason: unknown, req: IncomingMessage, res: ServerResponse, next: Next): void {
    const error = challenged(toAuthError(reason), challenge)
    events.rejected(error, req)
    setHeaders(res, error.headers)
    next(error)
  }

  return function customJwtAuth(req, res, next) {
    let who: ReturnType<typeof authenticate>
    try {
      who = authenticate(req, req)
    } catch (error) {
      refuse(error, req, res, next)
      return
    }
    // Outside the try: what a handler throws is not for us to handle.
    if (!isPromise(who)) accept(req, res, who, next)
    else
      who.then(
        (found) => {
          accept(req, res, found, next)
        },
        (reason: unknown) => {
          refuse(reason, req, res, next)
        },
      )
  }
}

/**
 * Makes `auth.authenticate`: the guard without a response.
 * @throws {AuthError} what the guard would refuse with; always without a credential
 */
export function createAuthenticate(
  { authenticate, authenticateToken, missing }: Authenticator,
  { events, challenge }: Pick<GuardContext, 'events' | 'challenge'>,
): (source: CredentialSource) => Promise<Authenticated> {
  async function authenticateRequest(source: CredentialSource): Promise<Authenticated> {
    const req = requestOf(source)
    const who = await authenticate(req, givenOf(source, req))
    if (who) return who
    throw missing(req)
  }

  return async (source) => {
    try {
      const who = await (typeof source === 'string'
        ? authenticateToken(source.trim())
        : authenticateRequest(source))
      events.authenticated(who.user.id, who.auth, source)
      return who
    } catch (reason) {
      const error = challenged(toAuthError(reason), challenge)
      events.rejected(error, source)
      throw error
    }
  }
}

/**
 * The user of a request that the guard has let through.
 * @throws {AuthError} CREDENTIALS_MISSING
 */
export function userOf(req: IncomingMessage & { readonly user?: User | undefined }, events: Events): User {
  if (req.user) return req.user
  const missing = authError('CREDENTIALS_MISSING', { detail: () => missingUser(req) })
  const error = challenged(missing, contextOf(req).challenge)
  events.rejected(error, req)
  throw error
}

/**
 * Sets the error's headers on the response as well. Express takes them from the error, but NestJS and most apps' error
 * handlers look only at its status and message. A WebSocket upgrade may have no response.
 */
export function setHeaders(
  res: Partial<ServerResponse> | undefined,
  headers: Readonly<Record<string, string>>,
): void {
  if (typeof res?.setHeader !== 'function' || res.headersSent === true) return
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
}
