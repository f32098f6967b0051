import type { IncomingMessage, ServerResponse } from 'node:http'
import express from 'express'
import { authError } from '../errors.js'
import { PROVIDER } from '../user.js'
import { requestBaseUrl } from './base-url.js'
import { readCredentials } from '../http/credentials.js'
import { sendError } from '../http/error-response.js'
import { answerErrors, jsonRoute, parseJson, type RouteRequest } from './json-routes.js'
import { readLogin } from './login-body.js'
import type { Middleware } from '../http/middleware.js'
import type { RouteParts } from './route-parts.js'

/** Fixed by the original service (PROTOCOL §4). */
const BASE_PATH = '/api/client/v2.0'

/**
 * Makes the routes that the clients of the original service call (PROTOCOL §4), with its errors (§5). They need
 * nothing of Express but its router and body parser, so Connect and `node:http` can mount them too.
 */
export function createSessionRoutes(parts: RouteParts): Middleware {
  const { appId, domainId, maxTokenLength, sessions, verify, now, events } = parts

  const location = jsonRoute((req) => {
    const hostname = parts.baseUrl ?? requestBaseUrl(req, mountPath(req))
    const ws_hostname = hostname.replace(/^http/, 'ws')
    return { status: 200, body: { deployment_model: 'GLOBAL', location: 'US-VA', hostname, ws_hostname } }
  })

  const logIn = jsonRoute(async (req) => {
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

  const profile = jsonRoute(async (req) => {
    const user = await sessions.authenticate(bearerToken(req), now())
    return { status: 200, body: { ...user, user_id: user.id, domain_id: domainId } }
  })

  const refresh = jsonRoute(async (req) => ({
    status: 201,
    body: await sessions.refresh(bearerToken(req), now()),
  }))

  const logOut = jsonRoute(async (req) => {
    await sessions.logOut(bearerToken(req), now())
    return { status: 204 }
  })

  const deleteUser = jsonRoute(async (req) => {
    await sessions.deleteUser(bearerToken(req), now())
    return { status: 204 }
  })

  const knownApp = (req: IncomingMessage, _res: ServerResponse, next: (error?: unknown) => void): void => {
    next((req as RouteRequest).params.appId === appId ? undefined : authError('APP_NOT_FOUND'))
  }

  const noRoute = (): never => {
    throw authError('ROUTE_NOT_FOUND')
  }

  const client = express.Router()
  client.get('/app/:appId/location', knownApp, location)
  const login = '/app/:appId/auth/providers/:provider/login'
  client.post(login, knownApp, ...parseJson(maxTokenLength), logIn)
  client.get('/auth/profile', profile)
  client.post('/auth/session', refresh)
  client.delete('/auth/session', logOut)
  client.delete('/auth/delete', deleteUser)
  client.use(noRoute)
  // Nothing below the base path is left to the app's error handler.
  client.use(answerErrors(events, sendError))
  return express.Router().use(BASE_PATH, client) as unknown as Middleware
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
