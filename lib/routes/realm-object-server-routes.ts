import type { ServerResponse } from 'node:http'
import type { AuthError } from '../errors.js'
import { sendJson } from '../http/error-response.js'
import type { Middleware } from '../http/middleware.js'
import { readUnverifiedClaims } from '../jws/compact.js'
import { PROVIDER, type User } from '../user.js'
import { readJson } from './json-body.js'
import { answerErrors, jsonRoute, type RouteParts } from './json-routes.js'
import { invalid, objectAt, textAt } from './login-body.js'

/** The identifiers of the old server's own problem documents. */
const PROBLEM_TYPE = 'https://docs.realm.io/server/troubleshoot/errors#'

/** Makes `POST /auth` of Realm Object Server (PROTOCOL §8), for the clients that log in with a JWT. */
export function createRealmObjectServerRoutes(parts: RouteParts): Middleware {
  const { sessions, verify, now, events, maxTokenLength } = parts

  async function logIn(jwt: string): Promise<object> {
    const time = now()
    const verified = await verify(jwt, time)
    const { accessToken, refreshToken } = await sessions.logIn(verified, undefined, time)
    const { user } = await sessions.authenticate(accessToken, time)
    return { refresh_token: describe(refreshToken, user, { access: ['refresh'] }) }
  }

  async function openRealm(refreshToken: string, path: string): Promise<object> {
    const time = now()
    const { accessToken } = await sessions.refresh(refreshToken, time)
    const { user } = await sessions.authenticate(accessToken, time)
    const resolved = path.replace(/^\/~(?=\/|$)/, () => `/${identityOf(user)}`)
    return { access_token: describe(accessToken, user, { path: resolved, access: ['download', 'upload'] }) }
  }

  const authenticate = jsonRoute(async (req) => {
    const { provider, data, path } = objectAt('the request body', await readJson(req, maxTokenLength))
    const kind = textAt('provider', provider)
    if (kind !== 'jwt' && kind !== 'realm') throw invalid("'provider'", "'jwt' or 'realm'")
    const token = textAt('data', data)
    const body = kind === 'jwt' ? logIn(token) : openRealm(token, textAt('path', path))
    return { status: 200, body: await body }
  })

  const answerError = answerErrors(events, sendProblem)
  return function customJwtAuthRealmObjectServerRoutes(req, res, next) {
    if (req.method !== 'POST' || !/^\/auth\/?(?:\?|$)/i.test(req.url ?? '')) next()
    else
      authenticate(req, res, (error) => {
        answerError(error, req, res, next)
      })
  }
}

/** A token as the old server described it. Nothing enforces `access`, but realm-java does not read a token without it. */
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

/** Where the old server had no code of its own, its clients use the status. */
function problemOf({ status, code, error_code }: AuthError): { type: string; code: number } {
  if (status === 401) return { type: `${PROBLEM_TYPE}invalid-credentials`, code: 611 }
  if (error_code === 'MissingParameter' || code === 'BODY_INVALID')
    return { type: `${PROBLEM_TYPE}missing-parameters`, code: 602 }
  if (status === 400) return { type: `${PROBLEM_TYPE}invalid-parameters`, code: 601 }
  return { type: 'about:blank', code: status }
}
