import type { VerificationKey } from '../keys/key-source.js'
import { parseSigningKeys, type DescribedKey, type KeyMaterial } from '../keys/signing-keys.js'
import { boolean, integer, type Parsed, type Parser, type ParsersOf } from '../option-parsers.js'
import { Problems } from '../problems.js'

/** The app's own sessions, begun by a login. Without them there are no session routes and no bearer tokens. */
export interface SessionOptions {
  /** Secrets, as for HS256: the first signs and all verify, so that replacing a key logs nobody out. */
  readonly signingKeys: readonly (KeyMaterial | DescribedKey | undefined)[]
  /** How long a login lasts: 1800 (30 minutes) to 157 680 000 (5 years). Default: 5 184 000 (60 days). */
  readonly refreshTokenTtlSeconds?: number
  /** Whether a login ends at the latest when the third-party token that began it expires. Default: false. */
  readonly capRefreshToTokenExpiry?: boolean
  /**
   * Whether each refresh returns a new refresh token, and using an old one ends the session. Default: false, because
   * the clients of the original service never store a new refresh token.
   */
  readonly rotateRefreshTokens?: boolean
  /** Whether every bearer request asks the store if its session is alive, not `cache.users`. Default: false. */
  readonly checkRevocation?: boolean
  /** How many sessions a user may have, 1 to 1000: another one ends the oldest. Default: 100. */
  readonly maxPerUser?: number
}

const SESSION_KEYS = { algorithm: 'HS256', areBound: false, max: 10 } as const
const DAY = 86_400

/** How each session option is parsed. */
export const SESSION_OPTIONS = {
  signingKeys: readSessionKeys as Parser<readonly VerificationKey[]>,
  // PROTOCOL §4: 60 days, between 30 minutes and 5 years.
  refreshTokenTtlSeconds: integer({ default: 60 * DAY, min: 1800, max: 5 * 365 * DAY }),
  capRefreshToTokenExpiry: boolean({ default: false }),
  rotateRefreshTokens: boolean({ default: false }),
  checkRevocation: boolean({ default: false }),
  maxPerUser: integer({ default: 100, min: 1, max: 1000 }),
} satisfies ParsersOf<SessionOptions>

/** The session options, parsed. The first key signs, and all of them verify. */
export type SessionRules = Parsed<typeof SESSION_OPTIONS>

function readSessionKeys(value: unknown): readonly VerificationKey[] {
  const problems = new Problems()
  const keys = parseSigningKeys('', value, SESSION_KEYS, problems)
  problems.throwIfAny()
  return keys
}
