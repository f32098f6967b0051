import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { FetchedJson } from '../keys/issuer-client.js'
import type { JwksOptions } from '../options.js'

type RequestOptions = Pick<JwksOptions, 'headers' | 'agent' | 'fetch'>

/** A response, as Node's client and `fetch` both can give it. */
interface IssuerResponse {
  readonly status: number
  readonly location: string | undefined
  readonly cacheControl: string | undefined
  readonly body: AsyncIterable<Uint8Array>
}

const MAX_BODY_BYTES = 512 * 1024
const MAX_REDIRECTS = 3

/**
 * Gets JSON from an issuer: a bounded body, and redirects on the same origin only.
 * @param signal ends it at any point: the deadline is the caller's
 * @throws {Error} saying what was wrong with the answer
 */
export async function fetchJson(
  url: URL,
  options: RequestOptions,
  signal: AbortSignal,
): Promise<FetchedJson> {
  let target = url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await (options.fetch
      ? getWithFetch(options.fetch, target, options, signal)
      : getWithNode(target, options, signal))
    if (response.status >= 300 && response.status < 400) {
      target = redirectTarget(target, response.location)
      continue
    }
    if (response.status !== 200) throw new Error(`${target.href} answered ${response.status}`)
    return { body: await readJson(target, response.body), maxAgeSeconds: readMaxAge(response.cacheControl) }
  }
  throw new Error(`${url.href} redirected more than ${MAX_REDIRECTS} times`)
}

function getWithNode(
  url: URL,
  { headers, agent }: RequestOptions,
  signal: AbortSignal,
): Promise<IssuerResponse> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    // Without an agent each request has a connection of its own, and leaves no socket behind.
    request(url, { headers: { accept: 'application/json', ...headers }, agent: agent ?? false, signal })
      .on('error', reject)
      .on('response', (response) => {
        const { statusCode: status = 0, headers } = response
        resolve({
          status,
          location: headers.location,
          cacheControl: headers['cache-control'],
          body: response,
        })
      })
      .end()
  })
}

async function getWithFetch(
  fetch: typeof globalThis.fetch,
  url: URL,
  { headers }: RequestOptions,
  signal: AbortSignal,
): Promise<IssuerResponse> {
  const response = await fetch(url, {
    headers: { accept: 'application/json', ...headers },
    redirect: 'manual',
    signal,
  })
  return {
    status: response.status,
    location: response.headers.get('location') ?? undefined,
    cacheControl: response.headers.get('cache-control') ?? undefined,
    body: response.body ?? emptyBody(),
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  // nothing
}

async function readJson(url: URL, body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop destroys the response.
  for await (const chunk of body) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new Error(`${url.href} answered with more than ${MAX_BODY_BYTES} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new Error(`${url.href} answered with something that is not JSON`)
  }
}

function redirectTarget(from: URL, location: string | undefined): URL {
  const target =
    location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : undefined
  if (target?.origin === from.origin) return target
  throw new Error(`${from.href} redirects to another host: configure the URL that it redirects to`)
}

function readMaxAge(cacheControl = ''): number | undefined {
  if (/\bno-(?:store|cache)\b/i.test(cacheControl)) return 0
  const [, seconds] = /\bmax-age=(\d{1,9})\b/i.exec(cacheControl) ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
