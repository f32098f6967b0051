import { authError, type ErrorDetail } from '../errors.js'

/** The credentials of a request (PROTOCOL §1). */
export interface Credentials {
  readonly header: 'authorization' | 'jwttokenstring'
  readonly token: string
}

/** The parts of a request that are read. */
export interface RequestHeaders {
  readonly headers?: Readonly<Record<string, HeaderValue>> | null
  /** Names and values alternate, as in Node. */
  readonly rawHeaders?: readonly string[] | undefined
}

/** Not every request comes from Node itself: adapters and tests may pass lists of values, or null for none. */
export type HeaderValue = string | readonly string[] | null | undefined

// RFC 9110 §11.4 wants a space, but with a tab the intent is clear too: a credential, good or bad, not a missing one.
const BEARER = /^bearer(?:[ \t]+|$)/i

/**
 * Reads the credentials of a request. A bearer token comes first, without a fallback to the `jwtTokenString` header;
 * other schemes are ignored.
 * @returns undefined when there are none; missing is not invalid
 * @throws {AuthError} CREDENTIALS_DUPLICATED
 */
export function readCredentials(req: RequestHeaders): Credentials | undefined {
  const headers = req.headers ?? {}
  refuseDuplicates(req)
  const authorization = onlyValue('Authorization', headers.authorization) ?? ''
  const scheme = BEARER.exec(authorization)
  if (scheme) return { header: 'authorization', token: authorization.slice(scheme[0].length).trimEnd() }
  const token = onlyValue('jwtTokenString', headers.jwttokenstring)
  return token === undefined ? undefined : { header: 'jwttokenstring', token: token.trim() }
}

function isAbsent(value: HeaderValue): value is null | undefined {
  return value === undefined || value === null
}

function onlyValue(name: string, value: HeaderValue): string | undefined {
  if (isAbsent(value)) return undefined
  if (typeof value === 'string') return value
  if (value.length > 1) throw duplicated(name)
  return onlyValue(name, value[0])
}

// Node keeps the first Authorization header and joins the values of a custom one, so only rawHeaders shows duplicates.
function refuseDuplicates({ rawHeaders }: RequestHeaders): void {
  if (!rawHeaders) return
  let authorization = 0
  let jwtTokenString = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? ''
    if (name.length === 13 && name.toLowerCase() === 'authorization') authorization += 1
    else if (name.length === 14 && name.toLowerCase() === 'jwttokenstring') jwtTokenString += 1
  }
  if (authorization > 1) throw duplicated('Authorization')
  if (jwtTokenString > 1) throw duplicated('jwtTokenString')
}

function duplicated(name: string) {
  return authError('CREDENTIALS_DUPLICATED', { reason: `the ${name} header was sent more than once` })
}

/** What people write in place of Bearer. Any other first word may be a secret. */
const SCHEME = /^(?:jwt|token|basic|digest|negotiate|apikey|oauth)(?= )/i

/**
 * What a request without credentials has instead. Shows at most the name of a scheme.
 * @param hasOption whether the option `credentials` was tried as well
 */
export function missingCredentials(req: RequestHeaders, hasOption = false): ErrorDetail {
  const check = 'credentials'
  const headers = 'the header jwtTokenString, or Authorization: Bearer'
  const expected = hasOption ? `a token found by the option credentials, or ${headers}` : headers
  const { authorization } = req.headers ?? {}
  if (isAbsent(authorization)) return { check, expected, got: 'neither', fix: 'Send one of them' }
  const [scheme] = SCHEME.exec(String(authorization)) ?? []
  const got =
    scheme === undefined ? 'Authorization without a known scheme' : `Authorization with the scheme ${scheme}`
  const fix = `Write Bearer ${scheme === undefined ? 'and a space before the token' : `in place of ${scheme}`}, or send the issuer's token in the header jwtTokenString`
  return { check, expected, got, fix }
}

/** What is missing when a request has no user: its credentials, or a guard that reads them. */
export function missingUser(req: RequestHeaders): ErrorDetail {
  const { authorization, jwttokenstring } = req.headers ?? {}
  if (isAbsent(authorization) && isAbsent(jwttokenstring)) return missingCredentials(req)
  const fix = 'Mount the guard in front of the route: app.use(auth)'
  return { check: 'credentials', expected: 'req.user, which the guard sets', got: 'no user', fix }
}
