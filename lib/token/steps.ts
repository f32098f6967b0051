import type { ErrorCode } from '../errors.js'
import type { TokenRules } from './token-options.js'

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
