import { authError, type AuthError, type ErrorCode } from '../errors.js'
import { COMPACT_FORM, readToken } from '../jws/compact.js'
import { verifySignature } from '../jws/verify.js'
import { andThen } from '../maybe-promise.js'
import type { MaybePromise } from '../user.js'
import { inspectionOf, isTimed, type Check, type Inspection } from './check.js'
import { claimChecks, issuerCheck } from './claims.js'
import { headerChecks } from './header.js'
import { readMetadata, type MetadataRules } from './metadata.js'
import type { TokenRules } from './token-options.js'

/**
 * Every check that a third-party token must pass, in order. The verifier stops at the first that fails; `explain` runs
 * all of them.
 */
export function createSteps(rules: TokenRules, metadata: MetadataRules): readonly Check[] {
  return [
    length(rules),
    FORMAT,
    ...headerChecks(rules),
    issuerCheck(rules),
    SIGNATURE,
    ...claimChecks(rules),
    mapping(metadata),
  ]
}

/** Runs one step. Returns the code of the failure, or undefined when the token passes. */
export function runStep(
  step: Check,
  inspection: Inspection,
  now: number,
): MaybePromise<ErrorCode | undefined> {
  return andThen(step.refuse(inspection), (code) => {
    if (code !== undefined || !isTimed(step)) return code
    const { from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = step.window(inspection)
    // Written so that the token is refused when the clock or a claim is not a number.
    if (!(now < until)) return 'TOKEN_EXPIRED'
    return now >= from ? undefined : 'TOKEN_NOT_YET_VALID'
  })
}

/** The error of a step that refuses a token. */
export function refusal(step: Check, code: ErrorCode, inspection: Inspection, now: number): AuthError {
  return authError(code, {
    reason: step.reason?.(code, inspection),
    detail: () => ({
      check: step.name,
      expected: step.expected(inspection, now),
      got: step.got(inspection),
      fix: step.fix(code, inspection, now),
    }),
  })
}

/**
 * The first step on its own, for code that must read a token before it knows the provider.
 * @throws {AuthError} TOKEN_TOO_LONG
 */
export function requireLength(text: string, maxTokenLength: number): void {
  if (text.length <= maxTokenLength) return
  throw refusal(
    length({ maxTokenLength }),
    'TOKEN_TOO_LONG',
    inspectionOf(text, () => []),
    0,
  )
}

function length({ maxTokenLength }: Pick<TokenRules, 'maxTokenLength'>): Check {
  return {
    name: 'length',
    refuse: ({ text }) => (text.length <= maxTokenLength ? undefined : 'TOKEN_TOO_LONG'),
    reason: () => `token is longer than ${maxTokenLength} characters`,
    expected: () => `at most ${maxTokenLength} characters`,
    got: ({ text }) => `${text.length} characters`,
    fix: () => 'Put fewer claims into the token, or raise maxTokenLength',
  }
}

const FORMAT: Check = {
  name: 'format',
  refuse(inspection) {
    inspection.token = readToken(inspection.text)
    return undefined
  },
  expected: () => COMPACT_FORM,
  got: () => 'that',
  fix: () => 'Copy the whole token',
}

const SIGNATURE: Check = {
  name: 'signature',
  refuse(inspection) {
    const { token, findKeys } = inspection
    const { kid, alg } = token.header
    return andThen(findKeys(kid as string | undefined, alg as string), (candidates) => {
      inspection.candidates = candidates
      if (candidates.every(({ algorithm }) => algorithm !== alg)) return 'TOKEN_ALGORITHM'
      inspection.key = verifySignature(token, candidates)
      return inspection.key ? undefined : 'TOKEN_SIGNATURE'
    })
  },
  expected: ({ candidates }) =>
    candidates.length === 1 ? 'made with the one key' : `made with one of ${candidates.length} keys`,
  got: ({ key, candidates, token }) =>
    key
      ? 'that'
      : candidates.every(({ algorithm }) => algorithm !== token.header.alg)
        ? 'made for another algorithm'
        : 'made with another key',
  fix: (code, { candidates }) =>
    code === 'TOKEN_ALGORITHM'
      ? `Have the issuer sign with ${candidates.map(({ algorithm }) => algorithm).join(' or ')}, which the key of this kid is for`
      : 'auth.explain(token) checks for the usual mistakes with keys',
}

function mapping(metadata: MetadataRules): Check {
  const required = metadata.fields.filter((field) => field.required).map(({ name }) => name)
  return {
    name: 'metadata',
    refuse(inspection) {
      const { data, unescaped } = readMetadata(inspection.token.claims, metadata)
      Object.assign(inspection, { data, unescaped })
      return undefined
    },
    expected: () => (required.length === 0 ? 'nothing required' : `present: ${required.join(', ')}`),
    got: () => 'that',
    fix: () => 'Have the issuer add the claim, or correct the path of the metadata field',
  }
}
