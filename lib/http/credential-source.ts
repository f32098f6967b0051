import type { CredentialRequest } from './found-credentials.js'
import type { HeaderValue, RequestHeaders } from './credentials.js'

/** The web-standard `Headers`, or anything like it that iterates over pairs of name and value. */
export interface WebHeaders extends Iterable<readonly [name: string, value: string]> {
  /** The value of a header. */
  get(name: string): unknown
}

/**
 * What `auth.authenticate` takes: a token; a request of `node:http`, or anything with such `headers`; a web-standard
 * `Request` or `Headers`. Anything else, such as undefined or a client's input, is a missing credential.
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
 * The headers of a source that is not a token. Anything that is not a header is left out. A client's JSON may pose as a
 * request, which gains it nothing: its credentials are checked like all others.
 */
export function requestOf(source: unknown): RequestHeaders {
  const { headers = source, rawHeaders } = asObject(source)
  const isRaw = Array.isArray(rawHeaders) && rawHeaders.every((item) => typeof item === 'string')
  return { headers: readHeaders(asObject(headers)), rawHeaders: isRaw ? rawHeaders : undefined }
}

/** What the option `credentials` is called with: the source itself, if its headers have the form of Node's. */
export function givenOf(source: unknown, req: RequestHeaders): CredentialRequest {
  const { headers } = asObject(source)
  const isPlain = typeof headers === 'object' && headers !== null && !isWebHeaders(headers)
  return (isPlain ? source : req) as CredentialRequest
}

/** The same limit as Node's for a request. */
const MAX_HEADERS = 2000

/** By lowercase names. A header that comes more than once, also under different letter case, becomes a list. */
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
