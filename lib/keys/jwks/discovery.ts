import { printable } from '../../printable.js'
import type { MaybePromise } from '../../user.js'
import type { GetJson } from './fetch-json.js'
import { parseNamedUrl, withoutSlashes, type UrlRules } from './issuer-url.js'

const SHOWN_LENGTH = 200

/**
 * Finds an issuer's key set through its discovery document (OpenID Connect Discovery 1.0 §4).
 * @throws {Error} when the document is another issuer's (§4.3), or names no key set that may be used
 */
export function discoverKeySet(issuer: string, rules: UrlRules): (get: GetJson) => MaybePromise<URL> {
  const bare = withoutSlashes(issuer)
  const address = new URL(`${bare}/.well-known/openid-configuration`)
  return async (get) => {
    const { body } = await get(address)
    const { issuer: named, jwks_uri: uri } = (body ?? {}) as { issuer?: unknown; jwks_uri?: unknown }
    if (named !== issuer) {
      const hint =
        typeof named === 'string' && withoutSlashes(named) === bare ? ': they differ by a trailing slash' : ''
      const name = typeof named === 'string' ? printable(named.slice(0, SHOWN_LENGTH)) : 'nothing'
      throw new Error(`discover is ${issuer}, but the issuer calls itself ${name}${hint}`)
    }
    const url = typeof uri === 'string' ? parseNamedUrl(uri, address, rules) : undefined
    if (!url) throw new Error(`the discovery document of ${issuer} names no ${whatIsMissing(rules)}`)
    return url
  }
}

function whatIsMissing({ allowHttp }: UrlRules): string {
  return allowHttp ? 'jwks_uri that may be used' : 'https jwks_uri (see jwks.allowHttp)'
}
