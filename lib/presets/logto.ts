import { checked, ISSUER_DEFAULTS, oneOf, optional, text, url } from './parameters.js'

/**
 * Options for the access tokens that Logto issues for an API resource. Without a resource, they are not JWTs.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#logto
 */
export function logto(parameters: {
  /** E.g. `https://my-tenant.logto.app`, or your own server: the `iss` without `/oidc`. */
  readonly endpoint: string
  /** The API identifier, which the app requests as `resource`. */
  readonly audience: string
  /** The algorithm of the tenant's current signing key. Default: `ES384`. */
  readonly signingAlgorithm?: 'ES384' | 'RS256'
}) {
  const {
    endpoint,
    audience,
    signingAlgorithm = 'ES384',
  } = checked('logto', parameters, {
    endpoint: url('Pass the Logto endpoint, e.g. https://my-tenant.logto.app', [
      /\/oidc$/,
      'ends with /oidc',
    ]),
    audience: text('Pass the API identifier (API resources)'),
    signingAlgorithm: optional(oneOf('ES384', 'RS256')),
  })
  const issuer = `${endpoint}/oidc`
  return {
    jwkUri: `${issuer}/jwks`,
    signingAlgorithm,
    issuer,
    audience: [audience],
    ...ISSUER_DEFAULTS,
  } as const
}
