import type { IncomingMessage } from 'node:http'
import { ConfigurationError } from '../configuration-error.js'
import type { Dependency } from '../dependency.js'
import { authError, type AuthError, type ErrorDetail } from '../errors.js'
import type { Claims } from '../jws/compact.js'
import { isPromise } from '../maybe-promise.js'
import { describe } from '../problems.js'
import { valueAt } from '../token/metadata.js'
import { parsePath } from '../token/metadata-options.js'
import type { MaybePromise, User, UserData } from '../user.js'
import { challenged } from './challenge.js'
import { missingUser } from './credentials.js'
import { contextOf } from './guard-context.js'
import { setHeaders, type Middleware } from './middleware.js'
import type { RequestAuth } from './request-auth.js'

/** A value that a claim must have, or must contain if the claim is a list. */
export type WantedClaim = string | number | boolean

// RFC 6749 §3.3: printable ASCII except space, quote and backslash.
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

export function isScope(text: string): boolean {
  return SCOPE.test(text)
}

/**
 * Lets a request through if its token has all of these scopes, in `scope` or `scp`, as a list or separated by spaces.
 * Mount it after the guard. Other requests go to `next(error)`: SCOPE_INSUFFICIENT (403, RFC 6750 §3.1), also for a
 * session, which has no claims; CREDENTIALS_MISSING (401) when nobody signed in.
 * @throws {ConfigurationError} at once, without a scope, or with a string that is not one (RFC 6749 §3.3)
 */
export function requireScopes(...scopes: readonly [string, ...string[]]): Middleware {
  const isWrong = scopes.some((scope) => typeof scope !== 'string' || !SCOPE.test(scope))
  if (scopes.length === 0 || isWrong)
    throw misuse(
      'requireScopes',
      'got no scope, or something that is not a scope',
      'Pass scopes such as read:orders, each as a separate string',
    )
  const wanted = [...new Set(scopes)]
  const scope = wanted.join(' ')
  return guardOfClaims(scope, (claims) => {
    const held = new Set([...scopesIn(claims, 'scope'), ...scopesIn(claims, 'scp')])
    const missing = wanted.filter((scope) => !held.has(scope))
    if (missing.length > 0) return insufficient(`the token lacks the scope ${missing.join(' ')}`, { scope })
    return undefined
  })
}

/**
 * Lets a request through if its token has one of the wanted values for every claim path; a claim that is a list must
 * contain one of them. Write a dot inside a name as `\.`. Refuses as {@link requireScopes} does.
 * @throws {ConfigurationError} at once, without a claim, or when a path or value is empty or of another type
 */
export function requireClaims(
  claims: Readonly<Record<string, WantedClaim | readonly WantedClaim[]>>,
): Middleware {
  const given = Object.entries((claims as typeof claims | null | undefined) ?? {})
  const rules = given.map(([name, values]) => ({
    name,
    path: parsePath(name),
    values: [values].flat(),
  }))
  const isWrong = rules.some(
    ({ path, values }) => path.includes('') || values.length === 0 || !values.every(isWanted),
  )
  if (rules.length === 0 || isWrong)
    throw misuse(
      'requireClaims',
      'got no claim, or a path or value that cannot be a claim',
      "Pass paths of claims and the values wanted, e.g. { role: ['clerk', 'admin'] }",
    )
  return guardOfClaims(undefined, (held) => {
    const failed = rules.find(({ path, values }) => {
      const value = valueAt(held, path)
      const items: readonly unknown[] = Array.isArray(value) ? value : [value]
      return !items.some((item) => values.includes(item as WantedClaim))
    })
    return failed && insufficient(`the token's claim ${JSON.stringify(failed.name)} does not allow this`)
  })
}

/**
 * Lets a request through if the predicate returns `true`, or a promise of it, for its user. Mount it after the guard;
 * it works with sessions too. Other requests go to `next(error)`: SCOPE_INSUFFICIENT (403) for any other answer,
 * PREDICATE_UNAVAILABLE (503) when the predicate throws or takes longer than the guard's `timeoutSeconds`,
 * CREDENTIALS_MISSING (401) when nobody signed in.
 * @throws {ConfigurationError} at once, when it is not a function
 * @example
 * app.get('/beta', auth, requireUser((user) => user.custom_data.plan === 'pro'), beta)
 */
export function requireUser<Data = UserData>(
  isAllowed: (user: User<Data>) => MaybePromise<boolean | undefined>,
): Middleware {
  if (typeof isAllowed !== 'function')
    throw misuse(
      'requireUser',
      `got ${describe(isAllowed)}`,
      "Pass a function of the user, e.g. (user) => user.custom_data.plan === 'pro'",
    )
  function judge(answer: unknown): AuthError | undefined {
    if (answer === true) return undefined
    const detail = {
      check: 'requireUser',
      expected: 'true',
      got: answer === undefined ? 'undefined' : describe(answer),
    }
    return insufficient('the user is not allowed to do this', { detail })
  }

  return guard(undefined, ({ user, dependency }) => {
    const failed = (error: unknown) =>
      authError('PREDICATE_UNAVAILABLE', { cause: (error as AuthError).cause ?? error })
    try {
      const answer = dependency('PREDICATE_UNAVAILABLE', () => isAllowed(user as User<Data>))
      return isPromise(answer) ? answer.then(judge, failed) : judge(answer)
    } catch (error) {
      return failed(error)
    }
  })
}

interface Seen {
  readonly user: User
  readonly auth: RequestAuth
  readonly dependency: Dependency
}

/**
 * Middleware that refuses with the error from `judge`, and with 401 when nobody signed in. Synchronous where possible.
 * @param scope the scopes that a token needs, for the challenge
 */
function guard(
  scope: string | undefined,
  judge: (seen: Seen) => MaybePromise<AuthError | undefined>,
): Middleware {
  return function customJwtAuthGuard(req: IncomingMessage & { auth?: RequestAuth; user?: User }, res, next) {
    const { auth, user } = req
    const { events, dependency, challenge } = contextOf(req)
    const answer = (refusal: AuthError | undefined): void => {
      const error = refusal && challenged(refusal, challenge)
      if (error) {
        events.rejected(error, req)
        setHeaders(res, error.headers)
      }
      next(error)
    }
    if (!auth || !user) {
      answer(authError('CREDENTIALS_MISSING', { detail: () => missingUser(req), scope }))
      return
    }
    const verdict = judge({ user, auth, dependency })
    if (isPromise(verdict)) void verdict.then(answer)
    else answer(verdict)
  }
}

function guardOfClaims(
  scope: string | undefined,
  judge: (claims: Claims) => AuthError | undefined,
): Middleware {
  return guard(scope, ({ auth: { claims } }) =>
    claims ? judge(claims) : insufficient('a session has no claims: send the token of the issuer', { scope }),
  )
}

function scopesIn(claims: Claims, name: string): readonly unknown[] {
  const value: unknown = valueAt(claims, [name])
  return typeof value === 'string' ? value.split(' ') : [value].flat()
}

function isWanted(value: unknown): boolean {
  return typeof value === 'boolean' || (typeof value === 'string' && value !== '') || Number.isFinite(value)
}

function insufficient(
  reason: string,
  more: { readonly scope?: string | undefined; readonly detail?: ErrorDetail } = {},
): AuthError {
  return authError('SCOPE_INSUFFICIENT', { reason, ...more })
}

function misuse(option: string, problem: string, fix: string): ConfigurationError {
  return new ConfigurationError([{ option, problem, fix }])
}
