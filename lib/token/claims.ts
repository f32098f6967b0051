import type { Claims } from '../jws/compact.js'
import type { JsonValue } from '../user.js'
import type { Check, TimedCheck } from './check.js'
import { duration, idTokenHint, nearMiss, numericDateFix, show } from './hints.js'
import type { TokenRules } from './token-options.js'

/** RFC 7519 §4.1.1. Comes before any key lookup: a token from another issuer must not make us ask ours for keys. */
export function issuerCheck({ issuer }: TokenRules): Check {
  return {
    name: 'iss',
    refuse: ({ token: { claims } }) =>
      !issuer || issuer.includes(claims.iss as string) ? undefined : 'TOKEN_ISSUER',
    expected: () => issuer?.map((name) => `"${name}"`).join(' or ') ?? 'any issuer',
    got: ({ token: { claims } }) => show(claims.iss),
    fix: (_code, { token: { claims } }) =>
      nearMiss('issuer', [claims.iss], issuer ?? []) ??
      'Set issuer to what the issuer puts into iss, or send a token from this issuer',
  }
}

/** The checks of the claims, made after the signature has been verified. */
export function claimChecks(rules: TokenRules): readonly Check[] {
  return [
    sessionToken,
    audience(rules),
    subject(rules),
    expiry(rules),
    notBefore('iat', rules),
    notBefore('nbf', rules),
    age(rules),
    requiredClaims(rules),
  ]
}

const sessionToken: Check = {
  name: 'session token',
  refuse: ({ token: { claims } }) => (isSessionToken(claims) ? 'TOKEN_SESSION' : undefined),
  expected: () => 'a third-party token, without the claim baas_domain_id',
  got: ({ token: { claims } }) =>
    isSessionToken(claims) ? `a session token (${show(claims.typ)})` : 'a third-party token',
  fix: () => 'Send an access token as Authorization: Bearer, a refresh token to /auth/session',
}

/**
 * Whether a token claims to be a session token. Its `typ` proves nothing: some issuers put `access` or `refresh` into
 * their own tokens, as Guardian for Elixir does.
 */
export function isSessionToken({ baas_domain_id }: Claims): boolean {
  return baas_domain_id !== undefined
}

/** RFC 7519 §4.1.3 */
function audience({ audience: wanted, requireAnyAudience }: TokenRules): Check {
  const names = wanted ?? []
  const missingFrom = (present: readonly string[]): readonly string[] => {
    const missing = names.filter((name) => !present.includes(name))
    return requireAnyAudience && missing.length < names.length ? [] : missing
  }
  return {
    name: 'aud',
    refuse({ token: { claims } }) {
      if (!wanted) return undefined
      const present = audiencesOf(claims.aud)
      if (!present) return 'TOKEN_AUDIENCE_INVALID'
      return missingFrom(present).length > 0 ? 'TOKEN_AUDIENCE_MISMATCH' : undefined
    },
    reason(code, { token: { claims } }) {
      if (code !== 'TOKEN_AUDIENCE_MISMATCH') return undefined
      const missing = missingFrom(audiencesOf(claims.aud) ?? []).map((name) => `"${name}"`)
      return `'${missing.join(', ')}' not present in 'aud' claim`
    },
    expected: () =>
      wanted?.map((name) => `"${name}"`).join(requireAnyAudience ? ' or ' : ' and ') ?? 'any audience',
    got: ({ token: { claims } }) => show(claims.aud),
    fix: (_code, { token: { claims } }) =>
      nearMiss('audience', audiencesOf(claims.aud) ?? [], names) ??
      `Set audience to what the issuer puts into aud, or have the issuer put the app's id there${idTokenHint(claims)}`,
  }
}

function audiencesOf(aud: unknown): readonly string[] | undefined {
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) && aud.length > 0 && aud.every((item) => typeof item === 'string')
    ? aud
    : undefined
}

/**
 * RFC 7519 §4.1.2. An object would be a query operator to some databases; text that is not valid Unicode (a lone
 * surrogate, or U+FFFD left by broken UTF-8) could turn two subjects into one.
 */
function subject({ subjectClaim }: TokenRules): Check {
  return {
    name: 'sub',
    refuse({ token: { claims } }) {
      const value = claims[subjectClaim]
      const isGood = typeof value === 'string' && value.trim() !== '' && value.isWellFormed()
      return isGood && !value.includes('\ufffd') ? undefined : 'TOKEN_SUBJECT'
    },
    reason: () => `'${subjectClaim}' must be a non-empty string`,
    expected: () => `${subjectClaim}: a non-empty string`,
    got: ({ token: { claims } }) => show(claims[subjectClaim]),
    fix: () => `Have the issuer put the user's unique id into ${subjectClaim}, as a string`,
  }
}

/** RFC 7519 §4.1.4 */
function expiry({ clockToleranceSeconds }: TokenRules): TimedCheck {
  return {
    name: 'exp',
    refuse: ({ token: { claims } }) => (isNumericDate(claims.exp) ? undefined : 'TOKEN_DATE_INVALID'),
    window: ({ token: { claims } }) => ({ until: Number(claims.exp) + clockToleranceSeconds }),
    reason: (code, { token: { claims } }) => notADate(code, 'exp', claims.exp),
    expected: (_inspection, now) => `a number of seconds after now (${now})`,
    got: ({ token: { claims } }) => show(claims.exp),
    fix: (code, { token: { claims } }, now) =>
      code === 'TOKEN_EXPIRED'
        ? `Expired ${duration(now - Number(claims.exp))} ago: get a new token`
        : numericDateFix('exp', claims.exp),
  }
}

// PROTOCOL §2: the original gives `iat` the meaning of `nbf` (RFC 7519 §4.1.5).
function notBefore(name: 'iat' | 'nbf', { clockToleranceSeconds }: TokenRules): TimedCheck {
  return {
    name,
    refuse: ({ token: { claims } }) =>
      claims[name] === undefined || isNumericDate(claims[name]) ? undefined : 'TOKEN_DATE_INVALID',
    window: ({ token: { claims } }) => ({ from: Number(claims[name] ?? 0) - clockToleranceSeconds }),
    reason: (code, { token: { claims } }) => notADate(code, name, claims[name]),
    expected: (_inspection, now) => `absent, or a number of seconds not after now (${now})`,
    got: ({ token: { claims } }) => show(claims[name]),
    fix: (code, { token: { claims } }, now) =>
      code === 'TOKEN_NOT_YET_VALID'
        ? `Valid in ${duration(Number(claims[name]) - now)}: synchronize the clocks, or set clockToleranceSeconds`
        : numericDateFix(name, claims[name]),
  }
}

/** Limits a token's age, also while it is remembered. */
function age({ maxTokenAgeSeconds: most, clockToleranceSeconds }: TokenRules): TimedCheck {
  return {
    name: 'age',
    refuse: ({ token: { claims } }) =>
      most === undefined || isNumericDate(claims.iat) ? undefined : 'TOKEN_DATE_INVALID',
    window: ({ token: { claims } }) =>
      most === undefined ? {} : { until: Number(claims.iat) + most + clockToleranceSeconds },
    reason: (code, { token: { claims } }) =>
      code === 'TOKEN_EXPIRED'
        ? `token is older than ${most ?? 0} seconds`
        : notADate(code, 'iat', claims.iat),
    expected: () => (most === undefined ? 'any age' : `issued (iat) at most ${most} seconds ago`),
    got: ({ token: { claims } }) => `iat: ${show(claims.iat)}`,
    fix: (code, { token: { claims } }) =>
      code === 'TOKEN_EXPIRED'
        ? 'Get a new token, or raise maxTokenAgeSeconds'
        : numericDateFix('iat', claims.iat),
  }
}

// JSON allows 1e400, which reads as Infinity.
function isNumericDate(value: unknown): value is number {
  return Number.isFinite(value)
}

function notADate(code: string, name: string, value: unknown): string | undefined {
  if (code !== 'TOKEN_DATE_INVALID') return undefined
  return value === undefined ? `'${name}' is missing` : `'${name}' must be a number`
}

function requiredClaims({ requiredClaims: required }: TokenRules): Check {
  const wrongIn = (claims: Claims): string | undefined =>
    required.find(({ name, values }) => !values.includes(claims[name] as JsonValue))?.name
  return {
    name: 'required claims',
    refuse: ({ token: { claims } }) => (wrongIn(claims) === undefined ? undefined : 'TOKEN_CLAIM'),
    reason: (_code, { token: { claims } }) => `'${wrongIn(claims) ?? ''}' does not have the required value`,
    expected: () =>
      required.map(({ name, values }) => `${name}: ${values.map(show).join(' or ')}`).join(', ') || 'none',
    got: ({ token: { claims } }) =>
      required.map(({ name }) => `${name}: ${show(claims[name])}`).join(', ') || 'none',
    fix: (_code, { token: { claims } }) =>
      `Send a token with another ${wrongIn(claims) ?? ''}, or correct requiredClaims${idTokenHint(claims)}`,
  }
}
