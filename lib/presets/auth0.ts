import { checked, host, ISSUER_DEFAULTS, text } from './parameters.js'

/**
 * Options for the access tokens of Auth0, in both of its token profiles.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#auth0
 */
export function auth0(parameters: {
  /** The tenant's domain, or the custom domain that the app logs in with, e.g. `my-tenant.eu.auth0.com`. */
  readonly domain: string
  /** The identifier of the API, which the app requests as `audience`. */
  readonly audience: string
}) {
  const { domain, audience } = checked('auth0', parameters, {
    domain: host('Pass the domain alone, e.g. my-tenant.eu.auth0.com'),
    audience: text(
      "Pass the API's identifier (Applications > APIs)",
      [/\/userinfo$/, 'is the audience of the user info endpoint'],
      [/\/api\/v2\/$/, 'is the audience of the Management API'],
    ),
  })
  return {
    jwkUri: `https://${domain}/.well-known/jwks.json`,
    // The trailing slash is part of the issuer.
    issuer: `https://${domain}/`,
    audience: [audience],
    ...ISSUER_DEFAULTS,
  } as const
}
