import type { CredentialRequest } from './found-credentials.js'
import type { HeaderValue, RequestHeaders } from './credentials.js'

/** `Headers` of the web platform, and what is like it: pairs of name and value. */
export interface WebHeaders extends Iterable<readonly [name: string, value: string]> {
  /** The value of a header. */
  get(name: string): unknown
}

/**
 * What `auth.authenticate` takes: a token; a request of `node:http`, or whatever has its `headers`; a `Request` or `Headers`
 * of the web platform. Undefined and null are a missing credential, and so is anything else: it may come from a client.
 */
export type CredentialSource =
  | string
  | WebHeaders
  | {
      readonly headers: WebHeaders | Readonly<Record<string, unknown>>
      readonly rawHeaders?: readonly string[]
    }
  | null
  | undefined

/**
 * The headers of a source that is not a token. What is not a header is left out: a client's JSON may pose as a request,
 * which gains it nothing, since its credentials are judged as all others are.
 */
export function requestOf(source: unknown): RequestHeaders {
  const { headers = source, rawHeaders } = asObject(source)
  const isRaw = Array.isArray(rawHeaders) && rawHeaders.every((item) => typeof item === 'string')
  return { headers: readHeaders(asObject(headers)), rawHeaders: isRaw ? rawHeaders : undefined }
}

/** What the option `credentials` looks into: the source itself, where it has headers as Node has them. */
export function givenOf(source: unknown, req: RequestHeaders): CredentialRequest {
  const { headers } = asObject(source)
  const isPlain = typeof headers === 'object' && headers !== null && !isWebHeaders(headers)
  return (isPlain ? source : req) as CredentialRequest
}

/** As many as Node reads of a request. */
const MAX_HEADERS = 2000

/** By lower-case names. Whatever comes twice, if only in another case, is a list. */
function readHeaders(given: object): Readonly<Record<string, HeaderValue>> {
  const found = new Map<string, string[]>()
  let left = MAX_HEADERS
  for (const [name, value] of isWebHeaders(given) ? given : Object.entries(given)) {
    if (left === 0) break
    left -= 1
    if (typeof name !== 'string') continue
    const key = name.toLowerCase()
    const values = found.get(key) ?? []
    for (const item of [value].flat()) if (typeof item === 'string') values.push(item)
    found.set(key, values)
  }
  return Object.fromEntries(
    [...found].map(([name, values]) => [name, values.length > 1 ? values : values[0]]),
  )
}

function isWebHeaders(given: object): given is WebHeaders {
  const { get, [Symbol.iterator]: iterator } = given as Partial<WebHeaders>
  return typeof get === 'function' && typeof iterator === 'function'
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
