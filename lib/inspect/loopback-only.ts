import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'

/**
 * Why a request does not come from someone on this machine; undefined when it does. Checks the address, since an app
 * may listen on every interface; the Host header, since a foreign name may lead here (DNS rebinding); and forwarded
 * addresses, since a tunnel or proxy may be in between.
 */
export function strangerIn(req: IncomingMessage): string | undefined {
  // Requests from adapters may have no socket.
  const { remoteAddress } = (req as Partial<IncomingMessage>).socket ?? {}
  if (!isLoopback(remoteAddress)) return 'this page only answers connections from this machine'
  if (!isLoopback(hostnameOf(hostOf(req))))
    return 'open this page as localhost or 127.0.0.1, not by another name'
  return isForwarded(req) ? 'this page does not answer through a proxy' : undefined
}

/** Headers in which a proxy names its client, which must be this machine too, as behind a development server. */
const FORWARDED_FOR = [
  'x-forwarded-for',
  'x-forwarded-host',
  'x-real-ip',
  'cf-connecting-ip',
  'true-client-ip',
]

function isForwarded({ headers }: IncomingMessage): boolean {
  if (headers.forwarded !== undefined || headers.via !== undefined) return true
  if (headers['x-forwarded-proto'] !== undefined && headers['x-forwarded-for'] === undefined) return true
  const lists = FORWARDED_FOR.flatMap((name) => headers[name] ?? [])
  return lists.some((list) => !list.split(',').every((one) => isLoopback(hostnameOf(one.trim()) ?? one)))
}

/**
 * Why a request may have been sent by another site's page (CSRF); undefined when it was not. Every browser sends the
 * origin of a POST.
 */
export function otherSiteIn(req: IncomingMessage): string | undefined {
  const { origin = '', 'sec-fetch-site': site = 'same-origin' } = req.headers
  const isOwn = URL.canParse(origin) && new URL(origin).host === hostOf(req)?.toLowerCase()
  return isOwn && site === 'same-origin' ? undefined : 'this page only answers its own requests'
}

function hostOf({ headers }: IncomingMessage): string | undefined {
  return headers.host ?? (headers[':authority'] as string | undefined)
}

function hostnameOf(host = ''): string | undefined {
  // Only what a browser sends as a host: no user, no path.
  const url =
    /^[\w.:[\]-]+$/.test(host) && URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined
  return url?.hostname
}

function isLoopback(name = ''): boolean {
  const plain = name
    .trim()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:/i, '')
  return plain === '::1' || plain === 'localhost' || plain.endsWith('.localhost') || isLoopbackIPv4(plain)
}

function isLoopbackIPv4(name: string): boolean {
  return isIPv4(name) && name.startsWith('127.')
}
