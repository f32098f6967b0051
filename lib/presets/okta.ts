import { checked, host, ISSUER_DEFAULTS, listOf, oneOrMore, optional, text } from './parameters.js'

/**
 * Options for the access tokens of an Okta custom authorization server. Those of the org authorization server are only
 * for Okta, and nobody else can verify them.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#okta
 */
export function okta(parameters: {
  /** The org's domain, e.g. `my-org.okta.com`. */
  readonly domain: string
  /** The audience of the authorization server, e.g. `api://default`. */
  readonly audience: string
  /** Default: `default`. */
  readonly authorizationServerId?: string
  /** The client, or clients, whose tokens are accepted (`cid`). Default: all that the server's policies allow. */
  readonly clientId?: string | readonly string[]
}) {
  const {
    domain,
    audience,
    authorizationServerId = 'default',
    clientId,
  } = checked('okta', parameters, {
    domain: host("Pass the org's domain alone, e.g. my-org.okta.com", [
      /-admin\.okta/,
      'is the domain of the admin console, which has -admin in it',
    ]),
    audience: text('Pass the audience of the authorization server (Security > API)'),
    authorizationServerId: optional(
      text('Pass the last part of its issuer URI, e.g. default or aus1a2b3c4', [
        /[^A-Za-z0-9_-]/,
        'is not an id',
      ]),
    ),
    clientId: optional(oneOrMore(text('Pass the client ID of the application'))),
  })
  const issuer = `https://${domain}/oauth2/${authorizationServerId}` as const
  return {
    jwkUri: `${issuer}/v1/keys`,
    issuer,
    audience: [audience],
    // The user's id. Okta's sub is the login name, which may later belong to someone else.
    subjectClaim: 'uid',
    ...(clientId !== undefined && { requiredClaims: { cid: listOf(clientId) } }),
    ...ISSUER_DEFAULTS,
  } as const
}
