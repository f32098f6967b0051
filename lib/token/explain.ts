import { authError, isAuthError, type AuthError, type ErrorCode } from '../errors.js'
import type { KeySource } from '../keys/key-source.js'
import type { MaybePromise } from '../user.js'
import { inspectionOf, type Check, type Inspection } from './check.js'
import { isSessionToken } from './claims.js'
import { secretHint, show } from './hints.js'
import { escapeFix, type MetadataRules } from './metadata.js'
import { createSteps, refusal, runStep } from './steps.js'
import type { TokenRules } from './token-options.js'

/** What one check found. */
export interface ExplainedCheck {
  /** What was checked, e.g. `audience`. */
  readonly name: string
  /** Undefined when it could not be checked, e.g. because of an earlier failure. */
  readonly pass: boolean | undefined
  /** What the configuration asks for, in words. */
  readonly expected: string
  /** What the token has, in words. */
  readonly got: string
  /** The likely fix for a failure; for a check that passed, what still looks like a mistake. */
  readonly fix?: string
  /** The error code, if this is the first check that the token does not pass: see docs/errors.md. */
  readonly code?: ErrorCode
}

/** What the guard passes to `next(error)`. `errorHandler()` answers with its status and headers, and a JSON body. */
export type ExplainedAnswer = Pick<AuthError, 'code' | 'status' | 'headers' | 'error_code' | 'message'>

/** Why a third-party token is accepted or refused. Holds neither its signature nor a key. */
export interface Explanation {
  /** Whether a request with this token would be accepted now. */
  readonly ok: boolean
  /** Every check, in the order in which they are made. */
  readonly checks: readonly ExplainedCheck[]
  /** The verdict in one line. */
  readonly summary: string
  /** The name of the token's provider; absent when it has no name, or when there is no provider for the token. */
  readonly provider?: string
  /** The guard's answer. Absent for a token that is accepted, and where only a creation hook could tell. */
  readonly answer?: ExplainedAnswer
}

/** Tells whether the user of an accepted token would be accepted. `provider`: the name of the token's provider. */
export type ExplainUser = (subject: string, provider?: string) => MaybePromise<ExplainedCheck>

/** The parts of a provider that explain a token. */
interface ExplainedProvider {
  readonly name: string | undefined
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeySource
  /** Whether the provider is switched off. */
  readonly disabled: boolean
}

/** The provider that may verify a token, and why it was chosen. */
interface Choice {
  readonly provider: ExplainedProvider
  readonly why?: Pick<ExplainedCheck, 'expected' | 'got'>
}

export interface ExplainParts {
  /** @throws {AuthError} when there is no provider for the token */
  readonly choose: (token: string, now: number) => MaybePromise<Choice>
  /** Whether a bearer token may be the issuer's. */
  readonly bearerJwt: boolean
  /** Undefined where no users are kept. */
  readonly explainUser: ExplainUser | undefined
}

/** What `auth.explain` takes besides the token. */
export interface ExplainOptions {
  /** Whether to look up the token's user in the store, if users are kept. Default: true. */
  readonly user?: boolean
}

export type Explain = (token: string, now: number, options?: ExplainOptions) => Promise<Explanation>

/** What a check found, and the error that the guard makes of it. */
interface Outcome {
  readonly check: ExplainedCheck
  readonly error?: AuthError
}

/** More than any option allows: longer tokens are not examined further. */
const MAX_EXPLAINED_LENGTH = 1_000_000

/**
 * Makes `auth.explain`: runs all steps of the verifier, looks up the user, and puts the result into words. Asks the key
 * source and the store, and changes nothing.
 */
export function createExplain(parts: ExplainParts): Explain {
  const { choose, bearerJwt, explainUser } = parts

  async function explainAll(
    { provider, why }: Choice,
    text: string,
    now: number,
    withUser: boolean,
  ): Promise<Outcome[]> {
    const { name: providerName, rules, keys, disabled } = provider
    const outcomes: Outcome[] = why ? [{ check: { name: PROVIDER_CHECK, pass: true, ...why } }] : []
    if (disabled) outcomes.splice(0, 1, switchedOff(providerName))
    const inspection = inspectionOf(text, (kid, algorithm) => keys.find(kid, now, algorithm))
    const failed = new Set<string>()
    for (const step of createSteps(rules, provider.metadata)) {
      const isSkipped = step.name === 'signature' && (failed.has('alg') || failed.has('kid'))
      const outcome = isSkipped ? { check: skipped(step) } : await explainStep(step, inspection, now)
      outcomes.push(outcome)
      const { name, pass } = outcome.check
      if (pass === true) continue
      failed.add(name)
      if (name === 'format' || text.length > MAX_EXPLAINED_LENGTH) return outcomes
    }
    if (explainUser && withUser && !failed.has('sub')) {
      const check = await explainUser(inspection.token.claims[rules.subjectClaim] as string, providerName)
      outcomes.push({ check, ...(check.code && { error: authError(check.code) }) })
    }
    return outcomes
  }

  return async (token, now, { user = true } = {}) => {
    // An absent header is undefined, whatever the types say.
    const text = typeof token === 'string' ? token.trim() : ''
    const choice = await attempt(() => choose(text, now))
    const outcomes = isAuthError(choice) ? [noProvider(choice)] : await explainAll(choice, text, now, user)
    const provider = isAuthError(choice) ? undefined : choice.provider.name
    const checks = outcomes.map(({ check, error }) => (error ? { ...check, code: error.code } : check))
    // The guard stops at the first check that does not pass: later ones do not affect its answer.
    const first = checks.find(({ pass }) => pass !== true)
    const answer = answerOf(outcomes)
    const summary = first ? refused(first) : accepted(checks, bearerJwt)
    const named = provider !== undefined && { provider }
    return { ok: !first, checks, summary, ...named, ...(answer && { answer }) }
  }
}

const PROVIDER_CHECK = 'provider'

function switchedOff(provider: string | undefined): Outcome {
  const got = provider === undefined ? 'disabled' : `${provider} is disabled`
  const fix = 'Set disabled to false'
  const check = { name: PROVIDER_CHECK, pass: false, expected: 'switched on', got, fix }
  return { check, error: authError('PROVIDER_DISABLED') }
}

async function attempt<T>(call: () => MaybePromise<T>): Promise<T | AuthError> {
  try {
    return await call()
  } catch (error) {
    if (isAuthError(error)) return error
    throw error
  }
}

/** No provider was chosen: the token's issuer has none, or it is not a token, or that cannot be determined now. */
function noProvider(error: AuthError): Outcome {
  const { check: name = PROVIDER_CHECK, expected = 'a provider for its issuer', fix } = error.detail ?? {}
  const { got = causeOf(error) } = error.detail ?? {}
  const pass = error.status < 500 ? false : undefined
  return { check: { name, pass, expected, got, ...(fix !== undefined && { fix }) }, error }
}

/** What a dependency failed with. */
function causeOf({ cause, message }: AuthError): string {
  return cause instanceof Error ? cause.message : message
}

/** The guard stops at the first check that the token does not pass, whether it fails or cannot be decided. */
function answerOf(outcomes: readonly Outcome[]): ExplainedAnswer | undefined {
  const { error } = outcomes.find(({ check }) => check.pass !== true) ?? {}
  if (!error) return undefined
  const { code, status, headers, error_code, message } = error
  return { code, status, headers, error_code, message }
}

function refused({ name, pass, expected, got, fix = '' }: ExplainedCheck): string {
  const verdict = pass === false ? 'refused by' : 'could not check'
  return `${verdict} ${name}: expected ${expected}, got ${got}. ${fix}`.trim()
}

function accepted(checks: readonly ExplainedCheck[], bearerJwt: boolean): string {
  const header = bearerJwt
    ? 'as Authorization: Bearer or in the header jwtTokenString'
    : 'in the header jwtTokenString'
  const doubts = checks.flatMap(({ fix }) => fix ?? [])
  return [`accepted ${header}`, ...doubts].join('. ')
}

async function explainStep(step: Check, inspection: Inspection, now: number): Promise<Outcome> {
  const { name } = step
  try {
    const code = await runStep(step, inspection, now)
    const [expected, got] = [step.expected(inspection, now), step.got(inspection)]
    if (code !== undefined) {
      const fix = fixOf(step, code, inspection, now)
      return { check: { name, pass: false, expected, got, fix }, error: refusal(step, code, inspection, now) }
    }
    const fix = inspection.unescaped.map(escapeFix).join('. ')
    return { check: { name, pass: true, expected, got, ...(fix !== '' && { fix }) } }
  } catch (error) {
    if (!isAuthError(error)) throw error
    if (name === 'signature') return explainKeys(error, inspection)
    const { expected = step.expected(inspection, now), got = error.message } = error.detail ?? {}
    const fix = error.detail?.fix ?? step.fix(error.code, inspection, now)
    return { check: { name, pass: false, expected, got, fix }, error }
  }
}

function skipped(step: Check): ExplainedCheck {
  const got = 'nothing that could be verified'
  return { name: step.name, pass: undefined, expected: 'made with a configured key', got }
}

/** Why there are no keys to verify a signature with. */
function explainKeys(error: AuthError, { token }: Inspection): Outcome {
  const name = 'signature'
  if (error.status !== 401) {
    const got = causeOf(error)
    const fix = 'Make the key set reachable from here: npx custom-jwt-auth check says more about it'
    return { check: { name, pass: undefined, expected: 'keys to verify it with', got, fix }, error }
  }
  const { kid } = token.header
  const fix =
    kid === undefined
      ? 'Have the issuer name its key, or set jwks.allowMissingKid if its set has just one'
      : 'Have the issuer publish this key, or configure the issuer that signed this token'
  return { check: { name, pass: false, expected: 'a kid that names a key', got: show(kid), fix }, error }
}

/** Failures that every session token has: its issuer, this app, need not fix them. */
const ISSUERS_TO_FIX: readonly ErrorCode[] = [
  'TOKEN_ALGORITHM',
  'TOKEN_SIGNATURE',
  'TOKEN_ISSUER',
  'TOKEN_AUDIENCE_INVALID',
]

function fixOf(step: Check, code: ErrorCode, inspection: Inspection, now: number): string {
  const { token, candidates } = inspection
  if (isSessionToken(token.claims) && ISSUERS_TO_FIX.includes(code))
    return 'This is a session token: send an access token as Authorization: Bearer'
  if (code !== 'TOKEN_SIGNATURE') return step.fix(code, inspection, now)
  const these = candidates.length === 1 ? 'this one' : `these ${candidates.length}`
  return (
    secretHint(token, candidates) ??
    `Signed with a key other than ${these}: compare the key with the issuer's, character by character`
  )
}
