import type { ServerResponse } from 'node:http'
import express from 'express'
import { ConfigurationError, type AuthError } from '../errors.js'
import { readUnverifiedClaims } from '../jws/compact.js'
import { PROVIDER, type User } from '../user.js'
import { sendJson } from '../http/error-response.js'
import { answerErrors, jsonRoute, parseJson } from './json-routes.js'
import { invalid, textAt } from './login-body.js'
import type { Middleware } from '../http/middleware.js'
import { ROUTE_PARTS, type RouteParts } from './route-parts.js'

/** What customJwtAuth() returns, as far as it says so. */
interface Guard {
  sessionRoutes(): Middleware
}

/** The identifiers of the old server's own problem documents. */
const PROBLEM_TYPE = 'https://docs.realm.io/server/troubleshoot/errors#'

/**
 * Makes `POST /auth` of Realm Object Server (PROTOCOL §8), for the clients that log in with a JWT: on the users and
 * sessions of the guard.
 *
 * @param auth what `customJwtAuth()` returned
 * @throws {ConfigurationError} without the option `session`
 * @see docs/realm-object-server.md
 * @example
 * app.use(realmObjectServerRoutes(auth))
 */
export function realmObjectServerRoutes(auth: Guard): Middleware {
  const { sessions, verify, now, events, maxTokenLength } = partsOf(auth)

  async function logIn(jwt: string): Promise<object> {
    const time = now()
    const verified = await verify(jwt, time)
    const { access_token, refresh_token } = await sessions.logIn(verified, undefined, time)
    const user = await sessions.authenticate(access_token, time)
    return { refresh_token: describe(refresh_token, user, { access: ['refresh'] }) }
  }

  async function openRealm(refreshToken: string, path: string): Promise<object> {
    const time = now()
    const { access_token } = await sessions.refresh(refreshToken, time)
    const user = await sessions.authenticate(access_token, time)
    const resolved = path.replace(/^\/~(?=\/|$)/, () => `/${identityOf(user)}`)
    return { access_token: describe(access_token, user, { path: resolved, access: ['download', 'upload'] }) }
  }

  const authenticate = jsonRoute(async ({ body }) => {
    const { provider, data, path } = (body ?? {}) as Partial<Record<string, unknown>>
    const kind = textAt('provider', provider)
    if (kind !== 'jwt' && kind !== 'realm') throw invalid("'provider'", "'jwt' or 'realm'")
    const token = textAt('data', data)
    return {
      status: 200,
      body: await (kind === 'jwt' ? logIn(token) : openRealm(token, textAt('path', path))),
    }
  })

  const router = express.Router()
  router.post('/auth', ...parseJson(maxTokenLength), authenticate, answerErrors(events, sendProblem))
  return router as unknown as Middleware
}

function partsOf(auth: Guard): RouteParts {
  const routeParts = (auth as { readonly [ROUTE_PARTS]?: () => RouteParts } | undefined)?.[ROUTE_PARTS]
  if (routeParts) return routeParts()
  const fix = 'Pass what customJwtAuth() returned'
  throw new ConfigurationError([{ option: 'realmObjectServerRoutes(auth)', problem: 'is no guard', fix }])
}

/** A token as the old server described it. Nothing enforces `access`, but realm-java reads no token without it. */
function describe(token: string, user: User, more: { readonly access: readonly string[]; path?: string }) {
  const expires = readUnverifiedClaims(token)?.exp
  const is_admin = user.data.isAdmin === true
  return { token, token_data: { identity: identityOf(user), is_admin, expires, ...more } }
}

/** The user's id at the old server, which names files on the client. A linked identity does not change it. */
function identityOf(user: User): string {
  return (user.identities.find(({ provider_type }) => provider_type === PROVIDER) ?? user).id
}

function sendProblem(res: ServerResponse, error: AuthError): void {
  const { status, message: title, headers } = error
  const { type, code } = problemOf(error)
  sendJson(res, status, { type, title, status, code }, headers)
}

/** Where the old server had no code of its own, its clients know the status as one. */
function problemOf({ status, code, error_code }: AuthError): { type: string; code: number } {
  if (status === 401) return { type: `${PROBLEM_TYPE}invalid-credentials`, code: 611 }
  if (error_code === 'MissingParameter' || code === 'BODY_INVALID')
    return { type: `${PROBLEM_TYPE}missing-parameters`, code: 602 }
  if (status === 400) return { type: `${PROBLEM_TYPE}invalid-parameters`, code: 601 }
  return { type: 'about:blank', code: status }
}
