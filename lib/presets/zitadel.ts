import { checked, ISSUER_DEFAULTS, text, url } from './parameters.js'

/**
 * Options for the access tokens of ZITADEL, of applications whose token type is JWT.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#zitadel
 */
export function zitadel(parameters: {
  /** The instance's domain as a URL, e.g. `https://my-instance-abcdef.zitadel.cloud`. */
  readonly url: string
  /** The Resource ID of the project, which is in `aud` along with the client IDs of its applications. */
  readonly projectId: string
}) {
  const { url: issuer, projectId } = checked('zitadel', parameters, {
    url: url('Pass the URL of the instance, e.g. https://my-instance-abcdef.zitadel.cloud', [
      /^[a-z]+:\/\/[^/]+\//,
      'has a path',
    ]),
    projectId: text("Pass the project's Resource ID, a number as text", [/^(?!\d+$)/, 'is not a project ID']),
  })
  return { jwkUri: `${issuer}/oauth/v2/keys`, issuer, audience: [projectId], ...ISSUER_DEFAULTS } as const
}
