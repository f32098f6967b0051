import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { ConfigurationError } from '../configuration-error.js'
import { isAuthError } from '../errors.js'
import type { Middleware } from '../http/middleware.js'
import { readJson } from '../routes/json-body.js'
import { otherSiteIn, strangerIn } from './loopback-only.js'
import { CONTENT_SECURITY_POLICY, pageHtml } from './page/html.js'
import { reportAsJson, reportOn, type Configuration } from './report.js'

/** As long as the longest token that is explained. */
const MAX_TOKEN_LENGTH = 1_000_000

export interface InspectPageParts {
  /** At least one. */
  readonly configurations: readonly Configuration[]
  /** Epoch seconds. */
  readonly now: () => number
  /** A token that the page gets once, when it is opened. */
  readonly token?: string
}

/** Answers every request it gets: the page to GET, reports to POST. */
export type InspectPage = (req: IncomingMessage, res: ServerResponse) => void

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/**
 * Makes the page that explains tokens, for one person on this machine. A token is sent only in the body of a POST, and
 * forgotten once that is answered.
 */
export function createInspectPage({ configurations, now, token }: InspectPageParts): InspectPage {
  /** Only the page knows it, and no other site can read the page. */
  const secret = randomBytes(24).toString('base64url')
  let handedOver = token

  function knowsSecret({ headers }: IncomingMessage): boolean {
    const given = Buffer.from(String(headers['x-page-secret'] ?? ''))
    return given.length === secret.length && timingSafeEqual(given, Buffer.from(secret))
  }

  async function answerPost(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const other = otherSiteIn(req)
    if (other !== undefined) {
      sendError(res, 403, other)
      return
    }
    if (!knowsSecret(req)) {
      sendError(res, 403, 'this page is from before a restart: reload it')
      return
    }
    const body = ((await readJson(req, MAX_TOKEN_LENGTH)) ?? {}) as { token?: unknown; handOver?: unknown }
    if (typeof body.token === 'string')
      send(res, 200, 'json', reportAsJson(await reportOn(body.token, configurations, now())))
    else if (body.handOver === true && handedOver !== undefined) {
      const given = handedOver
      handedOver = undefined
      send(res, 200, 'json', JSON.stringify({ token: given }))
    } else sendError(res, 404, 'no token was sent')
  }

  return (req, res) => {
    const stranger = strangerIn(req)
    if (stranger !== undefined) sendError(res, 403, stranger)
    else if (req.method === 'POST')
      answerPost(req, res).catch((error: unknown) => {
        if (isAuthError(error)) sendError(res, error.status, error.message)
        else sendError(res, 503, `the token could not be inspected: ${messageOf(error)}`)
      })
    else if (req.method === 'GET' || req.method === 'HEAD') {
      const names = configurations.map(({ name }) => name)
      send(res, 200, 'html', pageHtml({ secret, names, isTokenWaiting: handedOver !== undefined }))
    } else sendError(res, 405, 'this page supports only GET and POST', { Allow: 'GET, HEAD, POST' })
  }
}

/**
 * The page as middleware for an app in development. It answers only at its mount path, and passes deeper paths on.
 * @throws {ConfigurationError} in production
 */
export function createInspectRoute(parts: InspectPageParts, production: boolean): Middleware {
  if (production)
    throw new ConfigurationError([
      {
        option: 'inspectPage()',
        problem: 'is a page for development, but NODE_ENV is production',
        fix: 'Mount it only outside production; for a production token, use npx custom-jwt-auth inspect',
      },
    ])
  const page = createInspectPage(parts)
  return function customJwtAuthInspectPage(req, res, next) {
    const [path = ''] = (req.url ?? '').split('?', 1)
    if (path === '/' || path === '') page(req, res)
    else next()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function sendError(res: ServerResponse, status: number, reason: string, headers: object = {}): void {
  send(res, status, 'json', JSON.stringify({ error: reason }), headers)
}

function send(
  res: ServerResponse,
  status: number,
  type: 'html' | 'json',
  text: string,
  headers: object = {},
): void {
  const mediaType = type === 'html' ? 'text/html; charset=utf-8' : 'application/json'
  res.writeHead(status, {
    ...HEADERS,
    ...headers,
    'Content-Type': mediaType,
    'Content-Length': Buffer.byteLength(text),
  })
  res.end(text)
}
