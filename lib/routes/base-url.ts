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
 * @throws {AuthError} PARAMETER_INVALID when the request names no host, or something that is none
 */
export function requestBaseUrl(request: IncomingMessage, mountPath: string): string {
  const req: ExpressRequest = request
  // Express takes X-Forwarded-Proto from a trusted proxy as it is.
  const isSecure = (req.protocol ?? '') === 'https' || (req.socket as Partial<TLSSocket>).encrypted === true
  const host = forwardedHost(req) ?? req.headers.host
  if (host === undefined || !HOST.test(host))
    throw authError('PARAMETER_INVALID', { reason: 'the Host header does not name a host' })
  return `${isSecure ? 'https' : 'http'}://${host}${mountPath}`
}

function forwardedHost(req: ExpressRequest): string | undefined {
  const trusts = req.app?.get('trust proxy fn') as ((address: string, hop: number) => boolean) | undefined
  const forwarded = req.headers['x-forwarded-host']
  if (!forwarded || !trusts?.(req.socket.remoteAddress ?? '', 0)) return undefined
  return String(forwarded).split(',')[0]?.trim()
}
