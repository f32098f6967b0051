import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { printable } from '../../printable.js'
import { publicPart } from './issuer-url.js'
import { headersFor, secretsOf, type RequestRules } from './request-rules.js'

/** A JSON document from the issuer. */
export interface FetchedJson {
  readonly body: unknown
  /** The response's `Cache-Control: max-age`; 0 for `no-store` and `no-cache`. */
  readonly maxAgeSeconds: number | undefined
}

/** Fetches a document from the issuer. */
export type GetJson = (url: URL) => Promise<FetchedJson>

/** What Node's client and `fetch` have in common in their responses. */
interface IssuerResponse {
  readonly status: number
  readonly location: string | undefined
  readonly cacheControl: string | undefined
  readonly body: AsyncIterable<Uint8Array>
  /** Closes the connection when the body will not be read. */
  readonly discard: () => void
}

const MAX_BODY_BYTES = 512 * 1024
const MAX_REDIRECTS = 3

/**
 * Gets JSON from an issuer: a bounded body, and redirects on the same origin only.
 * @param signal aborts at any point: the caller sets the deadline
 * @throws {Error} saying what was wrong with the answer
 */
export async function fetchJson(url: URL, rules: RequestRules, signal: AbortSignal): Promise<FetchedJson> {
  let target = url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const { status, location, cacheControl, body, discard } = await get(target, rules, signal)
    if (status === 200)
      return {
        body: parseJson(target, await readBody(target, body, rules)),
        maxAgeSeconds: readMaxAge(cacheControl),
      }
    discard()
    if (status < 300 || status >= 400 || location === undefined) throw failure(target, `answered ${status}`)
    target = redirectTarget(target, location)
  }
  throw failure(url, `redirected more than ${MAX_REDIRECTS} times`)
}

async function get(url: URL, rules: RequestRules, signal: AbortSignal): Promise<IssuerResponse> {
  const { fetch, agent } = rules
  const headers = headersFor(url, rules)
  // User and password go into a header: `fetch` refuses a URL with them, and Node's client one with a stray `%` there.
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  try {
    return await (fetch
      ? getWithFetch(fetch, bare, headers, signal)
      : getWithNode(bare, headers, agent, signal))
  } catch (error) {
    throw failure(url, `could not be fetched: ${reasonOf(error, secretsOf(url, rules))}`)
  }
}

function getWithNode(
  url: URL,
  headers: Readonly<Record<string, string>>,
  agent: RequestRules['agent'],
  signal: AbortSignal,
): Promise<IssuerResponse> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  // The app's own agent may keep its sockets open. Without one, no socket is left behind.
  const connection = agent ? {} : { connection: 'close' }
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'identity', ...connection, ...headers }, agent, signal })
      .on('error', reject)
      .on('response', (response) => {
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          cacheControl: response.headers['cache-control'],
          body: response,
          discard: () => response.destroy(),
        })
      })
      .end()
  })
}

async function getWithFetch(
  fetch: typeof globalThis.fetch,
  url: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<IssuerResponse> {
  const response = await fetch(url, { headers, redirect: 'manual', signal })
  return {
    status: response.status,
    location: response.headers.get('location') ?? undefined,
    cacheControl: response.headers.get('cache-control') ?? undefined,
    body: response.body ?? emptyBody(),
    discard() {
      response.body?.cancel().catch(() => undefined) // there is nothing left to end
    },
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  // nothing
}

async function readBody(url: URL, body: AsyncIterable<Uint8Array>, rules: RequestRules): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    // Leaving the loop closes the connection.
    for await (const chunk of body) {
      size += chunk.length
      if (size > MAX_BODY_BYTES) break
      chunks.push(chunk)
    }
  } catch (error) {
    throw failure(url, `broke off its answer: ${reasonOf(error, secretsOf(url, rules))}`)
  }
  if (size > MAX_BODY_BYTES) throw failure(url, `answered with more than ${MAX_BODY_BYTES} bytes`)
  return Buffer.concat(chunks)
}

function parseJson(url: URL, body: Uint8Array): unknown {
  try {
    // Unlike Buffer.toString(), this strips a byte order mark.
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw failure(url, 'answered with something that is not JSON')
  }
}

function redirectTarget(from: URL, location: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (target?.origin === from.origin) return target
  throw failure(from, 'redirects to another host: configure the URL that it redirects to')
}

/** The message contains the URL without its secret parts. */
function failure(url: URL, what: string): Error {
  return new Error(printable(`${publicPart(url)} ${what}`))
}

/**
 * The reason in words. When a host has several addresses, Node has it only in the code; `fetch` has it in the cause.
 * The error itself goes no further, since it may contain what was sent, and a message that does is left out too.
 */
function reasonOf(error: unknown, secrets: readonly string[]): string {
  const { message = '', code, cause } = (error ?? {}) as { message?: string; code?: string; cause?: unknown }
  if (cause !== undefined) return reasonOf(cause, secrets)
  const told = [message, code].find(
    (text) => typeof text === 'string' && text !== '' && !secrets.some((secret) => text.includes(secret)),
  )
  return told ?? 'an error that holds what was sent'
}

function readMaxAge(cacheControl = ''): number | undefined {
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  const seconds = /\bmax-age=(\d{1,9})\b/i.exec(cacheControl)?.[1]
  return seconds === undefined ? undefined : Number(seconds)
}
