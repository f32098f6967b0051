import type { Algorithm } from '../keys/key-source.js'
import { describe, type Problems } from '../problems.js'
import type { RequiredClaim, TokenRules } from './steps.js'

const DEFAULT_TYPES = ['JWT']

/** Parses the options that say what a third-party token has to fulfil, reporting every mistake. */
export function parseTokenRules(
  given: Readonly<Record<string, unknown>>,
  { appId, algorithm }: { appId: string; algorithm: Algorithm },
  problems: Problems,
): TokenRules {
  const integer = (name: string, fallback: number, min: number, max: number): number =>
    problems.integer(name, given[name], { fallback, min, max })
  // Present but undefined is an environment variable that is not set, not a wish for the default.
  const list = (name: string): readonly string[] | undefined =>
    name in given ? parseList(name, given[name], problems) : undefined
  return Object.freeze({
    algorithm,
    audience: given.audience === null ? undefined : (list('audience') ?? Object.freeze([appId])),
    issuer:
      list('issuer') ?? (typeof given.discover === 'string' ? Object.freeze([given.discover]) : undefined),
    subjectClaim: 'subjectClaim' in given ? parseSubjectClaim(given.subjectClaim, problems) : 'sub',
    requiredClaims: 'requiredClaims' in given ? parseRequiredClaims(given.requiredClaims, problems) : [],
    requireAnyAudience: problems.boolean('requireAnyAudience', given.requireAnyAudience, false),
    allowedTypes: parseAllowedTypes(given.allowedTypes, problems),
    maxTokenLength: integer('maxTokenLength', 2048, 1, 1_000_000),
    clockToleranceSeconds: integer('clockToleranceSeconds', 0, 0, 600),
  })
}

function parseList(option: string, value: unknown, problems: Problems): readonly string[] {
  // Audiences may be written as one text with commas; an issuer is a URL, in which commas are allowed.
  const isCommaList = typeof value === 'string' && option === 'audience'
  const list: unknown = isCommaList
    ? value.split(',').map((name) => name.trim())
    : typeof value === 'string'
      ? [value]
      : value
  const isGood = (name: unknown): name is string => typeof name === 'string' && name.trim() !== ''
  if (Array.isArray(list) && list.length > 0 && list.every(isGood)) return Object.freeze([...list])
  const got = Array.isArray(value) ? 'is empty, or an element is blank or no string' : `is ${describe(value)}`
  const claim = option === 'audience' ? 'aud' : 'iss'
  problems.add(option, got, `Pass what the issuer puts into ${claim}: a string, or an array of strings`)
  return []
}

function parseSubjectClaim(value: unknown, problems: Problems): string {
  return problems.text('subjectClaim', value, 'Pass the name of a claim') ?? 'sub'
}

function parseRequiredClaims(value: unknown, problems: Problems): readonly RequiredClaim[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems.add('requiredClaims', `is ${describe(value)}`, "Pass an object such as { azp: 'my-client' }")
    return []
  }
  return Object.entries(value).map(([name, wanted]: [string, unknown]) => {
    const values: unknown[] = Array.isArray(wanted) ? [...(wanted as unknown[])] : [wanted]
    if (values.length === 0 || !values.every(isClaimValue))
      problems.add(
        `requiredClaims.${name}`,
        'is no value',
        'Pass a string, number or boolean, or an array of them',
      )
    return Object.freeze({ name, values: values as string[] })
  })
}

// JSON allows 1e400, which reads as Infinity: no number that is none may be asked for.
function isClaimValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}

function parseAllowedTypes(value: unknown, problems: Problems): ReadonlySet<string | null> {
  const list = value === undefined ? DEFAULT_TYPES : value
  const isGood = (type: unknown): type is string | null =>
    type === null || (typeof type === 'string' && type !== '')
  if (Array.isArray(list) && list.length > 0 && list.every(isGood))
    return new Set(list.map((type) => type?.toLowerCase() ?? null))
  problems.add('allowedTypes', 'is not a list of types', "Pass an array such as ['JWT', 'at+jwt', null]")
  return new Set()
}
