import { checked, ISSUER_DEFAULTS, text } from './parameters.js'

/**
 * Options for the tokens that Realm Object Server accepted from an app's own authentication server: signed with one RSA
 * key, without an audience, the user in `userId`. Everything signed with this key is accepted.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#realm-object-server
 */
export function realmObjectServer(parameters: {
  /** As PEM; line breaks may be written as `\n`. */
  readonly publicKey: string | undefined
}) {
  const pem = text('Pass the public key of the authentication server, as PEM', [
    /^(?!-----BEGIN )/,
    'is not a PEM key',
  ])
  const { publicKey } = checked('realmObjectServer', parameters, {
    // Files end with a newline.
    publicKey: (value, isPresent) => pem(typeof value === 'string' ? value.trim() : value, isPresent),
  })
  return {
    signingAlgorithm: 'RS256',
    signingKeys: [publicKey],
    audience: null,
    subjectClaim: 'userId',
    ...ISSUER_DEFAULTS,
    metadataFields: [{ name: 'isAdmin' }],
  } as const
}
