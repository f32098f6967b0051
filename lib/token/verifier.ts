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
  /** The name of the provider that verified it; undefined for the one that has no name. */
  readonly provider: string | undefined
  /** The `sub` claim. */
  readonly subject: string
  readonly claims: Claims
  /** The claims that the metadata fields map. */
  readonly data: UserData
  /** The key that signed it. */
  readonly key: VerificationKey
  /** The `kid` header, by which the key was found. */
  readonly kid: string | undefined
  /** It passes the checks that depend on the time from then on, in epoch seconds, … */
  readonly validFrom: number
  /** … and no longer from this time on. */
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
   * The same for a token that is remembered: verifies only what may have changed since.
   * @throws {AuthError} as verify
   */
  verifyAgain(known: VerifiedToken, now: number): MaybePromise<VerifiedToken>
}

/** What the verifier needs, all of it made at start-up. */
export interface VerifierParts {
  /** The name of the provider, if it has one. */
  readonly name: string | undefined
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeySource
  /** Where verdicts are remembered. Verifiers may share it: a verdict rests on its key, which is one verifier's alone. */
  readonly cache: VerifiedCache<VerifiedToken>
  /** Called once for each metadata field whose path finds nothing because dots in a claim's name were not escaped. */
  readonly fieldUnescaped: Events['fieldUnescaped']
}

/** Makes the verifier. A remembered verdict still has its time and its key checked on every use. */
export function createVerifier(parts: VerifierParts): ProviderVerifier {
  const { name, rules, metadata, keys, cache, fieldUnescaped } = parts
  const steps = createSteps(rules, metadata)
  const timed = steps.filter(isTimed)
  const told = new Set<string>()

  /** Runs one step after the other, and waits only for those that have to wait. */
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
