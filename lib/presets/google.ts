import { checked, ISSUER_DEFAULTS, listOf, oneOrMore, optional, text } from './parameters.js'

/**
 * Options for the ID tokens of Google Sign-In. Its access tokens are not JWTs.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#google
 */
export function google(parameters: {
  /** The web client's ID, which tokens of mobile apps have too if they request it as their server client ID. */
  readonly clientId: string | readonly string[]
  /** The Google Workspace domain whose accounts are accepted (`hd`). Default: all Google accounts. */
  readonly hostedDomain?: string
}) {
  const { clientId, hostedDomain } = checked('google', parameters, {
    clientId: oneOrMore(
      text(
        'Pass the client ID, which ends with .apps.googleusercontent.com',
        [/^GOCSPX-/, 'is a client secret'],
        [/^(?!.+\.apps\.googleusercontent\.com$)/, 'is not a client ID'],
      ),
    ),
    hostedDomain: optional(
      text("Pass the Workspace's primary domain, e.g. example.com", [
        /^(?![a-z0-9.-]+$)/,
        'is not a domain in lower case',
      ]),
    ),
  })
  return {
    jwkUri: 'https://www.googleapis.com/oauth2/v3/certs',
    // Google uses either one.
    issuer: ['https://accounts.google.com', 'accounts.google.com'],
    audience: listOf(clientId),
    requireAnyAudience: true,
    ...ISSUER_DEFAULTS,
    ...(hostedDomain !== undefined && { requiredClaims: { hd: hostedDomain } }),
  } as const
}
