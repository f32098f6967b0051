import type { JsonValue } from '../user.js'
import { show, type Check } from './steps.js'
import type { RequiredClaim, TokenRules } from './token-options.js'
import type { Claims } from '../jws/compact.js'

/** RFC 7519 §4.1.1. Made twice: before a key is looked up for a token, and on the verified claims. */
export const issuerCheck: Check<Claims> = {
  name: 'iss',
  refuse: ({ iss }, { issuer }) => (!issuer || issuer.includes(iss as string) ? undefined : 'TOKEN_ISSUER'),
  expected: ({ issuer }) => issuer?.map((name) => `"${name}"`).join(' or ') ?? 'any issuer',
  got: ({ iss }) => show(iss),
  fix: (_code, { iss }, { issuer = [] }) =>
    nearMiss('issuer', [iss], issuer) ??
    'Set issuer to what the issuer puts into iss, or send a token of this issuer',
}

/** The checks of the claims, made after the signature was found good. */
export const claimChecks: readonly Check<Claims>[] = [
  issuerCheck,
  {
    name: 'session token',
    refuse: (claims) => (isSessionToken(claims) ? 'TOKEN_SESSION' : undefined),
    expected: () => 'a third-party token, without the claim baas_domain_id',
    got: (claims) =>
      isSessionToken(claims) ? `a session token (${show(claims.typ)})` : 'a third-party token',
    fix: () => 'Send an access token as Authorization: Bearer, a refresh token to /auth/session',
  },
  {
    // RFC 7519 §4.1.3
    name: 'aud',
    refuse({ aud }, { audience, requireAnyAudience }) {
      // The second is nearly every token: it is spared the lists.
      if (!audience || (audience.length === 1 && audience[0] === aud)) return undefined
      const present = audiencesOf(aud)
      if (!present) return 'TOKEN_AUDIENCE_INVALID'
      const missing = missingAudiences(present, audience, requireAnyAudience)
      return missing.length > 0 ? 'TOKEN_AUDIENCE_MISMATCH' : undefined
    },
    reason(code, { aud }, { audience = [], requireAnyAudience }) {
      if (code !== 'TOKEN_AUDIENCE_MISMATCH') return undefined
      const missing = missingAudiences(audiencesOf(aud) ?? [], audience, requireAnyAudience)
      return `'${missing.map((name) => `"${name}"`).join(', ')}' not present in 'aud' claim`
    },
    expected: ({ audience, requireAnyAudience }) =>
      audience?.map((name) => `"${name}"`).join(requireAnyAudience ? ' or ' : ' and ') ?? 'any audience',
    got: ({ aud }) => show(aud),
    fix: (_code, claims, { audience = [] }) =>
      nearMiss('audience', audiencesOf(claims.aud) ?? [], audience) ??
      `Set audience to what the issuer puts into aud, or let the issuer put the app's id there${idTokenHint(claims)}`,
  },
  {
    // RFC 7519 §4.1.2. An object would be a query operator to some databases; text that is not valid Unicode
    // (a lone surrogate, or U+FFFD left by broken UTF-8) could make two subjects one.
    name: 'sub',
    refuse(claims, { subjectClaim }) {
      const subject = claims[subjectClaim]
      const isGood = typeof subject === 'string' && subject.trim() !== '' && subject.isWellFormed()
      return isGood && !subject.includes('\ufffd') ? undefined : 'TOKEN_SUBJECT'
    },
    reason: (_code, _claims, { subjectClaim }) => `'${subjectClaim}' must be a non-empty string`,
    expected: ({ subjectClaim }) => `${subjectClaim}: a non-empty string`,
    got: (claims, { subjectClaim }) => show(claims[subjectClaim]),
    fix: (_code, _claims, { subjectClaim }) =>
      `Let the issuer put the user's unique id into ${subjectClaim}, as a string`,
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
    fix: (code, { exp }, _rules, now) =>
      code === 'TOKEN_EXPIRED'
        ? `Expired ${duration(now - Number(exp))} ago: get a new token`
        : numericDateMend('exp', exp),
  },
  notBefore('iat'),
  notBefore('nbf'),
  {
    name: 'required claims',
    refuse: (claims, { requiredClaims }) => (wrongClaim(claims, requiredClaims) ? 'TOKEN_CLAIM' : undefined),
    reason: (_code, claims, { requiredClaims }) =>
      `'${wrongClaim(claims, requiredClaims)?.name ?? ''}' is not what is required`,
    expected: ({ requiredClaims }) =>
      requiredClaims.map(({ name, values }) => `${name}: ${values.map(show).join(' or ')}`).join(', ') ||
      'none',
    got: (claims, { requiredClaims }) =>
      requiredClaims.map(({ name }) => `${name}: ${show(claims[name])}`).join(', ') || 'none',
    fix: (_code, claims, { requiredClaims }) =>
      `Send a token with another ${wrongClaim(claims, requiredClaims)?.name ?? ''}, or correct requiredClaims${idTokenHint(claims)}`,
  },
]

/**
 * When the claims, found good once, pass every check: from `start` until before `end`, in epoch seconds. No check but
 * those of the dates asks for the time.
 */
export function validityOf({ exp, iat, nbf }: Claims, { clockToleranceSeconds }: TokenRules) {
  const start = Math.max(Number(iat ?? 0), Number(nbf ?? 0)) - clockToleranceSeconds
  return { start, end: Number(exp) + clockToleranceSeconds }
}

/**
 * Whether a token says that it is a session token. Its `typ` says nothing: some issuers write `access` or `refresh` into
 * their own tokens, as Guardian for Elixir does.
 */
export function isSessionToken({ baas_domain_id }: Claims): boolean {
  return baas_domain_id !== undefined
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
    fix: (code, claims, _rules, now) =>
      code === 'TOKEN_NOT_YET_VALID'
        ? `Valid in ${duration(Number(claims[name]) - now)}: set the clocks right, or allow clockToleranceSeconds`
        : numericDateMend(name, claims[name]),
  }
}

// JSON allows 1e400, which reads as Infinity.
function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function wrongClaim(claims: Claims, required: readonly RequiredClaim[]): RequiredClaim | undefined {
  return required.find(({ name, values }) => !values.includes(claims[name] as JsonValue))
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

/** OpenID Connect Core 1.0 §2 and §3.3.2.11 for the first three; the others are Keycloak's and Cognito's. */
function idTokenHint(claims: Claims): string {
  const isIdToken =
    ['nonce', 'at_hash', 'c_hash'].some((name) => name in claims) ||
    claims.typ === 'ID' ||
    claims.token_use === 'id'
  if (!isIdToken || 'scope' in claims || 'scp' in claims) return ''
  return '. It looks like an ID token: if access tokens are wanted here, send the access token'
}

/** Names the small difference between what a token has and what was wanted, where there is one. */
function nearMiss(name: string, present: readonly unknown[], wanted: readonly string[]): string | undefined {
  const differences: [string, (text: string) => string][] = [
    ['a trailing slash', (text) => text.replace(/\/+$/, '')],
    ['upper and lower case', (text) => text.toLowerCase()],
    ['white space', (text) => text.trim()],
  ]
  for (const [difference, normalize] of differences)
    for (const have of present)
      for (const want of wanted)
        if (typeof have === 'string' && have !== want && normalize(have) === normalize(want))
          return `The ${name} differs by ${difference}: write both alike`
  return undefined
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
