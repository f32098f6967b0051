import type { IncomingMessage, ServerResponse } from 'node:http'
import { authError } from '../errors.js'
import type { CredentialKind, Events } from '../events.js'
import { isPromise } from '../maybe-promise.js'
import type { MaybePromise, User } from '../user.js'
import { readCredentials, type Credentials } from './credentials.js'
import { toAuthError } from './error-response.js'

/** What Express, Connect and a bare `node:http` handler call. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void

type Next = (error?: unknown) => void

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
  function accept(
    req: IncomingMessage & { user?: User },
    user: User,
    kind: CredentialKind,
    next: Next,
  ): void {
    req.user = user
    events.authenticated(user.id, kind)
    next()
  }

  function refuse(reason: unknown, next: Next): void {
    const error = toAuthError(reason)
    events.rejected(error)
    next(error)
  }

  // On its own, so that a user who is known costs no closure.
  function acceptLater(req: IncomingMessage, user: Promise<User>, kind: CredentialKind, next: Next): void {
    user.then(
      (authenticated) => {
        accept(req, authenticated, kind, next)
      },
      (reason: unknown) => {
        refuse(reason, next)
      },
    )
  }

  return function customJwtAuth(req, _res, next) {
    let kind: CredentialKind | undefined
    let user!: MaybePromise<User>
    try {
      const credentials = readCredentials(req)
      if (credentials) {
        kind = kindOf(credentials)
        user = authenticate(kind, credentials.token)
      } else if (credentialsRequired) throw authError('CREDENTIALS_MISSING')
    } catch (error) {
      refuse(error, next)
      return
    }
    // Outside of the try: what a handler throws is not ours to answer.
    if (!kind) next()
    else if (isPromise(user)) acceptLater(req, user, kind, next)
    else accept(req, user, kind, next)
  }
}
