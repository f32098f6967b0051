import { checked, ISSUER_DEFAULTS, listOf, oneOrMore, text } from './parameters.js'

/**
 * Options for any OpenID provider, whose keys are found through its discovery document.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#any-openid-provider
 */
export function oidc(parameters: {
  /** The exact value of `iss`, e.g. `https://issuer.example/`, with or without the slash. */
  readonly issuer: string
  /** The audience: the API that the client requests, or its client ID for ID tokens. One of several is enough. */
  readonly audience: string | readonly string[]
}) {
  const { issuer, audience } = checked('oidc', parameters, {
    issuer: text('Pass the exact value of iss, without /.well-known/…', [
      /\/\.well-known(?:\/|$)/,
      'is the address of the discovery document',
    ]),
    audience: oneOrMore(text("Pass the aud of the tokens: an API's identifier, or a client ID")),
  })
  return {
    discover: issuer,
    audience: listOf(audience),
    requireAnyAudience: true,
    ...ISSUER_DEFAULTS,
  } as const
}
