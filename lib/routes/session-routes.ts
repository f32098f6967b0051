import type { IncomingMessage } from 'node:http'
import { asRefusedLink, authError, isAuthError } from '../errors.js'
import { readCredentials } from '../http/credentials.js'
import { sendError } from '../http/error-response.js'
import type { Middleware } from '../http/middleware.js'
import { isOfAnotherApp } from '../sessions/session-tokens.js'
import type { OpenSession } from '../sessions/sessions.js'
import { PROVIDER } from '../user.js'
import { isTlsOverlooked, requestBaseUrl } from './base-url.js'
import { readJson } from './json-body.js'
import { answerErrors, jsonRoute, type RouteParts, type RouteRequest } from './json-routes.js'
import { readLogin } from './login-body.js'

/** Fixed by the original service (PROTOCOL §4). */
const BASE_PATH = /^\/api\/client\/v2\.0(?=\/|$)/i
const LOGIN = /^\/app\/[^/]+\/auth\/providers\/([^/]+)\/login\/?$/i

/**
 * Makes the routes that the clients of the original service call (PROTOCOL §4), with its errors (§5). They do not need
 * Express: Connect and `node:http` can mount them too. Requests for another App go to `next()`: that App's routes may
 * come after these.
 */
export function createSessionRoutes(parts: RouteParts): Middleware {
  const { appId, domainId, maxTokenLength, sessions, verify, now, events } = parts
  let hasWarned = false

  const location = jsonRoute((req) => {
    const hostname = parts.baseUrl ?? requestBaseUrl(req, mountPath(req))
    if (!hasWarned && parts.baseUrl === undefined && isTlsOverlooked(req)) {
      hasWarned = true
      events.tlsOverlooked({ hostname })
    }
    const ws_hostname = hostname.replace(/^http/, 'ws')
    return { status: 200, body: { deployment_model: 'GLOBAL', location: 'US-VA', hostname, ws_hostname } }
  })

  const logIn = jsonRoute(async (req) => ({
    status: 200,
    body: answerOf(await (isLink(req) ? link(req) : begin(req))),
  }))

  async function begin(req: RouteRequest): Promise<OpenSession> {
    const { verified, deviceId } = await readVerified(req)
    return sessions.logIn(verified, deviceId, now())
  }

  async function link(req: RouteRequest): Promise<OpenSession> {
    const caller = bearerToken(req)
    await sessions.authenticate(caller, now())
    try {
      const { verified } = await readVerified(req)
      return await sessions.link(verified, caller, now())
    } catch (error) {
      throw isAuthError(error) ? asRefusedLink(error) : error
    }
  }

  async function readVerified(req: RouteRequest) {
    const [, provider = ''] = LOGIN.exec(pathBelow(req) ?? '') ?? []
    if (decodeURIComponent(provider) !== PROVIDER)
      throw authError('PROVIDER_UNKNOWN', {
        reason: `authentication provider not found: only '${PROVIDER}' is here`,
      })
    const { token, deviceId } = readLogin(await readJson(req, maxTokenLength))
    return { verified: await verify(token, now()), deviceId }
  }

  const profile = jsonRoute(async (req) => {
    const { user } = await sessions.authenticate(bearerToken(req), now())
    return { status: 200, body: { ...user, user_id: user.id, domain_id: domainId } }
  })

  const refresh = jsonRoute(async (req) => {
    const { accessToken, refreshToken } = await sessions.refresh(bearerToken(req), now())
    const body = {
      access_token: accessToken,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    }
    return { status: 201, body }
  })

  const logOut = jsonRoute(async (req) => {
    await sessions.logOut(bearerToken(req), now())
    return { status: 204 }
  })

  const deleteUser = jsonRoute(async (req) => {
    await sessions.deleteUser(bearerToken(req), now())
    return { status: 204 }
  })

  /** On an unknown path, a client first learns whether its session is over, so that it stops retrying. */
  const noRoute = jsonRoute(async (req) => {
    const credentials = readCredentials(req)
    if (credentials?.header === 'authorization') await sessions.requireAlive(credentials.token, now())
    throw authError('ROUTE_NOT_FOUND')
  })

  const routes: readonly [method: string, path: RegExp, handle: Middleware][] = [
    ['GET', /^\/app\/[^/]+\/location\/?$/i, location],
    ['POST', LOGIN, logIn],
    ['GET', /^\/auth\/profile\/?$/i, profile],
    ['POST', /^\/auth\/session\/?$/i, refresh],
    ['DELETE', /^\/auth\/session\/?$/i, logOut],
    ['DELETE', /^\/auth\/delete\/?$/i, deleteUser],
  ]

  /** Whether the request is for the routes of another App, which may come after these. */
  function isForAnotherApp(req: IncomingMessage, path: string): boolean {
    const [, app] = /^\/app\/([^/]+)/i.exec(path) ?? []
    if (app !== undefined) return decodeURIComponent(app) !== appId
    const credentials = /^\/app\/?$/i.test(path) ? undefined : readCredentials(req)
    return credentials?.header === 'authorization' && isOfAnotherApp(credentials.token, domainId)
  }

  const answerError = answerErrors(events, sendError)
  return function customJwtAuthSessionRoutes(req, res, next) {
    const path = pathBelow(req)
    if (path === undefined) {
      next()
      return
    }
    // Errors below the base path never reach the app's error handler.
    const fail = (error: unknown): void => {
      answerError(error, req, res, next)
    }
    try {
      if (isForAnotherApp(req, path)) {
        next()
        return
      }
    } catch (error) {
      fail(error)
      return
    }
    const method = req.method === 'HEAD' ? 'GET' : req.method
    const [, , handle = noRoute] = routes.find((route) => route[0] === method && route[1].test(path)) ?? []
    handle(req, res, fail)
  }
}

/** The path of a request below the base path; undefined when it is elsewhere. */
function pathBelow({ url = '' }: IncomingMessage): string | undefined {
  const [path = ''] = url.split('?', 1)
  return BASE_PATH.test(path) ? path.replace(BASE_PATH, '') : undefined
}

function answerOf({ accessToken, refreshToken, userId, deviceId }: OpenSession): object {
  return { access_token: accessToken, refresh_token: refreshToken, user_id: userId, device_id: deviceId }
}

/** Express keeps the stripped prefix in `baseUrl`; with Connect, it has to be derived from the original URL. */
function mountPath({ app, baseUrl = '', originalUrl = '', url }: RouteRequest): string {
  return app ? baseUrl : originalUrl.slice(0, -url.length)
}

/** The bearer token: session routes accept no other credential. */
function bearerToken(req: IncomingMessage): string {
  const credentials = readCredentials(req)
  if (credentials?.header !== 'authorization') throw authError('CREDENTIALS_MISSING')
  return credentials.token
}

function isLink({ url = '' }: IncomingMessage): boolean {
  return new URLSearchParams(url.split('?', 2)[1]).getAll('link').includes('true')
}
