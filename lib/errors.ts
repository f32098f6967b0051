import { inspect, type InspectOptions } from 'node:util'
import createError from 'http-errors'

interface ErrorRow {
  /** HTTP status: 4xx is the client's fault, 503 a dependency's. */
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 503
  /** The original service's code, which its SDKs match on. */
  readonly error_code: string
  /** What a client may read. Rows for third-party tokens add the original service's prefix. */
  readonly message: string
  readonly prefix?: string
}

const token = (message: string): ErrorRow => ({
  status: 401,
  error_code: 'AuthError',
  message,
  prefix: 'invalid custom auth token: ',
})
const request = (status: ErrorRow['status'], error_code: string, message: string): ErrorRow => ({
  status,
  error_code,
  message,
})
const session = (message: string): ErrorRow => request(401, 'InvalidSession', message)
const dependency = (): ErrorRow =>
  request(503, 'InternalServerError', 'temporarily unavailable, try again later')

/** Every way in which a request can fail. docs/errors.md explains each; a test keeps the two in sync. */
export const ERRORS = {
  CREDENTIALS_MISSING: request(401, 'InvalidParameter', 'no authentication methods were specified'),
  CREDENTIALS_DUPLICATED: request(400, 'InvalidParameter', 'a credential header was sent more than once'),

  SCOPE_INSUFFICIENT: request(403, 'AuthError', 'the token does not allow this'),

  TOKEN_TOO_LONG: token('token is too long'),
  TOKEN_SEGMENTS: token('token contains an invalid number of segments'),
  TOKEN_MALFORMED: token('token is malformed'),
  TOKEN_ALGORITHM: token("'alg' is not the configured signing algorithm"),
  TOKEN_TYPE: token("'typ' is not an allowed token type"),
  TOKEN_CRITICAL_HEADER: token("'crit' and 'b64' header parameters are not supported"),
  TOKEN_KEY_ID_MISSING: token("'kid' is missing"),
  TOKEN_KEY_ID_UNKNOWN: token("'kid' does not name a signing key"),
  TOKEN_SIGNATURE: token('signature is invalid'),
  TOKEN_SESSION: token('session tokens are not accepted here'),
  TOKEN_ISSUER: token("'iss' is not the configured issuer"),
  TOKEN_AUDIENCE_INVALID: token("'aud' must be a string or array of strings containing the clientAppId"),
  TOKEN_AUDIENCE_MISMATCH: token("audience not present in 'aud' claim"),
  TOKEN_SUBJECT: token("'sub' must be a non-empty string"),
  TOKEN_EXPIRED: token('token is expired'),
  TOKEN_NOT_YET_VALID: token('token is not valid yet'),
  TOKEN_DATE_INVALID: token("'exp', 'iat' and 'nbf' must be numbers, and 'exp' must be present"),
  TOKEN_CLAIM: token('a required claim is missing or has another value'),
  METADATA_MISSING: token('a required metadata field is missing'),
  METADATA_TYPE: token('a metadata field is of another type'),
  METADATA_TOO_LONG: token('a metadata field is too long'),
  METADATA_INVALID: token('a metadata field has a forbidden key'),

  PROVIDER_DISABLED: request(
    401,
    'AuthProviderNotFound',
    "authentication provider 'custom-token' is disabled",
  ),
  PROVIDER_UNKNOWN: request(401, 'AuthProviderNotFound', 'authentication provider not found'),

  USER_NOT_FOUND: session('invalid session: error finding user for endpoint'),
  USER_DISABLED: request(401, 'UserDisabled', 'user disabled'),
  IDENTITY_BLOCKED: request(401, 'UserDisabled', 'this identity is blocked'),
  USER_CREATION_REFUSED: request(401, 'AuthError', 'user creation was refused'),
  IDENTITY_TAKEN: request(409, 'AuthError', 'a user already exists with the specified provider'),

  IDENTITY_LIMIT: request(400, 'AuthError', 'the account has the maximum number of identities'),
  LINK_REFUSED: request(400, 'AuthError', 'linking the identity was refused'),
  IDENTITY_LAST: request(409, 'AuthError', 'the last identity of an account cannot be unlinked'),

  SESSION_INVALID: session('invalid session'),
  SESSION_OTHER_APP: request(403, 'AuthError', 'the session belongs to another App'),
  SESSION_NOT_CONFIGURED: request(
    401,
    'AuthError',
    "session tokens are not accepted here, and the issuer's tokens only in the jwtTokenString header",
  ),
  REFRESH_TOKEN_INVALID: session('invalid session: failed to find refresh token'),
  REFRESH_TOKEN_REUSED: session('invalid session: failed to find refresh token'),

  PARAMETER_MISSING: request(400, 'MissingParameter', 'a parameter is missing'),
  PARAMETER_INVALID: request(400, 'InvalidParameter', 'a parameter is invalid'),
  BODY_INVALID: request(400, 'InvalidParameter', 'the request body is not valid JSON'),
  BODY_TOO_LARGE: request(413, 'InvalidParameter', 'the request body is too large'),
  BODY_TYPE_UNSUPPORTED: request(415, 'InvalidParameter', 'the request body must be application/json'),
  ROUTE_NOT_FOUND: request(404, 'NotFound', 'no such endpoint'),

  STORE_UNAVAILABLE: dependency(),
  STORE_FULL: dependency(),
  CREDENTIALS_UNAVAILABLE: dependency(),
  HOOK_UNAVAILABLE: dependency(),
  PREDICATE_UNAVAILABLE: dependency(),
  CUSTOM_DATA_UNAVAILABLE: dependency(),
  USER_ID_UNAVAILABLE: dependency(),
  KEYS_UNAVAILABLE: dependency(),
  PROVIDERS_UNAVAILABLE: dependency(),
  UNEXPECTED: dependency(),
} as const satisfies Record<string, ErrorRow>

/** The stable name of a cause: what tests and apps should match on. */
export type ErrorCode = keyof typeof ERRORS

/** A failed check: what it expected and what it found. For the app's own log, never for the client. */
export interface ErrorDetail {
  /** What was checked, e.g. `audience`. */
  readonly check?: string
  /** What the configuration asks for, in words. */
  readonly expected?: string
  /** What was found instead, in words. */
  readonly got?: string
  /** What to do about it. */
  readonly fix?: string
  /** How many were refused for the same reason since the last report, where not each one is reported. */
  readonly count?: number
}

/** An http-errors instance, which frameworks turn into a response with the right status and headers. */
export interface AuthError extends Error {
  /** Names the cause. Each cause has its own code, which never changes: match on it. */
  readonly code: ErrorCode
  /** The original service's code, which its SDKs match on. */
  readonly error_code: string
  /** The HTTP status: 4xx for the client, 503 for a dependency. */
  readonly status: number
  /** The same as `status`, under the name that Connect reads. */
  readonly statusCode: number
  /** Whether `message` may be shown to the client: true for 4xx. */
  readonly expose: boolean
  /** `WWW-Authenticate` on 401 and SCOPE_INSUFFICIENT (RFC 6750 §3), `Retry-After` in seconds on 503. */
  readonly headers: Readonly<Record<string, string>>
  /** The full reason, for the app's own log. */
  readonly detail?: ErrorDetail
  /** The name of the provider whose token was refused, if it has one. */
  readonly provider?: string
  /** Where the package explains the code: `…/docs/errors.md#token_expired`. Not enumerable, so no client gets it. */
  readonly docs: string
}

/** A function is called only when the detail is read. */
type LazyDetail = ErrorDetail | (() => ErrorDetail)

interface Further {
  readonly detail?: LazyDetail | undefined
  readonly cause?: unknown
  readonly challenge?: string
  readonly isCounted?: boolean
  /** The scopes that the route needs, for the challenge. */
  readonly scope?: string | undefined
}

const BRAND = Symbol.for('custom-jwt-auth.error')
const COUNTED = Symbol.for('custom-jwt-auth.counted')
const RETRY_AFTER_SECONDS = '5'
const DOCS = 'node_modules/custom-jwt-auth/docs/errors.md'

/**
 * Makes the error for a code of {@link ERRORS}.
 * @param code the cause
 * @param more `reason` replaces the table's message (client-safe text only); `detail` is for the app's log, and a
 *   function is called only when it is read; `cause` is what a dependency threw; `challenge` replaces the message in
 *   `WWW-Authenticate` where clients match on the message; `isCounted`: only counted now, and logged with others later
 */
export function authError(code: ErrorCode, more: { reason?: string | undefined } & Further = {}): AuthError {
  const { status, error_code, prefix = '', message }: ErrorRow = ERRORS[code]
  return makeError(status, error_code, { ...more, code, message: prefix + (more.reason ?? message) })
}

function makeError(
  status: number,
  error_code: string,
  more: { code: ErrorCode; message: string } & Further,
): AuthError {
  const { code, message, detail } = more
  const headers = responseHeaders(status, code, more.challenge ?? message, more.scope)
  const error = createError(status, message, { code, error_code, headers })
  if (detail) defineDetail(error, detail)
  Object.defineProperty(error, 'docs', { value: `${DOCS}#${code.toLowerCase()}` })
  Object.defineProperty(error, BRAND, { value: true })
  if (more.isCounted) Object.defineProperty(error, COUNTED, { value: true })
  if ('cause' in more) Object.defineProperty(error, 'cause', { value: more.cause })
  return error as unknown as AuthError
}

/**
 * A refusal, turned into the answer to a link. The caller's session is valid there, and the original's clients react to
 * a 401 with a refresh and the same request, some of them endlessly, and to InvalidSession with a logout (PROTOCOL §4).
 */
export function asRefusedLink(error: AuthError): AuthError {
  if (error.status !== 401 || error.code === 'SESSION_INVALID' || error.code === 'USER_DISABLED') return error
  const { code, message, provider } = error
  const refusal = makeError(400, 'AuthError', {
    code,
    message,
    detail: () => error.detail ?? {},
    isCounted: isCounted(error),
    ...('cause' in error && { cause: error.cause }),
  })
  return provider === undefined ? refusal : Object.assign(refusal, { provider })
}

/** Anyone can cause refusals at any rate, so the text for the log costs nothing until it is read. */
function defineDetail(error: Error, detail: LazyDetail): void {
  const settle = (): ErrorDetail => {
    const value = typeof detail === 'function' ? detail() : detail
    Object.defineProperty(error, 'detail', { value })
    return value
  }
  Object.defineProperty(error, 'detail', { get: settle, configurable: true, enumerable: true })
  Object.defineProperty(error, inspect.custom, {
    // Otherwise console.log() would show [Getter].
    value(_depth: number, options: InspectOptions) {
      settle()
      return inspect(error, { ...options, customInspect: false })
    },
  })
}

/** Whether a value is one of this package's errors, even when another copy of the package made it. */
export function isAuthError(value: unknown): value is AuthError {
  return value instanceof Error && BRAND in value
}

/** Whether an error is only counted, and logged in one line with others. */
export function isCounted(error: AuthError): boolean {
  return COUNTED in error
}

function responseHeaders(
  status: number,
  code: ErrorCode,
  message: string,
  scope?: string,
): Record<string, string> {
  if (status === 503) return { 'Retry-After': RETRY_AFTER_SECONDS }
  const realm = 'Bearer realm="custom-jwt-auth"'
  const needed = scope === undefined ? '' : `, scope="${scope}"`
  if (code === 'SCOPE_INSUFFICIENT')
    return { 'WWW-Authenticate': `${realm}, error="insufficient_scope"${needed}` }
  if (status !== 401) return {}
  // RFC 6750 §3.1: a request without credentials gets no error code.
  if (code === 'CREDENTIALS_MISSING') return { 'WWW-Authenticate': realm + needed }
  // RFC 6750 §3: the description may contain no quotes, backslashes or non-ASCII characters.
  const description = message.replaceAll('"', "'").replace(/[^\x20-\x5b\x5d-\x7e]/g, '?')
  return { 'WWW-Authenticate': `${realm}, error="invalid_token", error_description="${description}"` }
}
