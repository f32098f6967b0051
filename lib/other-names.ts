/** For an option's name in another package: the option here, and what to do. */
type OtherName = readonly [option: string, fix: string]

const KEYS: OtherName = ['signingKeys', 'Pass signingKeys: [key] and signingAlgorithm']
const ALGORITHM: OtherName = [
  'signingAlgorithm',
  'Pass signingAlgorithm: one name, or an array with a key set',
]
const KEY_SET: OtherName = ['jwkUri', 'Pass jwkUri: the URL of the key set']
const HEADER: OtherName = [
  'credentials',
  'Remove it if the token comes as Authorization: Bearer (with sessions, pass bearerJwt: true); otherwise pass credentials: (req) => ({ jwt })',
]
const USER: OtherName = ['appId', 'Remove it: the user is always req.user, and the claims are in req.auth']
const DATES: OtherName = [
  'clockToleranceSeconds',
  'Remove it: exp and nbf are always checked, within clockToleranceSeconds',
]
const COOL_DOWN: OtherName = [
  'jwks',
  'Remove it: key fetches are always rate-limited; jwks: { cooldownSeconds } sets the limit',
]

/**
 * Option names of express-jwt, passport-jwt, express-oauth2-jwt-bearer, jwks-rsa and better-auth that have another name
 * here, or are not needed. docs/options.md has the same table.
 */
export const OTHER_NAMES: ReadonlyMap<string, OtherName> = new Map<string, OtherName>([
  ['secret', KEYS],
  ['secretOrKey', KEYS],
  ['secretOrKeyProvider', KEY_SET],
  ['publicKey', KEYS],
  ['algorithm', ALGORITHM],
  ['algorithms', ALGORITHM],
  ['tokenSigningAlg', ALGORITHM],
  [
    'issuerBaseURL',
    ['discover', 'Pass discover: the exact iss, or spread issuers.oidc({ issuer, audience })'],
  ],
  ['jwksUri', KEY_SET],
  ['jwksUrl', KEY_SET],
  ['getToken', HEADER],
  ['jwtFromRequest', HEADER],
  ['clientId', ['audience', 'Pass audience: what the issuer puts into aud']],
  ['validators', ['requiredClaims', 'Pass requiredClaims: { claim: value }']],
  ['strict', ['allowedTypes', "Pass allowedTypes: ['at+jwt']"]],
  ['clockTolerance', ['clockToleranceSeconds', 'Pass clockToleranceSeconds: a number']],
  ['maxAge', ['maxTokenAgeSeconds', 'Pass maxTokenAgeSeconds: a number']],
  ['maxTokenAge', ['maxTokenAgeSeconds', 'Pass maxTokenAgeSeconds: a number']],
  ['ignoreExpiration', DATES],
  ['ignoreNotBefore', DATES],
  ['onExpired', DATES],
  [
    'authRequired',
    ['credentialsRequired', 'Pass credentialsRequired: false, or mount auth.optional on some routes'],
  ],
  ['requestProperty', USER],
  ['userProperty', USER],
  ['passReqToCallback', USER],
  [
    'isRevoked',
    ['session', 'Remove it: auth.users.disable(id); for sessions, session: { checkRevocation: true }'],
  ],
  ['agent', ['jwks', 'Pass jwks: { agent }']],
  ['cacheMaxAge', ['jwks', 'Pass jwks: { maxAgeSeconds }']],
  ['cooldownDuration', ['jwks', 'Pass jwks: { cooldownSeconds }']],
  ['timeoutDuration', ['jwks', 'Pass jwks: { timeoutSeconds }']],
  ['rateLimit', COOL_DOWN],
  ['jwksRequestsPerMinute', COOL_DOWN],
  ['database', ['store', "Pass store, e.g. postgresStore({ pool }) from 'custom-jwt-auth/stores/postgres'"]],
])
