import { checked, ISSUER_DEFAULTS, listOf, oneOrMore, optional, text, url } from './parameters.js'

/**
 * Options for the access tokens of a Keycloak realm. Not their `aud` but their `azp` names the client that they were
 * issued to.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#keycloak
 */
export function keycloak(parameters: {
  /** Where clients reach Keycloak, e.g. `https://sso.example.com`; up to version 16, with `/auth` at the end. */
  readonly url: string
  readonly realm: string
  /** The client, or clients, whose tokens are accepted (`azp`). */
  readonly clientId: string | readonly string[]
  /** The audience that an audience mapper adds for this API. Default: `aud` is not checked. */
  readonly audience?: string
}) {
  const {
    url: server,
    realm,
    clientId,
    audience,
  } = checked('keycloak', parameters, {
    url: url('Pass the URL of Keycloak, e.g. https://sso.example.com', [/\/realms\b/, 'has the realm in it']),
    realm: text('Pass the name of the realm alone', [/\//, 'has a slash']),
    clientId: oneOrMore(text('Pass the Client ID of the client that the app logs in with')),
    audience: optional(
      text('Pass what the audience mapper adds', [
        /^account$/,
        'is in the tokens of nearly all clients, so it proves nothing',
      ]),
    ),
  })
  const issuer = `${server}/realms/${encodeURIComponent(realm)}`
  return {
    jwkUri: `${issuer}/protocol/openid-connect/certs`,
    issuer,
    audience: audience === undefined ? null : [audience],
    // An ID token has the same azp, but another typ in its payload.
    requiredClaims: { typ: 'Bearer', azp: listOf(clientId) },
    ...ISSUER_DEFAULTS,
  } as const
}
