import type { VerificationKey } from '../keys/key-source.js'
import { parseSigningKeys } from '../keys/signing-keys.js'
import type { SessionOptions } from '../options.js'
import type { KeysOf, Problems } from '../problems.js'

/** The session options, parsed. */
export interface SessionRules {
  /** The first signs, all of them verify. */
  readonly keys: readonly VerificationKey[]
  readonly refreshTokenTtlSeconds: number
  readonly capRefreshToTokenExpiry: boolean
  readonly rotateRefreshTokens: boolean
  readonly checkRevocation: boolean
}

const SESSION_OPTIONS: KeysOf<SessionOptions> = {
  signingKeys: true,
  refreshTokenTtlSeconds: true,
  capRefreshToTokenExpiry: true,
  rotateRefreshTokens: true,
  checkRevocation: true,
}
const MAX_SESSION_KEYS = 10
const DAY = 86_400
/** PROTOCOL §4: 60 days, between 30 minutes and 5 years. */
const REFRESH_TOKEN_TTL = { fallback: 60 * DAY, min: 1800, max: 5 * 365 * DAY }

/** Parses the option `session`, reporting every mistake. */
export function parseSessionRules(value: unknown, problems: Problems): SessionRules | undefined {
  if (value === undefined) return undefined
  const given = problems.object('session', value, Object.keys(SESSION_OPTIONS))
  const flag = (name: keyof SessionOptions): boolean =>
    problems.boolean(`session.${name}`, given[name], false)
  return Object.freeze({
    keys: parseSigningKeys('session.signingKeys', given.signingKeys, 'HS256', MAX_SESSION_KEYS, problems),
    refreshTokenTtlSeconds: problems.integer(
      'session.refreshTokenTtlSeconds',
      given.refreshTokenTtlSeconds,
      REFRESH_TOKEN_TTL,
    ),
    capRefreshToTokenExpiry: flag('capRefreshToTokenExpiry'),
    rotateRefreshTokens: flag('rotateRefreshTokens'),
    checkRevocation: flag('checkRevocation'),
  })
}
