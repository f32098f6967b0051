import { checked, host, ISSUER_DEFAULTS, listOf, oneOrMore, optional, text } from './parameters.js'

/**
 * Options for the access tokens of Kinde. Their `aud` is empty unless the app requests an API; `azp` names the app.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#kinde
 */
export function kinde(parameters: {
  /** E.g. `my-business.kinde.com`, or the custom domain. */
  readonly domain: string
  /** The Client ID of the application, or applications, whose tokens are accepted (`azp`). */
  readonly clientId: string | readonly string[]
  /** The audience of the API, which the app has to request. Default: `aud` is not checked. */
  readonly audience?: string
}) {
  const { domain, clientId, audience } = checked('kinde', parameters, {
    domain: host('Pass the domain alone, e.g. my-business.kinde.com'),
    clientId: oneOrMore(text('Pass the Client ID of the application (Settings > Applications > Details)')),
    audience: optional(text('Pass the audience of the API (Settings > APIs)')),
  })
  const issuer = `https://${domain}` as const
  return {
    jwkUri: `${issuer}/.well-known/jwks`,
    issuer,
    audience: audience === undefined ? null : [audience],
    requiredClaims: { azp: listOf(clientId) },
    ...ISSUER_DEFAULTS,
  } as const
}
