import type { ErrorCode } from '../errors.js'
import type { UnverifiedToken } from '../jws/compact.js'
import type { VerificationKey } from '../keys/key-source.js'
import type { MaybePromise, UserData } from '../user.js'

/** A token on its way through the checks, and what the checks have found out so far. */
export interface Inspection {
  readonly text: string
  /** Finds the keys that the token may have been signed with. */
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

/** A check that does not depend on the time: its result for a token never changes. */
export interface Check {
  readonly name: string
  /**
   * Returns the code of the failure, or undefined when the token passes.
   * @throws {AuthError} instead, if the failure has its own message
   */
  refuse(inspection: Inspection): MaybePromise<ErrorCode | undefined>
  /** The message for the client, where the one in the error table is not specific enough. */
  reason?(code: ErrorCode, inspection: Inspection): string | undefined
  expected(inspection: Inspection, now: number): string
  /** What the token has, for the app's log: shortened, and never a signature. */
  got(inspection: Inspection): string
  /** The likely fix for a failure. */
  fix(code: ErrorCode, inspection: Inspection, now: number): string
}

/** In epoch seconds; an absent bound is open. */
export interface Window {
  /** Passes from this time on. */
  readonly from?: number | undefined
  /** Passes until just before this time. */
  readonly until?: number | undefined
}

/**
 * A check that depends on the time. It does not read a clock: it returns when a token passes, so that the verifier can
 * check a remembered token again on each use.
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
