import { createSecretKey } from 'node:crypto'
import { isAuthError } from '../errors.js'
import type { KeySource, VerificationKey } from '../keys/key-source.js'
import { readMetadata, type MetadataRules } from './metadata.js'
import { madeWith, show, type Check } from './steps.js'
import type { TokenRules } from './token-options.js'
import { claimChecks, issuerCheck, isSessionToken } from './claims.js'
import { COMPACT_FORM, readToken, type Claims, type UnverifiedToken } from '../jws/compact.js'
import { verifySignature } from '../jws/verify.js'
import { headerChecks } from './header.js'

/** What one check found. */
export interface ExplainedCheck {
  readonly name: string
  /** Undefined when it could not be judged, because of an earlier failure. */
  readonly pass: boolean | undefined
  readonly expected: string
  readonly got: string
  /** The likely fix of a failure. */
  readonly fix?: string
}

/** Why a third-party token is accepted or refused. Holds neither its signature nor a key. */
export interface Explanation {
  /** Whether the token passes every check now. Its user is not looked at. */
  readonly ok: boolean
  readonly checks: readonly ExplainedCheck[]
  /** The verdict in one line. */
  readonly summary: string
}

interface ExplainParts {
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeySource
  /** Whether the provider is switched off. */
  readonly disabled: boolean
}

/** Makes `auth.explain`: the same checks as the verifier's, all of them, in words. Offline but for the key source. */
export function createExplain(parts: ExplainParts): (token: string, now: number) => Promise<Explanation> {
  return async (token, now) => {
    // A header that is not there is undefined, whatever the types say.
    const text = typeof token === 'string' ? token.trim() : ''
    const checks = [...explainProvider(parts), ...(await explainAll(text, now, parts))]
    const failed = checks.filter(({ pass }) => pass !== true)
    const first = failed.find(({ pass }) => pass === false) ?? failed[0]
    const verb = first?.pass === false ? 'refused' : 'cannot be judged'
    const summary = first
      ? `${verb} by ${first.name}: expected ${first.expected}, got ${first.got}. ${first.fix ?? ''}`.trim()
      : 'accepted'
    return { ok: !first, checks, summary }
  }
}

async function explainAll(token: string, now: number, parts: ExplainParts): Promise<ExplainedCheck[]> {
  const { rules } = parts
  const length = explainLength(token, rules)
  const { read, check: format } = explainFormat(token)
  if (!read) return [length, format]
  const { header, claims } = read
  const headers = headerChecks.map((check) => explainCheck(check, header, rules, now))
  const signature = await explainSignature(read, now, parts)
  // As the verifier does: whose token it is comes before the keys.
  const issuer = explainCheck(issuerCheck, claims, rules, now)
  const others = claimChecks.filter((check) => check !== issuerCheck)
  const claimed = others.map((check) => explainCheck(check, claims, rules, now))
  return [length, format, ...headers, issuer, signature, ...claimed, explainMetadata(claims, parts.metadata)]
}

function explainProvider({ disabled }: ExplainParts): ExplainedCheck[] {
  return disabled ? [fail('provider', 'switched on', 'disabled', 'Set disabled to false')] : []
}

function explainLength(token: string, { maxTokenLength }: TokenRules): ExplainedCheck {
  const expected = `at most ${maxTokenLength} characters`
  const got = `${token.length} characters`
  return token.length <= maxTokenLength
    ? pass('length', expected, got)
    : fail('length', expected, got, 'Put fewer claims into the token, or raise maxTokenLength')
}

function explainFormat(token: string): { read?: UnverifiedToken; check: ExplainedCheck } {
  try {
    return { read: readToken(token), check: pass('format', COMPACT_FORM, 'that') }
  } catch (error) {
    if (!isAuthError(error)) throw error
    const {
      expected = COMPACT_FORM,
      got = 'something else',
      fix = 'Copy the whole token',
    } = error.detail ?? {}
    return { check: fail('format', expected, got, fix) }
  }
}

function explainCheck<S>(check: Check<S>, subject: S, rules: TokenRules, now: number): ExplainedCheck {
  const code = check.refuse(subject, rules, now)
  const [expected, got] = [check.expected(rules, now), check.got(subject, rules)]
  return code === undefined
    ? pass(check.name, expected, got)
    : fail(check.name, expected, got, check.fix(code, subject, rules, now))
}

async function explainSignature(token: UnverifiedToken, now: number, { keys, rules }: ExplainParts) {
  const { kid, alg } = token.header
  if (alg !== rules.algorithm)
    return {
      name: 'signature',
      pass: undefined,
      expected: `made with ${rules.algorithm}`,
      got: 'another algorithm',
    }
  if (kid !== undefined && typeof kid !== 'string')
    return fail('signature', 'a kid that is a string', show(kid), 'Let the issuer write kid as a string')
  let candidates: readonly VerificationKey[]
  try {
    candidates = await keys.find(kid, now)
  } catch (error) {
    if (!isAuthError(error) || error.status !== 401)
      return { name: 'signature', pass: undefined, expected: 'keys to verify it with', got: reasonOf(error) }
    const fix =
      kid === undefined
        ? 'Let the issuer name its key, or set jwks.allowMissingKid if its set has just one'
        : 'Let the issuer publish this key, or configure the issuer that signed this token'
    return fail('signature', 'a kid that names a key', show(kid), fix)
  }
  const expected = madeWith(candidates.length)
  if (!verifySignature(token, candidates))
    return fail('signature', expected, 'made with another key', signatureMend(token, candidates))
  return pass('signature', expected, 'that')
}

function reasonOf(error: unknown): string {
  return String(error instanceof Error && error.cause instanceof Error ? error.cause.message : error)
}

function signatureMend(token: UnverifiedToken, candidates: readonly VerificationKey[]): string {
  if (isSessionToken(token.claims))
    return 'This is a session token: send an access token as Authorization: Bearer'
  for (const { key, algorithm } of candidates) {
    if (!algorithm.startsWith('HS')) continue
    for (const [bytes, fix] of otherReadings(key.export()))
      if (bytes.length > 0 && verifySignature(token, [{ algorithm, key: createSecretKey(bytes) }])) return fix
  }
  const these = candidates.length === 1 ? 'this one' : `these ${candidates.length}`
  return `Signed by another key than ${these}: compare the key with the issuer's, character by character`
}

/** The classic mistakes with a secret, as the bytes that it would have been without. */
function otherReadings(bytes: Buffer): [Buffer, string][] {
  const text = bytes.toString()
  const decoded = (encoding: string): string =>
    `The secret looks ${encoding}-encoded: decoded, it verifies. Pass { key, encoding: '${encoding}' }`
  const literal = 'The issuer uses the text of the secret as it is: leave its encoding out'
  return [
    [Buffer.from(text, 'base64'), decoded(/[-_]/.test(text) ? 'base64url' : 'base64')],
    [Buffer.from(text, 'hex'), decoded('hex')],
    [Buffer.from(bytes.toString('base64')), literal],
    [Buffer.from(bytes.toString('base64url')), literal],
    [Buffer.from(bytes.toString('hex')), literal],
    [Buffer.from(`${text}\n`), "The issuer's secret ends with a newline: remove it there"],
  ]
}

function explainMetadata(claims: Claims, metadata: MetadataRules): ExplainedCheck {
  const names = metadata.fields.filter(({ required }) => required).map(({ name }) => name)
  const expected = names.length === 0 ? 'nothing required' : `present: ${names.join(', ')}`
  try {
    readMetadata(claims, metadata)
    return pass('metadata', expected, 'that')
  } catch (error) {
    const { message, detail } = isAuthError(error) ? error : { message: 'something else', detail: undefined }
    const fix = 'Let the issuer add the claim, or correct the path of the metadata field'
    return fail('metadata', detail?.expected ?? expected, message, detail?.fix ?? fix)
  }
}

function pass(name: string, expected: string, got: string): ExplainedCheck {
  return { name, pass: true, expected, got }
}

function fail(name: string, expected: string, got: string, fix: string): ExplainedCheck {
  return { name, pass: false, expected, got, fix }
}
