import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { authError } from '../errors.js'

/** What Express adds to a request; all of it is absent in Connect and `node:http`. */
interface ExpressRequest extends IncomingMessage {
  readonly app?: { get(name: string): unknown }
  readonly protocol?: string
}

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/**
 * The base URL as the client of a request sees it. A forwarded header counts only from a proxy that the app's
 * `trust proxy` setting trusts.
 * @param mountPath the path that the routes are mounted on
 * @throws {AuthError} PARAMETER_INVALID when the request names no host, or something that is not one
 */
export function requestBaseUrl(req: IncomingMessage, mountPath: string): string {
  // HTTP/2 has the host in a pseudo-header.
  const host = forwardedHost(req) ?? req.headers.host ?? req.headers[':authority']
  if (typeof host !== 'string' || !HOST.test(host))
    throw authError('PARAMETER_INVALID', { reason: 'the Host header does not name a host' })
  return `${isSecure(req) ? 'https' : 'http'}://${host}${mountPath}`
}

/** Whether a proxy says that the client connected over TLS, but is not trusted. */
export function isTlsOverlooked(req: IncomingMessage): boolean {
  return /^\s*https\b/i.test(String(req.headers['x-forwarded-proto'] ?? '')) && !isSecure(req)
}

function isSecure(req: ExpressRequest): boolean {
  // Express takes X-Forwarded-Proto from a trusted proxy as it is.
  return (req.protocol ?? '') === 'https' || (req.socket as Partial<TLSSocket>).encrypted === true
}

function forwardedHost(req: ExpressRequest): string | undefined {
  const trusts = req.app?.get('trust proxy fn') as ((address: string, hop: number) => boolean) | undefined
  const forwarded = req.headers['x-forwarded-host']
  if (!forwarded || !trusts?.(req.socket.remoteAddress ?? '', 0)) return undefined
  return String(forwarded).split(',')[0]?.trim()
}
