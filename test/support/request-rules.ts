// How an issuer is asked, as options would say it.
import type { RequestRules } from '../../lib/keys/jwks/request-rules.js'
import { JWKS_OPTIONS, type JwksOptions } from '../../lib/keys/jwks/jwks-options.js'
import { requireOptions } from '../../lib/option-parsers.js'

/** @param url where the headers may go */
export function requestRules(options: JwksOptions, url: string): RequestRules {
  const { headers, agent, fetch } = requireOptions('jwks', JWKS_OPTIONS, options)
  return { headers, headersFor: new URL(url).origin, agent, fetch }
}
