import { checked, ISSUER_DEFAULTS, oneOf, optional, text, url } from './parameters.js'

/**
 * Options for the access tokens of an authentik OAuth2 provider. The ID token has the same audience, but no `azp`.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#authentik
 */
export function authentik(parameters: {
  /** Where authentik is reached, e.g. `https://auth.example.com`. */
  readonly url: string
  /** The slug of the application: each has an issuer of its own. */
  readonly slug: string
  /** The Client ID of its provider. */
  readonly clientId: string
  /** Of the provider's signing key. Default: `RS256`. */
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
  // The slash is part of it.
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
