import { ConfigurationError } from '../configuration-error.js'
import {
  mistake,
  requireOptions,
  text as anyText,
  type Fault,
  type Parser,
  type ParsersOf,
} from '../option-parsers.js'
import { OPENID_DEFAULTS } from '../token/token-options.js'

export { oneOf, optional } from '../option-parsers.js'

/**
 * Checks the parameters of a preset, and returns them.
 * @param parsers one for each parameter: a missing one does not compile
 * @throws {ConfigurationError} naming every mistake and its fix
 */
export function checked<Parameters extends object>(
  preset: string,
  parameters: Parameters,
  parsers: ParsersOf<Parameters>,
): Parameters {
  requireOptions(`issuers.${preset}`, parsers as Readonly<Record<string, Parser<unknown>>>, parameters)
  return parameters
}

const STRAY_SPACE: Fault = [/^\s|\s$/, 'begins or ends with whitespace']

/** A string that is not blank, and has no surrounding whitespace and none of the faults. */
export function text(fix: string, ...faults: readonly Fault[]): Parser<string> {
  return anyText(fix, STRAY_SPACE, ...faults)
}

/** A host as it appears in `iss`, without anything around it. */
export function host(fix: string, ...faults: readonly Fault[]): Parser<string> {
  return text(
    fix,
    [/^[a-z]+:\/\//i, 'has https:// in front'],
    [/\//, 'has a slash'],
    [/^(?![a-z0-9-]+(?:\.[a-z0-9-]+)+$)/, 'is not a host name in lower case'],
    ...faults,
  )
}

/** The URL of a server, without a trailing slash. The options decide whether it may be `http:`. */
export function url(fix: string, ...faults: readonly Fault[]): Parser<string> {
  const parse = text(fix, [/\/$/, 'ends with a slash'], [/[?#]/, 'has a query or fragment'], ...faults)
  return (value, isPresent) => {
    const given = parse(value, isPresent)
    if (/^https?:\/\/./.test(given) && URL.canParse(given)) return given
    throw mistake('is not an https URL', fix)
  }
}

/** One string, or an array of at least one. */
export function oneOrMore(parser: Parser<string>): Parser<string | readonly string[]> {
  return (value, isPresent) => {
    if (!Array.isArray(value)) return parser(value, isPresent)
    const isEmpty = value.length === 0
    const items: readonly unknown[] = isEmpty ? [''] : value
    try {
      return items.map((item) => parser(item, true))
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      const [{ problem, fix } = { problem: '', fix: '' }] = error.problems
      throw mistake(isEmpty ? 'is an empty array' : `has an element that ${problem}`, fix)
    }
  }
}

/** One or several, as a list. */
export function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

/** What every preset allows: OpenID token types and lengths, and an issuer's clock that is a little ahead. */
export const ISSUER_DEFAULTS = { ...OPENID_DEFAULTS, clockToleranceSeconds: 5 } as const
