import { isIPv4 } from 'node:net'

/** Where keys may be taken from. */
export interface UrlRules {
  /** Whether plain `http:` is also allowed to other machines. */
  readonly allowHttp: boolean
}

/** A URL that an option may name as a source of keys: https, or plain http on this machine; undefined otherwise. */
export function parseIssuerUrl(
  text: string,
  { allowHttp }: UrlRules = { allowHttp: false },
): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:') return url
  return url?.protocol === 'http:' && (allowHttp || isLoopback(url)) ? url : undefined
}

/**
 * A URL that an issuer's document may name. Only an issuer on this machine may name this machine: any other could make
 * us call services that only listen locally.
 */
export function parseNamedUrl(text: string, issuer: URL, rules: UrlRules): URL | undefined {
  const url = parseIssuerUrl(text, rules)
  return url && leadsHere(url) && !leadsHere(issuer) ? undefined : url
}

/** A URL for messages, without what may be secret: a password, or a key in the query. */
export function publicPart({ origin, pathname }: URL): string {
  return origin + pathname
}

/** The text without trailing slashes. A regular expression could take quadratic time. */
export function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

/** Whether a host is this machine, or may be resolved to it by some resolvers. */
function leadsHere(url: URL): boolean {
  const { hostname } = url
  return (
    isLoopback(url) ||
    ['0.0.0.0', '[::]'].includes(hostname) ||
    hostname.startsWith('[::ffff:7f') ||
    /(?:^|\.)localhost\.?$/.test(hostname)
  )
}
