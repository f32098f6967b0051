import type { Algorithm } from '../keys/key-source.js'
import { describe, type Problems } from '../problems.js'
import type { TokenRules } from './claims.js'

const DEFAULT_TYPES = ['JWT']

/** Parses the options that say what a third-party token has to fulfil, reporting every mistake. */
export function parseTokenRules(
  given: Readonly<Record<string, unknown>>,
  { appId, algorithm }: { appId: string; algorithm: Algorithm },
  problems: Problems,
): TokenRules {
  const integer = (name: string, fallback: number, min: number, max: number): number =>
    problems.integer(name, given[name], { fallback, min, max })
  return Object.freeze({
    algorithm,
    // Present but undefined is an environment variable that is not set, not a wish for the default.
    audience: 'audience' in given ? parseAudience(given.audience, problems) : Object.freeze([appId]),
    requireAnyAudience: problems.boolean('requireAnyAudience', given.requireAnyAudience, false),
    allowedTypes: parseAllowedTypes(given.allowedTypes, problems),
    maxTokenLength: integer('maxTokenLength', 2048, 1, 1_000_000),
    clockToleranceSeconds: integer('clockToleranceSeconds', 0, 0, 600),
  })
}

function parseAudience(value: unknown, problems: Problems): readonly string[] {
  const list: unknown = typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value
  const isGood = (name: unknown): name is string => typeof name === 'string' && name.trim() !== ''
  if (Array.isArray(list) && list.length > 0 && list.every(isGood)) return Object.freeze([...list])
  const got = Array.isArray(value)
    ? 'is empty or has an element that is empty or no string'
    : `is ${describe(value)}`
  problems.add(
    'audience',
    got,
    'Pass what the issuer puts into aud: a string, a comma-separated list or an array',
  )
  return []
}

function parseAllowedTypes(value: unknown, problems: Problems): ReadonlySet<string | null> {
  const list = value ?? DEFAULT_TYPES
  const isGood = (type: unknown): type is string | null =>
    type === null || (typeof type === 'string' && type !== '')
  if (Array.isArray(list) && list.length > 0 && list.every(isGood))
    return new Set(list.map((type) => type?.toLowerCase() ?? null))
  problems.add('allowedTypes', 'is not a list of types', "Pass an array such as ['JWT', 'at+jwt', null]")
  return new Set()
}
