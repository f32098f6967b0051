import { authError, type ErrorCode } from '../errors.js'
import type { KeySource, VerificationKey } from '../keys/key-source.js'
import { andThen } from '../maybe-promise.js'
import { readMetadata, type MetadataRules } from './metadata.js'
import type { MaybePromise, UserData } from '../user.js'
import { madeWith, type Check } from './steps.js'
import type { TokenRules } from './token-options.js'
import { claimChecks, issuerCheck, validityOf } from './claims.js'
import { readToken, readUnverifiedClaims, type Claims, type UnverifiedToken } from '../jws/compact.js'
import { headerChecks } from './header.js'
import { VerifiedCache } from '../jws/token-cache.js'
import { verifySignature } from '../jws/verify.js'

/** A third-party token that passed every check. */
export interface VerifiedToken {
  /** The token itself. */
  readonly token: string
  /** The `sub` claim. */
  readonly subject: string
  /** Read from the token again whenever they are looked at: few requests do, and they would take room. */
  readonly claims: Claims
  /** The claims that the metadata fields map. */
  readonly data: UserData
  /** The key that signed it. */
  readonly key: VerificationKey
  /** The `kid` header, by which the key was found. */
  readonly kid: string | undefined
  /** From this time, in epoch seconds, … */
  readonly validFrom: number
  /** … until before this one the dates are good. */
  readonly validUntil: number
}

export interface Verifier {
  /**
   * Verifies a third-party token (PROTOCOL §2).
   * @param now epoch seconds
   * @throws {AuthError} TOKEN_… or METADATA_… when the token is refused, KEYS_UNAVAILABLE when it cannot be judged
   */
  verify(token: string, now: number): MaybePromise<VerifiedToken>
  /** Whether this exact token is remembered as verified. */
  knows(token: string): boolean
}

/** What the verifier needs, all of it made at start-up. */
export interface VerifierParts {
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeySource
  /** How many verdicts to remember; 0 for none. */
  readonly cacheMax: number
}

/** Makes the verifier. A remembered verdict still has its dates and its key checked on every use. */
export function createVerifier({ rules, metadata, keys, cacheMax }: VerifierParts): Verifier {
  const cache = new VerifiedCache<VerifiedToken>(cacheMax)

  function judge(
    token: UnverifiedToken,
    kid: string | undefined,
    candidates: readonly VerificationKey[],
    now: number,
  ) {
    const key = verifySignature(token, candidates)
    if (!key) throw wrongSignature(candidates.length)
    const { text, claims } = token
    runChecks(claimChecks, claims, rules, now)
    const verified = new Verified(text, claims, readMetadata(claims, metadata), key, kid, rules)
    cache.add(verified)
    return verified
  }

  function judgeAgain(known: VerifiedToken, candidates: readonly VerificationKey[], now: number) {
    if (!candidates.includes(known.key)) {
      cache.delete(known.token)
      return judge(readToken(known.token), known.kid, candidates, now)
    }
    if (!(now >= known.validFrom && now < known.validUntil)) runChecks(claimChecks, known.claims, rules, now)
    return known
  }

  return {
    knows: (token) => cache.has(token),
    verify(text, now) {
      if (text.length > rules.maxTokenLength) throw tooLong(text, rules)
      const known = cache.get(text)
      if (known) return andThen(keys.find(known.kid, now), (found) => judgeAgain(known, found, now))
      const token = readToken(text)
      runChecks(headerChecks, token.header, rules, now)
      const kid = readKeyId(token.header.kid)
      // A token of another issuer's is no reason to ask ours for keys.
      runChecks([issuerCheck], token.claims, rules, now)
      return andThen(keys.find(kid, now), (found) => judge(token, kid, found, now))
    },
  }
}

class Verified implements VerifiedToken {
  readonly subject: string
  readonly validFrom: number
  readonly validUntil: number

  constructor(
    readonly token: string,
    claims: Claims,
    readonly data: UserData,
    readonly key: VerificationKey,
    readonly kid: string | undefined,
    rules: TokenRules,
  ) {
    this.subject = claims[rules.subjectClaim] as string
    const { start, end } = validityOf(claims, rules)
    this.validFrom = start
    this.validUntil = end
  }

  get claims(): Claims {
    return readUnverifiedClaims(this.token) ?? {}
  }
}

function runChecks<Subject>(
  checks: readonly Check<Subject>[],
  subject: Subject,
  rules: TokenRules,
  now: number,
): void {
  for (const check of checks) {
    const code = check.refuse(subject, rules, now)
    if (code !== undefined) throw refusal(check, code, subject, rules, now)
  }
}

function refusal<Subject>(
  check: Check<Subject>,
  code: ErrorCode,
  subject: Subject,
  rules: TokenRules,
  now: number,
) {
  const reason = check.reason?.(code, subject, rules)
  return authError(code, {
    ...(reason !== undefined && { reason }),
    detail: {
      check: check.name,
      expected: check.expected(rules, now),
      got: check.got(subject, rules),
      fix: check.fix(code, subject, rules, now),
    },
  })
}

function wrongSignature(keys: number) {
  return authError('TOKEN_SIGNATURE', {
    detail: {
      check: 'signature',
      expected: madeWith(keys),
      got: 'another',
      fix: 'auth.explain(token) tries the usual mistakes with keys',
    },
  })
}

function tooLong(token: string, { maxTokenLength }: TokenRules) {
  return authError('TOKEN_TOO_LONG', {
    reason: `token is longer than ${maxTokenLength} characters`,
    detail: {
      check: 'length',
      expected: `at most ${maxTokenLength} characters`,
      got: `${token.length} characters`,
      fix: 'Map fewer claims into the token, or raise maxTokenLength',
    },
  })
}

function readKeyId(kid: unknown): string | undefined {
  if (kid === undefined || typeof kid === 'string') return kid
  throw authError('TOKEN_KEY_ID_UNKNOWN', { detail: { check: 'kid', expected: 'a string', got: typeof kid } })
}
