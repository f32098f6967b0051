import type { MaybePromise } from '../../user.js'
import type { GetJson } from './issuer-client.js'

const SHOWN_LENGTH = 200

/** A URL that keys may be taken from: https, or plain http on this machine. Undefined when it is none. */
export function parseIssuerUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) return undefined
  const { protocol, hostname } = url
  const isLoopback = hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && isLoopback) ? url : undefined
}

/**
 * Finds an issuer's key set by its discovery document (OpenID Connect Discovery 1.0 §4).
 * @throws {Error} when the document is another issuer's (§4.3), or names no key set that keys may be taken from
 */
export function discoverKeySet(issuer: string): (get: GetJson) => MaybePromise<URL> {
  const bare = (text: string): string => text.replace(/\/+$/, '')
  const address = new URL(`${bare(issuer)}/.well-known/openid-configuration`)
  return async (get) => {
    const { body } = await get(address)
    const { issuer: named, jwks_uri: uri } = (body ?? {}) as { issuer?: unknown; jwks_uri?: unknown }
    if (named !== issuer) {
      const hint =
        typeof named === 'string' && bare(named) === bare(issuer) ? ': they differ by a trailing slash' : ''
      const name = typeof named === 'string' ? named.slice(0, SHOWN_LENGTH) : 'nothing'
      throw new Error(`discover is ${issuer}, but the issuer calls itself ${name}${hint}`)
    }
    const url = typeof uri === 'string' ? parseIssuerUrl(uri) : undefined
    if (!url) throw new Error(`the discovery document of ${issuer} names no https jwks_uri`)
    return url
  }
}
