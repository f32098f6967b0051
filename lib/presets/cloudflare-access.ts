import { checked, host, ISSUER_DEFAULTS, listOf, oneOrMore, text } from './parameters.js'

/**
 * Options for the application tokens of Cloudflare Access, which it sends in the header `Cf-Access-Jwt-Assertion`.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#cloudflare-access
 */
export function cloudflareAccess(parameters: {
  /** E.g. `my-team.cloudflareaccess.com`. */
  readonly teamDomain: string
  /** The Application Audience (AUD) Tag of the application, or of several: 64 hexadecimal digits. */
  readonly audience: string | readonly string[]
}) {
  const { teamDomain, audience } = checked('cloudflareAccess', parameters, {
    teamDomain: host('Pass the team domain alone, e.g. my-team.cloudflareaccess.com', [
      /^(?!.+\.cloudflareaccess\.com$)/,
      'is not a team domain',
    ]),
    audience: oneOrMore(
      text('Pass the AUD tag of the application (Access > Applications > Overview)', [
        /^(?![0-9a-f]{64}$)/,
        'is not an AUD tag',
      ]),
    ),
  })
  const issuer = `https://${teamDomain}` as const
  return {
    jwkUri: `${issuer}/cdn-cgi/access/certs`,
    issuer,
    audience: listOf(audience),
    requireAnyAudience: true,
    ...ISSUER_DEFAULTS,
  } as const
}
