import type { ErrorCode } from '../errors.js'
import type { Algorithm } from '../keys/key-source.js'
import type { JsonValue } from '../user.js'

/** What a third-party token has to fulfil. Parsed once from the options. */
export interface TokenRules {
  readonly algorithm: Algorithm
  /** Values of the `typ` header, in lower case; `null` stands for its absence. */
  readonly allowedTypes: ReadonlySet<string | null>
  readonly maxTokenLength: number
  /** Undefined when the app wrote down that any audience is good. */
  readonly audience: readonly string[] | undefined
  readonly requireAnyAudience: boolean
  readonly clockToleranceSeconds: number
  /** Undefined when the keys alone say whose token it is. */
  readonly issuer: readonly string[] | undefined
  /** The claim that holds the user's id at the issuer. */
  readonly subjectClaim: string
  readonly requiredClaims: readonly RequiredClaim[]
}

/** A claim that has to have one of some values. */
export interface RequiredClaim {
  readonly name: string
  readonly values: readonly JsonValue[]
}

/** One rule about a token. The verifier stops at the first that refuses; `explain` reports all of them. */
export interface Check<Subject> {
  readonly name: string
  /** The code of the failure, or undefined when the rule is fulfilled. `now` is in epoch seconds. */
  refuse(subject: Subject, rules: TokenRules, now: number): ErrorCode | undefined
  /** The words for the client, where the error table's are not exact enough. */
  reason?(code: ErrorCode, subject: Subject, rules: TokenRules): string | undefined
  expected(rules: TokenRules, now: number): string
  /** What the token has, for the app's log: shortened, and never a signature. */
  got(subject: Subject, rules: TokenRules): string
  /** The likely fix of a failure. */
  fix(code: ErrorCode, subject: Subject, rules: TokenRules, now: number): string
}

const SHOWN_LENGTH = 200

/** A value of a token for people: shortened, as JSON. */
export function show(value: unknown): string {
  // A function is what all objects have by that name.
  if (value === undefined || typeof value === 'function') return 'absent'
  let json: string
  try {
    json = JSON.stringify(value)
  } catch {
    return 'a value nested too deeply to be shown'
  }
  return json.length > SHOWN_LENGTH ? `${json.slice(0, SHOWN_LENGTH)}…` : json
}

/** What is expected of a signature. */
export function madeWith(keys: number): string {
  return keys === 1 ? 'made with the one key' : `made with one of ${keys} keys`
}
