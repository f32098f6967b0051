import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { asRefusedLink, authError, isAuthError } from '../errors.js'
import { readCredentials } from '../http/credentials.js'
import { sendError } from '../http/error-response.js'
import type { Middleware, Next } from '../http/middleware.js'
import { isOfAnotherApp } from '../sessions/session-tokens.js'
import type { OpenSession } from '../sessions/sessions.js'
import { PROVIDER } from '../user.js'
import { isTlsOverlooked, requestBaseUrl } from './base-url.js'
import { readJson } from './json-body.js'
import { answerErrors, jsonRoute, type RouteParts, type RouteRequest } from './json-routes.js'
import { readLogin } from './login-body.js'

/** Fixed by the original service (PROTOCOL §4). */
const BASE_PATH = '/api/client/v2.0'

/**
 * Makes the routes that the clients of the original service call (PROTOCOL §4), with its errors (§5). They need nothing
 * of Express but its router, so Connect and `node:http` can mount them too. What names another App goes on to `next()`:
 * that App's routes may come after these.
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
    if (req.params.provider !== PROVIDER)
      throw authError('PROVIDER_UNKNOWN', {
        reason: `authentication provider not found: only '${PROVIDER}' is here`,
      })
    const { token, deviceId } = readLogin(await readJson(req, maxTokenLength))
    return { verified: await verify(token, now()), deviceId }
  }

  const profile = jsonRoute(async (req) => {
    const user = await sessions.authenticate(bearerToken(req), now())
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

  /** On any path a client first learns that its session is over, so that it stops asking. */
  const noRoute = jsonRoute(async (req) => {
    const credentials = readCredentials(req)
    if (credentials?.header === 'authorization') await sessions.requireAlive(credentials.token, now())
    throw authError('ROUTE_NOT_FOUND')
  })

  const leaveOtherApps = leave((req) => req.params.appId !== appId)
  const leaveOtherSessions = leave((req) => {
    const credentials = readCredentials(req)
    return credentials?.header === 'authorization' && isOfAnotherApp(credentials.token, domainId)
  })

  const client = express.Router()
  client.use('/app/:appId', leaveOtherApps)
  client.get('/app/:appId/location', location)
  client.post('/app/:appId/auth/providers/:provider/login', logIn)
  client.use('/app', noRoute)
  client.use(leaveOtherSessions)
  client.get('/auth/profile', profile)
  client.post('/auth/session', refresh)
  client.delete('/auth/session', logOut)
  client.delete('/auth/delete', deleteUser)
  client.use(noRoute)
  // Nothing else below the base path is left to the app's error handler.
  client.use(answerErrors(events, sendError))
  const router = express.Router().use(BASE_PATH, client)
  return (req, res, next) => {
    // Left with 'router', a router passes on null, which is not an error.
    router(req as express.Request, res as express.Response, (error?: unknown) => {
      next(error ?? undefined)
    })
  }
}

/** Makes a handler that leaves these routes when the request is another's to answer. */
function leave(isAnothers: (req: RouteRequest) => boolean) {
  return (req: IncomingMessage, _res: ServerResponse, next: Next): void => {
    next(isAnothers(req as RouteRequest) ? 'router' : undefined)
  }
}

function answerOf({ accessToken, refreshToken, userId, deviceId }: OpenSession): object {
  return { access_token: accessToken, refresh_token: refreshToken, user_id: userId, device_id: deviceId }
}

/** Express keeps in `baseUrl` what it took off the URL; Connect leaves only the original to compare with. */
function mountPath({ app, baseUrl, originalUrl, url }: RouteRequest): string {
  return app ? baseUrl.slice(0, -BASE_PATH.length) : originalUrl.slice(0, -(BASE_PATH.length + url.length))
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
