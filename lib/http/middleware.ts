import type { IncomingMessage, ServerResponse } from 'node:http'
import { authError } from '../errors.js'
import type { CredentialKind, Events } from '../events.js'
import { isPromise } from '../promises.js'
import type { MaybePromise, User } from '../user.js'
import { readCredentials, type Credentials } from './credentials.js'
import { toAuthError } from './error-response.js'

/** What Express, Connect and a bare `node:http` handler call. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void

export interface MiddlewareParts {
  readonly credentialsRequired: boolean
  /** Which kind of token the credentials are. */
  readonly kindOf: (credentials: Credentials) => CredentialKind
  /** The user of a token. Throws, or rejects with, an AuthError. */
  readonly authenticate: (kind: CredentialKind, token: string) => MaybePromise<User>
  readonly events: Events
}

/** Makes the guard: `next()` with `req.user` set, or `next(error)`. What it can answer at once, it does. */
export function createMiddleware({
  credentialsRequired,
  kindOf,
  authenticate,
  events,
}: MiddlewareParts): Middleware {
  return function customJwtAuth(req, _res, next) {
    const refuse = (reason: unknown): void => {
      const error = toAuthError(reason)
      events.rejected(error)
      next(error)
    }
    let attempt: { kind: CredentialKind; user: MaybePromise<User> } | undefined
    try {
      const credentials = readCredentials(req)
      if (credentials) {
        const kind = kindOf(credentials)
        attempt = { kind, user: authenticate(kind, credentials.token) }
      } else if (credentialsRequired) throw authError('CREDENTIALS_MISSING')
    } catch (error) {
      refuse(error)
      return
    }
    // Outside of the try: what a handler throws is not ours to answer.
    if (!attempt) {
      next()
      return
    }
    const { kind, user } = attempt
    const accept = (authenticated: User): void => {
      const request: IncomingMessage & { user?: User } = req
      request.user = authenticated
      events.authenticated({ userId: authenticated.id, credential: kind })
      next()
    }
    if (isPromise(user)) user.then(accept, refuse)
    else accept(user)
  }
}
