import { checked, host, ISSUER_DEFAULTS, optional, text } from './parameters.js'

/**
 * Options for the access tokens of WorkOS AuthKit. They have no audience, but each environment signs with its own keys.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#workos
 */
export function workos(parameters: {
  /** E.g. `client_01HXYZ`. */
  readonly clientId: string
  /** The custom authentication domain, e.g. `auth.example.com`. Default: `api.workos.com`. */
  readonly domain?: string
}) {
  const { clientId, domain = 'api.workos.com' } = checked('workos', parameters, {
    clientId: text(
      'Pass the Client ID (API keys), e.g. client_01HXYZ',
      [/^sk_/, 'is an API key'],
      [/^(?!client_[A-Za-z0-9]+$)/, 'is not a client ID'],
    ),
    domain: optional(host('Pass the custom authentication domain alone, e.g. auth.example.com')),
  })
  const origin = `https://${domain}` as const
  return {
    jwkUri: `https://api.workos.com/sso/jwks/${clientId}`,
    // WorkOS now uses the last of them; older environments have one of the others.
    issuer: [origin, `${origin}/`, `${origin}/user_management/${clientId}`],
    audience: null,
    ...ISSUER_DEFAULTS,
  } as const
}
