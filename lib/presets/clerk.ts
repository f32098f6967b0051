import { checked, ISSUER_DEFAULTS, listOf, oneOrMore, text, url } from './parameters.js'

/**
 * Options for the session tokens of Clerk. They have no audience, but `azp` names the origin that they were made for.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#clerk
 */
export function clerk(parameters: {
  /** E.g. `https://clerk.example.com`, or `https://my-app-12.clerk.accounts.dev` in development. */
  readonly frontendApiUrl: string
  /**
   * The origin, or origins, of the frontend, e.g. `https://example.com`. `null` accepts any, which only native apps
   * need: their tokens may have no `azp`.
   */
  readonly authorizedParties: string | readonly string[] | null
}) {
  const party = oneOrMore(
    text('Pass the origins of the frontend, e.g. https://example.com, or null for native apps', [
      /^(?![a-z-]+:\/\/[^/]+$)/,
      'is not an origin: a scheme and a host, without a slash at the end',
    ]),
  )
  const { frontendApiUrl, authorizedParties } = checked('clerk', parameters, {
    frontendApiUrl: url(
      'Pass the Frontend API URL (API keys), e.g. https://clerk.example.com',
      [/^[ps]k_/, 'is a key'],
      [/^[a-z]+:\/\/[^/]+\//, 'has a path'],
    ),
    authorizedParties: (value, isPresent) => (value === null ? undefined : party(value, isPresent)),
  })
  return {
    jwkUri: `${frontendApiUrl}/.well-known/jwks.json`,
    issuer: frontendApiUrl,
    audience: null,
    ...(authorizedParties !== null && { requiredClaims: { azp: listOf(authorizedParties) } }),
    ...ISSUER_DEFAULTS,
  } as const
}
