import { checked, ISSUER_DEFAULTS, listOf, oneOrMore, text } from './parameters.js'

/**
 * Options for the identity tokens of Sign in with Apple. They have no `typ`.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#apple
 */
export function apple(parameters: {
  /** The bundle ID of the app, or the Services ID of the website, or both. */
  readonly clientId: string | readonly string[]
}) {
  const { clientId } = checked('apple', parameters, {
    clientId: oneOrMore(
      text(
        'Pass the bundle ID of the app or the Services ID of the website, e.g. com.example.app',
        [/^[A-Z0-9]{10}\./, 'has the team ID in front'],
        [/^[A-Z0-9]{10}$/, 'is a team ID or a key ID'],
      ),
    ),
  })
  return {
    jwkUri: 'https://appleid.apple.com/auth/keys',
    issuer: 'https://appleid.apple.com',
    audience: listOf(clientId),
    requireAnyAudience: true,
    ...ISSUER_DEFAULTS,
  } as const
}
