import type { ErrorCode } from '../errors.js'
import type { UnverifiedToken } from '../jws/compact.js'
import type { VerificationKey } from '../keys/key-source.js'
import type { MaybePromise, UserData } from '../user.js'

/** A token on its way through the checks, and what those that it has passed found out. */
export interface Inspection {
  readonly text: string
  /** The keys that the token may have been signed with. */
  readonly findKeys: (kid: string | undefined, algorithm: string) => MaybePromise<readonly VerificationKey[]>
  token: UnverifiedToken
  candidates: readonly VerificationKey[]
  key: VerificationKey | undefined
  data: UserData
  /** Metadata fields that found nothing because the dots of a claim's name were not escaped. */
  unescaped: readonly UnescapedField[]
}

/** A metadata field as it was written, and as it should have been. */
export interface UnescapedField {
  readonly name: string
  readonly escaped: string
}

/** A rule about a token that does not ask for the time: what it found once, it finds again. */
export interface Check {
  readonly name: string
  /**
   * Returns the code of the failure, or undefined when the rule is fulfilled.
   * @throws {AuthError} in its place, where a failure has words of its own
   */
  refuse(inspection: Inspection): MaybePromise<ErrorCode | undefined>
  /** The words for the client, where the error table's are not exact enough. */
  reason?(code: ErrorCode, inspection: Inspection): string | undefined
  expected(inspection: Inspection, now: number): string
  /** What the token has, for the app's log: shortened, and never a signature. */
  got(inspection: Inspection): string
  /** The likely fix of a failure. */
  fix(code: ErrorCode, inspection: Inspection, now: number): string
}

/** In epoch seconds; a side that is absent is open. */
export interface Window {
  /** From then on … */
  readonly from?: number | undefined
  /** … until before this one. */
  readonly until?: number | undefined
}

/**
 * A rule that depends on the time. It does not see a clock: it says when a token fulfils it, so that the verifier can ask
 * again on each use of a token that it remembers.
 */
export interface TimedCheck extends Check {
  window(inspection: Inspection): Window
}

export function isTimed(check: Check): check is TimedCheck {
  return 'window' in check
}

export function inspectionOf(text: string, findKeys: Inspection['findKeys']): Inspection {
  const token = { text, header: {}, claims: {} }
  return { text, findKeys, token, candidates: [], key: undefined, data: {}, unescaped: [] }
}
