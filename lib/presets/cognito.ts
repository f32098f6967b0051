import { checked, ISSUER_DEFAULTS, listOf, oneOf, oneOrMore, text } from './parameters.js'

const USER_POOL_ID = /^([a-z]+(?:-[a-z]+)+-\d+)_[A-Za-z0-9]+$/

/**
 * Options for the tokens of an Amazon Cognito user pool.
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#amazon-cognito
 */
export function cognito(parameters: {
  /** E.g. `eu-west-1_AbCdEf123`; its first part is the region. */
  readonly userPoolId: string
  /** The app client, or clients, whose tokens are accepted. */
  readonly clientId: string | readonly string[]
  /** Which token the clients send. An access token names its client in `client_id`, an ID token in `aud`. */
  readonly tokenUse: 'access' | 'id'
}) {
  const { userPoolId, clientId, tokenUse } = checked('cognito', parameters, {
    userPoolId: text(
      'Pass the User pool ID, e.g. eu-west-1_AbCdEf123',
      [/^arn:/, 'is an ARN'],
      [/^[a-z0-9-]+:[a-f0-9-]+$/, 'is the ID of an identity pool'],
      [new RegExp(`^(?!${USER_POOL_ID.source})`), 'is not a user pool ID'],
    ),
    clientId: oneOrMore(text('Pass the Client ID of the app client')),
    tokenUse: oneOf('access', 'id'),
  })
  const [, region = ''] = USER_POOL_ID.exec(userPoolId) ?? []
  const issuer = `https://cognito-idp.${region}.amazonaws.com/${userPoolId}` as const
  const clients = listOf(clientId)
  return {
    jwkUri: `${issuer}/.well-known/jwks.json`,
    issuer,
    ...ISSUER_DEFAULTS,
    ...(tokenUse === 'access'
      ? ({ audience: null, requiredClaims: { token_use: 'access', client_id: clients } } as const)
      : ({ audience: clients, requireAnyAudience: true, requiredClaims: { token_use: 'id' } } as const)),
  } as const
}
