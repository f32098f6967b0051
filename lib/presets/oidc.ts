import { checked, ISSUER_DEFAULTS, listOf, oneOrMore, text } from './parameters.js'

/**
 * Options for any OpenID provider: its discovery document leads to its keys.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#any-openid-provider
 */
export function oidc(parameters: {
  /** Exactly what stands in `iss`, e.g. `https://issuer.example/`, with or without the slash. */
  readonly issuer: string
  /** Whom the tokens are for: the API that the client asks for, or its client ID for ID tokens. One of several is enough. */
  readonly audience: string | readonly string[]
}) {
  const { issuer, audience } = checked('oidc', parameters, {
    issuer: text('Pass exactly what stands in iss, without /.well-known/…', [
      /\/\.well-known(?:\/|$)/,
      'is the address of the discovery document',
    ]),
    audience: oneOrMore(text("Pass what stands in the tokens' aud: an API's identifier, or a client ID")),
  })
  return {
    discover: issuer,
    audience: listOf(audience),
    requireAnyAudience: true,
    ...ISSUER_DEFAULTS,
  } as const
}
