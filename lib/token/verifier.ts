import { authError } from '../errors.js'
import type { Events } from '../events.js'
import { deepFreeze } from '../json.js'
import type { Claims } from '../jws/compact.js'
import type { VerifiedCache } from '../jws/token-cache.js'
import type { KeySource, VerificationKey } from '../keys/key-source.js'
import { andThen, isPromise } from '../maybe-promise.js'
import type { MaybePromise, UserData } from '../user.js'
import { inspectionOf, isTimed, type Inspection, type UnescapedField } from './check.js'
import { escapeFix, type MetadataRules } from './metadata.js'
import { createSteps, refusal, runStep } from './steps.js'
import type { TokenRules } from './token-options.js'

/** A third-party token that passed every check. Deeply frozen. */
export interface VerifiedToken {
  /** The token itself. */
  readonly token: string
  /** The name of the provider that verified it; undefined for a provider without a name. */
  readonly provider: string | undefined
  /** The `sub` claim, or the one that `subjectClaim` names. */
  readonly subject: string
  readonly claims: Claims
  /** The metadata fields that the claims map to. */
  readonly data: UserData
  /** The key that signed it. */
  readonly key: VerificationKey
  /** The `kid` header, by which the key was found. */
  readonly kid: string | undefined
  /** Epoch seconds: it passes the time-dependent checks from this time on. */
  readonly validFrom: number
  /** Epoch seconds: from this time on, it no longer passes them. */
  readonly validUntil: number
}

export interface Verifier {
  /**
   * Verifies a third-party token (PROTOCOL §2).
   * @param now epoch seconds
   * @throws {AuthError} TOKEN_… or METADATA_… when the token is refused, KEYS_UNAVAILABLE when it cannot be verified
   */
  verify(token: string, now: number): MaybePromise<VerifiedToken>
}

/** The verifier of one provider's tokens. */
export interface ProviderVerifier extends Verifier {
  /**
   * Verifies a remembered token: checks only what may have changed since.
   * @throws {AuthError} as verify
   */
  verifyAgain(known: VerifiedToken, now: number): MaybePromise<VerifiedToken>
}

/** What a verifier is made of. */
export interface VerifierParts {
  /** The name of the provider, if it has one. */
  readonly name: string | undefined
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeySource
  /** Remembers verdicts. Verifiers may share it: a verdict is tied to its key, which only one verifier has. */
  readonly cache: VerifiedCache<VerifiedToken>
  /** Called once for each metadata field whose path finds nothing because dots in a claim's name were not escaped. */
  readonly fieldUnescaped: Events['fieldUnescaped']
}

/** Makes the verifier. For a remembered verdict, the time and the key are still checked on every use. */
export function createVerifier(parts: VerifierParts): ProviderVerifier {
  const { name, rules, metadata, keys, cache, fieldUnescaped } = parts
  const steps = createSteps(rules, metadata)
  const timed = steps.filter(isTimed)
  const told = new Set<string>()

  /** Runs the steps in order, without a promise where no step needs one. */
  function inspect(inspection: Inspection, now: number, left = steps): MaybePromise<Inspection> {
    for (const [index, step] of left.entries()) {
      const code = runStep(step, inspection, now)
      if (isPromise(code))
        return code.then((late) => {
          if (late !== undefined) throw refusal(step, late, inspection, now)
          return inspect(inspection, now, left.slice(index + 1))
        })
      if (code !== undefined) throw refusal(step, code, inspection, now)
    }
    return inspection
  }

  function toVerified(inspection: Inspection, key: VerificationKey): VerifiedToken {
    const { text, token, data } = inspection
    const windows = timed.map((step) => step.window(inspection))
    return Object.freeze({
      token: text,
      provider: name,
      subject: token.claims[rules.subjectClaim] as string,
      claims: deepFreeze(token.claims),
      data,
      key,
      kid: token.header.kid as string | undefined,
      validFrom: Math.max(...windows.map(({ from = Number.NEGATIVE_INFINITY }) => from)),
      validUntil: Math.min(...windows.map(({ until = Number.POSITIVE_INFINITY }) => until)),
    })
  }

  function tellOnce(field: UnescapedField): void {
    if (told.has(field.name)) return
    told.add(field.name)
    fieldUnescaped({ field: field.name, fix: escapeFix(field) })
  }

  function verifyFully(text: string, now: number): MaybePromise<VerifiedToken> {
    const inspection = inspectionOf(text, (kid, algorithm) => keys.find(kid, now, algorithm))
    return andThen(inspect(inspection, now), ({ key, unescaped }) => {
      if (!key) throw authError('TOKEN_SIGNATURE') // unreachable: the list has a step for the signature
      unescaped.forEach(tellOnce)
      const verified = toVerified(inspection, key)
      cache.add(verified)
      return verified
    })
  }

  function verifyAgain(known: VerifiedToken, now: number): MaybePromise<VerifiedToken> {
    if (!(now >= known.validFrom && now < known.validUntil)) return verifyFully(known.token, now)
    return andThen(keys.find(known.kid, now, known.key.algorithm), (found) =>
      found.includes(known.key) ? known : verifyFully(known.token, now),
    )
  }

  return {
    verifyAgain,
    verify(token, now) {
      const known = cache.get(token)
      return known ? verifyAgain(known, now) : verifyFully(token, now)
    },
  }
}
