import { checked, ISSUER_DEFAULTS, oneOf, optional, text, url } from './parameters.js'

const projectUrl = url(
  'Pass the project URL, e.g. https://abcdefghijklmnopqrst.supabase.co',
  [/^[a-z]+:\/\/[^/]+\//, 'has a path'],
  [/^postgres/, 'is the URL of the database'],
)

/** Options for the access tokens of Supabase Auth, for a project with an asymmetric signing key. */
export function supabase(parameters: {
  /** E.g. `https://abcdefghijklmnopqrst.supabase.co`: the `iss` without `/auth/v1`. */
  readonly url: string
  /** The algorithm of the project's current signing key. Default: `ES256`. */
  readonly signingAlgorithm?: 'ES256' | 'RS256'
}): ReturnType<typeof withSigningKeys>
/** Options for the access tokens of Supabase Auth, for a project that still has the legacy JWT secret. */
export function supabase(parameters: {
  readonly url: string
  /** The legacy JWT secret, as the dashboard shows it. */
  readonly jwtSecret: string | undefined
}): ReturnType<typeof withSecret>
/**
 * @throws {ConfigurationError} when a parameter cannot be right
 * @see docs/issuers.md#supabase
 */
export function supabase(parameters: {
  readonly url: string
  readonly signingAlgorithm?: 'ES256' | 'RS256'
  readonly jwtSecret?: string | undefined
}) {
  const given: unknown = parameters
  const isLegacy = typeof given === 'object' && given !== null && 'jwtSecret' in given
  return isLegacy ? withSecret(parameters) : withSigningKeys(parameters)
}

function withSigningKeys(parameters: {
  readonly url: string
  readonly signingAlgorithm?: 'ES256' | 'RS256'
}) {
  const { url: project, signingAlgorithm = 'ES256' } = checked('supabase', parameters, {
    url: projectUrl,
    signingAlgorithm: optional(oneOf('ES256', 'RS256')),
  })
  const claims = claimsOf(project)
  return {
    jwkUri: `${claims.issuer}/.well-known/jwks.json`,
    signingAlgorithm,
    ...claims,
  } as const
}

function withSecret(parameters: { readonly url: string; readonly jwtSecret?: string | undefined }) {
  const { url: project, jwtSecret } = checked('supabase', parameters, {
    url: projectUrl,
    jwtSecret: text('Pass the legacy JWT secret (Project settings > JWT keys)', [
      /^(?:eyJ|sb_)/,
      'is an API key',
    ]),
  })
  return { signingAlgorithm: 'HS256', signingKeys: [jwtSecret], ...claimsOf(project) } as const
}

/** Users' tokens have the audience `authenticated`; the project's API keys, which are JWTs too, have none. */
function claimsOf(project: string) {
  return { issuer: `${project}/auth/v1`, audience: ['authenticated'], ...ISSUER_DEFAULTS } as const
}
