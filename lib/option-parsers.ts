import { ConfigurationError } from './configuration-error.js'
import { describe, Problems } from './problems.js'

// How all options are parsed. Each folder documents its options in an interface and has a table with a parser for each;
// the compiler checks that the table is complete. readOptions applies it and reports every mistake by its path.

/**
 * Turns the value of an option into what it means. `isPresent` distinguishes an option that was left out from one whose
 * value is undefined, usually an environment variable that is not set.
 * @throws {ConfigurationError} naming what is wrong, by the path below the option: ``, `.max` or `[0]`
 */
export type Parser<Value> = (value: unknown, isPresent: boolean) => Value

/** A parser for each option of an interface: a table that lacks one does not compile. */
export type ParsersOf<Options> = { readonly [Name in keyof Required<Options>]: Parser<unknown> }

/** What a table of parsers makes of options. */
export type Parsed<Parsers> = {
  readonly [Name in keyof Parsers]: Parsers[Name] extends Parser<infer Value> ? Value : never
}

type Table = Readonly<Record<string, Parser<unknown>>>

/** What a parser throws: what is wrong with its value, and how to fix it. It never shows the value. */
export function mistake(problem: string, fix: string): ConfigurationError {
  return new ConfigurationError([{ option: '', problem, fix }])
}

/**
 * Applies a table of parsers, reporting every mistake.
 * @param at the path of the options; `options` for the guard's own
 * @returns frozen; an option with a mistake, or one that was left out and has no default, is left out of it
 */
export function readOptions<Parsers extends Table>(
  at: string,
  parsers: Parsers,
  options: unknown,
  problems: Problems,
): Partial<Parsed<Parsers>> {
  const given = problems.object(at, options, Object.keys(parsers))
  const parsed: Record<string, unknown> = {}
  for (const [name, parser] of Object.entries(parsers)) {
    const path = at === 'options' ? name : `${at}.${name}`
    const result = attempt(path, problems, () => parser(given[name], name in given))
    if (result && (result.value !== undefined || name in given)) parsed[name] = result.value
  }
  return Object.freeze(parsed) as Partial<Parsed<Parsers>>
}

/**
 * The same for options that stand alone, such as a store's.
 * @throws {ConfigurationError} naming every mistake
 */
export function requireOptions<Parsers extends Table>(
  at: string,
  parsers: Parsers,
  options: unknown,
): Parsed<Parsers> {
  const problems = new Problems()
  const parsed = readOptions(at, parsers, options, problems)
  problems.throwIfAny()
  return parsed as Parsed<Parsers>
}

/** Reads one value; undefined when there is a mistake in it, which is reported. */
export function readValue<Value>(
  at: string,
  parser: Parser<Value>,
  value: unknown,
  problems: Problems,
): Value | undefined {
  return attempt(at, problems, () => parser(value, value !== undefined))?.value
}

/** For an option that is read later, together with what it depends on. */
export function asGiven(value: unknown): unknown {
  return value
}

/** The default applies when it is left out or undefined: for values that never come from environment variables. */
export function lenient<Value, Default>(fallback: Default, parser: Parser<Value>): Parser<Value | Default> {
  return (value, isPresent) => (value === undefined ? fallback : parser(value, isPresent))
}

export function boolean(range: { default: boolean }): Parser<boolean> {
  return lenient(range.default, (value) => {
    if (typeof value === 'boolean') return value
    throw mistake(`is ${describe(value)}`, 'Pass true or false')
  })
}

/** A whole number; a string of digits is not one. */
export function integer(range: { default: number; min: number; max: number }): Parser<number> {
  const { min, max } = range
  return lenient(range.default, (value) => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number
    throw mistake(`is ${describe(value)}`, `Pass a whole number from ${min} to ${max}, as a number`)
  })
}

/** A function. */
export function callable<Callable>(): Parser<Callable> {
  return (value) => {
    if (typeof value === 'function') return value as Callable
    throw mistake(`is ${describe(value)}`, 'Pass a function')
  }
}

/** A pattern that a string must not match, and what is wrong with it when it does. */
export type Fault = readonly [pattern: RegExp, problem: string]

/** A string that is not blank and has none of the faults. */
export function text(fix: string, ...faults: readonly Fault[]): Parser<string> {
  return (value) => {
    if (typeof value !== 'string' || value.trim() === '') throw mistake(`is ${describe(value)}`, fix)
    const [, problem] = faults.find(([pattern]) => pattern.test(value)) ?? []
    if (problem !== undefined) throw mistake(problem, fix)
    return value
  }
}

/** One of a few values. */
export function oneOf<const Value extends string | number>(...values: readonly Value[]): Parser<Value> {
  const fix = `Pass ${values.map((value) => JSON.stringify(value)).join(' or ')}`
  return (value) => {
    if (values.includes(value as Value)) return value as Value
    throw mistake(typeof value === typeof values[0] ? 'is not known' : `is ${describe(value)}`, fix)
  }
}

/** Read only when present; present but undefined means an environment variable that is not set. */
export function optional<Value>(parser: Parser<Value>): Parser<Value | undefined>
export function optional<Value, Default>(parser: Parser<Value>, fallback: Default): Parser<Value | Default>
export function optional(parser: Parser<unknown>, fallback?: unknown): Parser<unknown> {
  return (value, isPresent) => (isPresent ? parser(value, isPresent) : fallback)
}

/** An object with options of its own. When it is left out, each of them has its default. */
export function group<Parsers extends Table>(parsers: Parsers): Parser<Parsed<Parsers>> {
  return (value) => requireOptions('', parsers, value === undefined ? {} : value)
}

/** Undefined when it is `false`, which switches it off. */
export function unlessFalse<Value>(parser: Parser<Value>): Parser<Value | undefined> {
  return (value, isPresent) => (value === false ? undefined : parser(value, isPresent))
}

/** Each element is read by the parser, and every mistake names its index. */
export function listOf<Value>(parser: Parser<Value>): (values: readonly unknown[]) => readonly Value[] {
  return (values) => {
    const problems = new Problems()
    const parsed = values.flatMap((item, index) => {
      const result = attempt(`[${index}]`, problems, () => parser(item, true))
      return result ? [result.value] : []
    })
    problems.throwIfAny()
    return Object.freeze(parsed)
  }
}

function attempt<Value>(path: string, problems: Problems, call: () => Value): { value: Value } | undefined {
  try {
    return { value: call() }
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    for (const { option, problem, fix } of error.problems) problems.add(path + option, problem, fix)
    return undefined
  }
}
