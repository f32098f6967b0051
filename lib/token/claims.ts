import type { Algorithm } from '../keys/key-source.js'
import type { ErrorCode } from '../errors.js'
import type { Claims, TokenHeader } from './compact.js'

/** What a third-party token has to fulfil. Parsed once from the options. */
export interface TokenRules {
  readonly algorithm: Algorithm
  /** Values of the `typ` header, in lower case; `null` stands for its absence. */
  readonly allowedTypes: ReadonlySet<string | null>
  readonly maxTokenLength: number
  readonly audience: readonly string[]
  readonly requireAnyAudience: boolean
  readonly clockToleranceSeconds: number
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
  got(subject: Subject, now: number): string
  /** The likely mend of a failure. */
  mend(code: ErrorCode, subject: Subject, rules: TokenRules, now: number): string
}

/** The checks of the header, made before any key is looked at. */
export const headerChecks: readonly Check<TokenHeader>[] = [
  {
    name: 'alg',
    refuse: ({ alg }, { algorithm }) => (alg === algorithm ? undefined : 'TOKEN_ALGORITHM'),
    expected: ({ algorithm }) => algorithm,
    got: ({ alg }) => show(alg),
    mend: (_code, _header, { algorithm }) =>
      `Let the issuer sign with ${algorithm}, or set signingAlgorithm to what it signs with and pass the matching key`,
  },
  {
    name: 'typ',
    refuse: ({ typ }, { allowedTypes }) => (allowedTypes.has(normalizeType(typ)) ? undefined : 'TOKEN_TYPE'),
    expected: ({ allowedTypes }) => [...allowedTypes].map((type) => type ?? 'absent').join(' or '),
    got: ({ typ }) => show(typ),
    mend: (_code, { typ }) =>
      `If this issuer's tokens are like that, add ${typ === undefined ? 'null' : show(typ)} to allowedTypes`,
  },
  {
    // RFC 7515 §4.1.11: an extension that is not understood must be refused, and this package understands none.
    name: 'crit',
    refuse: (header) => ('crit' in header || 'b64' in header ? 'TOKEN_CRITICAL_HEADER' : undefined),
    expected: () => 'absent',
    got: ({ crit, b64 }) =>
      crit === undefined ? (b64 === undefined ? 'absent' : `b64: ${show(b64)}`) : show(crit),
    mend: () => 'Let the issuer leave these header parameters out',
  },
]

/** The checks of the claims, made after the signature was found good. */
export const claimChecks: readonly Check<Claims>[] = [
  {
    name: 'session token',
    refuse: ({ typ }) => (isSessionType(typ) ? 'TOKEN_SESSION' : undefined),
    expected: () => "a third-party token, whose payload's typ is neither access nor refresh",
    got: ({ typ }) => (isSessionType(typ) ? `a session token (${typ})` : 'a third-party token'),
    mend: () => 'Send an access token as Authorization: Bearer, a refresh token to /auth/session',
  },
  {
    // RFC 7519 §4.1.3
    name: 'aud',
    refuse({ aud }, { audience, requireAnyAudience }) {
      const present = audiencesOf(aud)
      if (!present) return 'TOKEN_AUDIENCE_INVALID'
      const missing = missingAudiences(present, audience, requireAnyAudience)
      return missing.length > 0 ? 'TOKEN_AUDIENCE_MISMATCH' : undefined
    },
    reason(code, { aud }, { audience, requireAnyAudience }) {
      if (code !== 'TOKEN_AUDIENCE_MISMATCH') return undefined
      const missing = missingAudiences(audiencesOf(aud) ?? [], audience, requireAnyAudience)
      return `'${missing.map((name) => `"${name}"`).join(', ')}' not present in 'aud' claim`
    },
    expected: ({ audience, requireAnyAudience }) =>
      audience.map((name) => `"${name}"`).join(requireAnyAudience ? ' or ' : ' and '),
    got: ({ aud }) => show(aud),
    mend: (_code, { aud }, { audience }) => audienceMend(audiencesOf(aud) ?? [], audience),
  },
  {
    // RFC 7519 §4.1.2. An object would be a query operator to some databases; text that is not valid Unicode
    // (a lone surrogate, or U+FFFD left by broken UTF-8) could make two subjects one.
    name: 'sub',
    refuse: ({ sub }) =>
      typeof sub === 'string' && sub.trim() !== '' && sub.isWellFormed() && !sub.includes('\ufffd')
        ? undefined
        : 'TOKEN_SUBJECT',
    expected: () => 'a non-empty string',
    got: ({ sub }) => show(sub),
    mend: () => "Let the issuer put the user's unique id into sub, as a string",
  },
  {
    // RFC 7519 §4.1.4. Written so that a clock or claim that is not a number refuses.
    name: 'exp',
    refuse({ exp }, { clockToleranceSeconds }, now) {
      if (!isNumericDate(exp)) return 'TOKEN_DATE_INVALID'
      return now < exp + clockToleranceSeconds ? undefined : 'TOKEN_EXPIRED'
    },
    reason: (code, { exp }) =>
      code !== 'TOKEN_DATE_INVALID'
        ? undefined
        : exp === undefined
          ? "'exp' is missing"
          : "'exp' must be a number",
    expected: (_rules, now) => `a number of seconds after now (${now})`,
    got: ({ exp }) => show(exp),
    mend: (code, { exp }, _rules, now) =>
      code === 'TOKEN_EXPIRED'
        ? `Expired ${duration(now - Number(exp))} ago: get a new token`
        : numericDateMend('exp', exp),
  },
  notBefore('iat'),
  notBefore('nbf'),
]

/** A payload of this type is a session token of ours, never a third-party one. */
export function isSessionType(typ: unknown): typ is 'access' | 'refresh' {
  return typ === 'access' || typ === 'refresh'
}

// PROTOCOL §2: the original gives `iat` the meaning of `nbf` (RFC 7519 §4.1.5).
function notBefore(name: 'iat' | 'nbf'): Check<Claims> {
  return {
    name,
    refuse(claims, { clockToleranceSeconds }, now) {
      const date = claims[name]
      if (date === undefined) return undefined
      if (!isNumericDate(date)) return 'TOKEN_DATE_INVALID'
      return now >= date - clockToleranceSeconds ? undefined : 'TOKEN_NOT_YET_VALID'
    },
    reason: (code) => (code === 'TOKEN_DATE_INVALID' ? `'${name}' must be a number` : undefined),
    expected: (_rules, now) => `absent, or a number of seconds not after now (${now})`,
    got: (claims) => show(claims[name]),
    mend: (code, claims, _rules, now) =>
      code === 'TOKEN_NOT_YET_VALID'
        ? `Valid in ${duration(Number(claims[name]) - now)}: set the clocks right, or allow clockToleranceSeconds`
        : numericDateMend(name, claims[name]),
  }
}

// JSON allows 1e400, which reads as Infinity.
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function normalizeType(typ: unknown): string | null {
  if (typ === undefined) return null
  return typeof typ === 'string' ? typ.toLowerCase() : ''
}

function audiencesOf(aud: unknown): readonly string[] | undefined {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.length > 0 && aud.every((item) => typeof item === 'string')
    ? aud
    : undefined
}

function missingAudiences(
  present: readonly string[],
  wanted: readonly string[],
  any: boolean,
): readonly string[] {
  const missing = wanted.filter((name) => !present.includes(name))
  return any && missing.length < wanted.length ? [] : missing
}

function audienceMend(present: readonly string[], wanted: readonly string[]): string {
  const bare = (text: string): string => text.replace(/\/+$/, '')
  for (const want of wanted)
    for (const have of present) {
      if (have === want) continue
      if (bare(have) === bare(want)) return 'The audience differs by a trailing slash: write both alike'
      if (have.toLowerCase() === want.toLowerCase())
        return 'The audience differs by upper and lower case: write both alike'
      if (have.trim() === want.trim()) return 'The audience differs by white space: write both alike'
    }
  return "Set audience to what the issuer puts into aud, or let the issuer put the app's id there"
}

function numericDateMend(name: string, value: unknown): string {
  return typeof value === 'string'
    ? `Let the issuer write ${name} as a number of seconds, not as a string`
    : `Let the issuer set ${name} to a number of seconds since 1970`
}

const DAYS = { size: 86_400, unit: 'day' }
const UNITS = [
  { below: 120, size: 1, unit: 'second' },
  { below: 7_200, size: 60, unit: 'minute' },
  { below: 172_800, size: 3_600, unit: 'hour' },
]

function duration(seconds: number): string {
  const { size, unit } = UNITS.find(({ below }) => seconds < below) ?? DAYS
  const count = Math.max(1, Math.round(seconds / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const SHOWN_LENGTH = 200

function show(value: unknown): string {
  if (value === undefined) return 'absent'
  const json = JSON.stringify(value)
  return json.length > SHOWN_LENGTH ? `${json.slice(0, SHOWN_LENGTH)}…` : json
}
