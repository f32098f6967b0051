import { checked, ISSUER_DEFAULTS, listOf, oneOf, oneOrMore, optional, text } from './parameters.js'

const GUID = /^(?![0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$)/i

/**
 * Options for the access tokens of one tenant of Microsoft Entra ID (Azure AD).
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#microsoft-entra-id
 */
export function entra(parameters: {
  /** The directory's GUID, as in `iss`, even if the app logs in with a domain. */
  readonly tenantId: string
  /** The API's `aud`: its client ID in version 2; in version 1, its Application ID URI or client ID. */
  readonly audience: string
  /** The API's access token version: `requestedAccessTokenVersion` in its manifest, where null means 1. Default: 2. */
  readonly version?: 1 | 2
  /** The client, or clients, whose tokens are accepted (`azp`, in version 1 `appid`). Default: all in the tenant. */
  readonly clientId?: string | readonly string[]
}) {
  const {
    tenantId,
    audience,
    version = 2,
    clientId,
  } = checked('entra', parameters, {
    tenantId: text(
      'Pass the Directory (tenant) ID of the app registration, a GUID',
      [/^(?:common|organizations|consumers)$/, 'stands for many tenants'],
      [/\./, 'is a domain'],
      [GUID, 'is not a GUID'],
    ),
    audience: text("Pass the API's Application (client) ID, or its Application ID URI", [
      /^(?:00000003-0000-0000-c000-000000000000|https:\/\/graph\.microsoft\.com\/?)$/,
      'is Microsoft Graph, whose tokens nobody else can verify',
    ]),
    version: optional(oneOf(1, 2)),
    clientId: optional(
      oneOrMore(text('Pass the Application (client) ID of the client', [GUID, 'is not a GUID'])),
    ),
  })
  const tenant = tenantId.toLowerCase()
  const keys = `https://login.microsoftonline.com/${tenant}/discovery` as const
  return {
    ...(version === 2
      ? { jwkUri: `${keys}/v2.0/keys`, issuer: `https://login.microsoftonline.com/${tenant}/v2.0` }
      : { jwkUri: `${keys}/keys`, issuer: `https://sts.windows.net/${tenant}/` }),
    audience: [audience],
    ...ISSUER_DEFAULTS,
    // ID tokens have neither claim.
    ...(clientId !== undefined && {
      requiredClaims: { [version === 2 ? 'azp' : 'appid']: listOf(clientId) },
    }),
  } as const
}
