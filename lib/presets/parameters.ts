import { describe, Problems } from '../problems.js'
import { OPENID_DEFAULTS } from '../token/token-options.js'

/** Says what is wrong with the value of a parameter, and how to fix it; undefined when nothing is. */
export type ParameterCheck = (
  value: unknown,
  isPresent: boolean,
) => { readonly problem: string; readonly fix: string } | undefined

/** A text that fits the pattern has this fault. */
type Fault = readonly [pattern: RegExp, problem: string]

/**
 * The parameters of a preset, when nothing is wrong with them.
 * @param checks one for each parameter: one that is forgotten does not compile
 * @throws {ConfigurationError} naming every mistake and its fix
 */
export function checked<Parameters extends object>(
  preset: string,
  parameters: Parameters,
  checks: { readonly [Key in keyof Required<Parameters>]: ParameterCheck },
): Parameters {
  const problems = new Problems()
  const path = `issuers.${preset}`
  const given = problems.object(path, parameters, Object.keys(checks))
  for (const [key, check] of Object.entries<ParameterCheck>(checks)) {
    const fault = check(given[key], key in given)
    if (fault) problems.add(`${path}.${key}`, fault.problem, fault.fix)
  }
  problems.throwIfAny()
  return parameters
}

/** The parameter may be left out; present but undefined is an environment variable that is not set. */
export function optional(check: ParameterCheck): ParameterCheck {
  return (value, isPresent) => (isPresent ? check(value, isPresent) : undefined)
}

const STRAY_SPACE: Fault = [/^\s|\s$/, 'begins or ends with white space']

/** A text that is not blank and has none of the faults. */
export function text(fix: string, ...faults: readonly Fault[]): ParameterCheck {
  return (value) => {
    if (typeof value !== 'string' || value.trim() === '') return { problem: `is ${describe(value)}`, fix }
    const [, problem] = [STRAY_SPACE, ...faults].find(([pattern]) => pattern.test(value)) ?? []
    return problem === undefined ? undefined : { problem, fix }
  }
}

/** A host as it stands in `iss`, without anything around it. */
export function host(fix: string, ...faults: readonly Fault[]): ParameterCheck {
  return text(
    fix,
    [/^[a-z]+:\/\//i, 'has https:// in front'],
    [/\//, 'has a slash'],
    [/^(?![a-z0-9-]+(?:\.[a-z0-9-]+)+$)/, 'is not a host name in lower case'],
    ...faults,
  )
}

/** The URL of a server, without a slash at its end. Whether it may be `http:` is for the options to say. */
export function url(fix: string, ...faults: readonly Fault[]): ParameterCheck {
  const check = text(fix, [/\/$/, 'ends with a slash'], [/[?#]/, 'has a query or fragment'], ...faults)
  return (value, isPresent) =>
    check(value, isPresent) ??
    (/^https?:\/\/./.test(value as string) && URL.canParse(value as string)
      ? undefined
      : { problem: 'is not an https URL', fix })
}

/** One of a few values. */
export function oneOf(...values: readonly (string | number)[]): ParameterCheck {
  const fix = `Pass ${values.map((value) => JSON.stringify(value)).join(' or ')}`
  return (value) => {
    if (values.includes(value as string)) return undefined
    return { problem: typeof value === typeof values[0] ? 'is not known' : `is ${describe(value)}`, fix }
  }
}

/** One text, or an array of at least one, each of which passes the check. */
export function oneOrMore(check: ParameterCheck): ParameterCheck {
  return (value, isPresent) => {
    if (!Array.isArray(value)) return check(value, isPresent)
    const isEmpty = value.length === 0
    const items: readonly unknown[] = isEmpty ? [''] : value
    const fault = items.map((item) => check(item, true)).find((found) => found !== undefined)
    const problem = isEmpty ? 'is an empty array' : `has an element that ${fault?.problem ?? ''}`
    return fault && { ...fault, problem }
  }
}

/** One or several, as several. */
export function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

/** What every preset allows: its issuer's token types and lengths, and a clock that is a little ahead of this server's. */
export const ISSUER_DEFAULTS = { ...OPENID_DEFAULTS, clockToleranceSeconds: 5 } as const

/** For issuers that rotate on their own or keep old keys, so that their sets grow past the default of three. */
export const MANY_KEYS = { maxKeys: 20 } as const
