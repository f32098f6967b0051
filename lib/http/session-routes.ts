import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { authError } from '../errors.js'
import type { Events } from '../events.js'
import type { Sessions } from '../sessions/sessions.js'
import type { VerifiedToken } from '../token/verifier.js'
import { PROVIDER, type MaybePromise } from '../user.js'
import { requestBaseUrl } from './base-url.js'
import { readCredentials } from './credentials.js'
import { sendError, sendJson, toAuthError } from './error-response.js'
import { readLogin } from './login-body.js'
import type { Middleware } from './middleware.js'

/** Fixed by the original service (PROTOCOL §4). */
const BASE_PATH = '/api/client/v2.0'
const JSON_TYPES = /^application\/(?:json|ejson|[\w.-]+\+json)\s*(?:;|$)/i
/** Room for the device and the JSON around a token. */
const BODY_BYTES_BESIDE_TOKEN = 65_536

/** What a route gets: the router fills in `params`, the body parser `body`. */
interface RouteRequest extends IncomingMessage {
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

export interface SessionRoutesParts {
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
 * Makes the routes that the clients of the original service call (PROTOCOL §4), with its errors (§5). They need
 * nothing of Express but its router and body parser, so Connect and `node:http` can mount them too.
 */
export function createSessionRoutes(parts: SessionRoutesParts): Middleware {
  const { appId, domainId, sessions, verify, now, events } = parts

  const route = (handle: (req: RouteRequest) => Promise<Answer> | Answer) => {
    return function sessionRoute(
      req: IncomingMessage,
      res: ServerResponse,
      next: (error?: unknown) => void,
    ): void {
      const run = async (): Promise<void> => {
        const { status, body } = await handle(req as RouteRequest)
        if (body) sendJson(res, status, body)
        else res.writeHead(status, { 'Cache-Control': 'no-store' }).end()
      }
      run().catch(next)
    }
  }

  const location = route((req) => {
    const hostname = parts.baseUrl ?? requestBaseUrl(req, mountPath(req))
    const ws_hostname = hostname.replace(/^http/, 'ws')
    return { status: 200, body: { deployment_model: 'GLOBAL', location: 'US-VA', hostname, ws_hostname } }
  })

  const logIn = route(async (req) => {
    if (req.params.provider !== PROVIDER)
      throw authError('PROVIDER_UNKNOWN', {
        reason: `authentication provider not found: only '${PROVIDER}' is here`,
      })
    const { token, deviceId } = readLogin(req.body)
    const time = now()
    const caller = isLink(req) ? bearerToken(req) : undefined
    const verified = await verify(token, time)
    const answer =
      caller === undefined ? sessions.logIn(verified, deviceId, time) : sessions.link(verified, caller, time)
    return { status: 200, body: await answer }
  })

  const profile = route(async (req) => {
    const user = await sessions.authenticate(bearerToken(req), now())
    return { status: 200, body: { ...user, user_id: user.id, domain_id: domainId } }
  })

  const refresh = route(async (req) => ({
    status: 201,
    body: await sessions.refresh(bearerToken(req), now()),
  }))

  const logOut = route(async (req) => {
    await sessions.logOut(bearerToken(req), now())
    return { status: 204 }
  })

  const deleteUser = route(async (req) => {
    await sessions.deleteUser(bearerToken(req), now())
    return { status: 204 }
  })

  const knownApp = (req: IncomingMessage, _res: ServerResponse, next: (error?: unknown) => void): void => {
    next((req as RouteRequest).params.appId === appId ? undefined : authError('APP_NOT_FOUND'))
  }

  const noRoute = (): never => {
    throw authError('ROUTE_NOT_FOUND')
  }

  // Four parameters, and no way on: nothing below the base path is left to the app's error handler.
  const answerError = (
    reason: unknown,
    _req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void => {
    const error = toAuthError(reason)
    events.rejected(error)
    if (res.headersSent) next(error)
    else sendError(res, error)
  }

  const parseBody = express.json({ limit: BODY_BYTES_BESIDE_TOKEN + parts.maxTokenLength, type: () => true })
  const client = express.Router()
  client.get('/app/:appId/location', knownApp, location)
  client.post('/app/:appId/auth/providers/:provider/login', knownApp, requireJson, parseBody, logIn)
  client.get('/auth/profile', profile)
  client.post('/auth/session', refresh)
  client.delete('/auth/session', logOut)
  client.delete('/auth/delete', deleteUser)
  client.use(noRoute)
  client.use(answerError)
  return express.Router().use(BASE_PATH, client) as unknown as Middleware
}

/** Express keeps in `baseUrl` what it took off the URL; Connect leaves only the original to compare with. */
function mountPath({ app, baseUrl, originalUrl, url }: RouteRequest): string {
  return app ? baseUrl.slice(0, -BASE_PATH.length) : originalUrl.slice(0, -(BASE_PATH.length + url.length))
}

function requireJson(req: IncomingMessage, _res: ServerResponse, next: (error?: unknown) => void): void {
  const { 'content-type': type, 'content-length': length = '0', 'transfer-encoding': chunked } = req.headers
  const hasBody = chunked !== undefined || length !== '0'
  next(!hasBody || JSON_TYPES.test(type ?? '') ? undefined : authError('BODY_TYPE_UNSUPPORTED'))
}

/** The bearer token alone: session routes know no other credential. */
function bearerToken(req: IncomingMessage): string {
  const credentials = readCredentials(req)
  if (credentials?.header !== 'authorization') throw authError('CREDENTIALS_MISSING')
  return credentials.token
}

function isLink({ url = '' }: IncomingMessage): boolean {
  return new URLSearchParams(url.split('?', 2)[1]).getAll('link').includes('true')
}
