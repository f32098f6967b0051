import { isIPv4 } from 'node:net'

/** Where keys may be taken from. */
export interface UrlRules {
  /** Whether plain `http:` is allowed off this machine too. */
  readonly allowHttp: boolean
}

/** A URL that an option may name as a source of keys: https, or plain http on this machine. Undefined when it is not. */
export function parseIssuerUrl(
  text: string,
  { allowHttp }: UrlRules = { allowHttp: false },
): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:') return url
  return url?.protocol === 'http:' && (allowHttp || isLoopback(url)) ? url : undefined
}

/**
 * A URL that an issuer may name in turn. Only an issuer on this machine sends requests to this machine: another would
 * reach with them what listens for nobody else.
 */
export function parseNamedUrl(text: string, issuer: URL, rules: UrlRules): URL | undefined {
  const url = parseIssuerUrl(text, rules)
  return url && leadsHere(url) && !leadsHere(issuer) ? undefined : url
}

/** A URL for people: without what may be secret in it, a password or a key in the query. */
export function publicPart({ origin, pathname }: URL): string {
  return origin + pathname
}

/** A text without the slashes at its end. A regular expression would take quadratic time for some texts. */
export function withoutSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

/** Whether a host is, or may be resolved by someone's resolver to, this machine. */
function leadsHere(url: URL): boolean {
  const { hostname } = url
  return (
    isLoopback(url) ||
    ['0.0.0.0', '[::]'].includes(hostname) ||
    hostname.startsWith('[::ffff:7f') ||
    /(?:^|\.)localhost\.?$/.test(hostname)
  )
}
