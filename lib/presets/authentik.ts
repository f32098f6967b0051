import { checked, ISSUER_DEFAULTS, oneOf, optional, text, url } from './parameters.js'

/**
 * Options for the access tokens of an authentik OAuth2 provider. The ID token has the same audience, but no `azp`.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#authentik
 */
export function authentik(parameters: {
  /** Where authentik is reached, e.g. `https://auth.example.com`. */
  readonly url: string
  /** The slug of the application: each has its own issuer. */
  readonly slug: string
  /** The Client ID of the application's provider. */
  readonly clientId: string
  /** The algorithm of the provider's signing key. Default: `RS256`. */
  readonly signingAlgorithm?: 'RS256' | 'ES256'
}) {
  const {
    url: server,
    slug,
    clientId,
    signingAlgorithm = 'RS256',
  } = checked('authentik', parameters, {
    url: url('Pass the URL of authentik, e.g. https://auth.example.com', [
      /\/application\/o\b/,
      'has the application in it',
    ]),
    slug: text('Pass the slug of the application alone', [/[^A-Za-z0-9_-]/, 'is not a slug']),
    clientId: text("Pass the Client ID of the application's provider"),
    signingAlgorithm: optional(oneOf('RS256', 'ES256')),
  })
  // The trailing slash is part of the issuer.
  const issuer = `${server}/application/o/${slug}/`
  return {
    jwkUri: `${issuer}jwks/`,
    signingAlgorithm,
    issuer,
    audience: [clientId],
    requiredClaims: { azp: clientId },
    ...ISSUER_DEFAULTS,
  } as const
}
