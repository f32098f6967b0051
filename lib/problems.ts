import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js'
import { OTHER_NAMES } from './other-names.js'

type Bag = Readonly<Record<string, unknown>>

/** Collects the mistakes of an options object, so that all of them are reported at once. */
export class Problems {
  readonly #list: ConfigurationProblem[]
  readonly #prefix: string

  /** @param prefix put before the name of every option that is reported */
  constructor(prefix = '', list: ConfigurationProblem[] = []) {
    this.#prefix = prefix
    this.#list = list
  }

  add(option: string, problem: string, fix: string): void {
    this.#list.push({ option: this.#prefix + option, problem, fix })
  }

  /** The same collection, for readers that know only the names below this path. */
  below(path: string): Problems {
    return new Problems(`${this.#prefix}${path}.`, this.#list)
  }

  /** @throws {ConfigurationError} when anything was added */
  throwIfAny(): void {
    if (this.#list.length > 0) throw new ConfigurationError(this.#list)
  }

  /** The options object; an empty one when the value is not an object, which is reported, as unknown keys are. */
  object(option: string, value: unknown, known: readonly string[]): Bag {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.add(option, `is ${describe(value)}`, 'Pass an object')
      return {}
    }
    for (const key of Object.keys(value)) {
      if (known.includes(key)) continue
      const path = option === 'options' ? key : `${option}.${key}`
      this.add(path, 'is not an option', suggestion(key, known))
    }
    return value as Bag
  }

  boolean(option: string, value: unknown, fallback: boolean): boolean {
    if (value === undefined) return fallback
    if (typeof value === 'boolean') return value
    this.add(option, `is ${describe(value)}`, 'Pass true or false')
    return fallback
  }

  integer(option: string, value: unknown, range: { fallback: number; min: number; max: number }): number {
    if (value === undefined) return range.fallback
    if (Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max)
      return value as number
    const bounds = `a whole number from ${range.min} to ${range.max}`
    this.add(option, `is ${describe(value)}`, `Pass ${bounds}, as a number`)
    return range.fallback
  }

  /** The string; undefined when it is blank or not a string, which is reported. */
  text(option: string, value: unknown, fix: string): string | undefined {
    if (typeof value === 'string' && value.trim() !== '') return value
    this.add(option, `is ${describe(value)}`, fix)
    return undefined
  }

  /** The function; undefined when absent, or when it is not a function, which is reported. */
  function(option: string, value: unknown): unknown {
    if (value === undefined || typeof value === 'function') return value
    this.add(option, `is ${describe(value)}`, 'Pass a function')
    return undefined
  }
}

/** Describes a wrong value without showing it: it may be a secret. */
export function describe(value: unknown): string {
  if (value === undefined) return 'undefined (left out, or an environment variable that is not set?)'
  if (value === null) return 'null'
  if (typeof value === 'string') return value.trim() === '' ? 'an empty or blank string' : 'a string'
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

function suggestion(key: string, known: readonly string[]): string {
  const [option = '', fix = ''] = OTHER_NAMES.get(key) ?? []
  if (known.includes(option)) return fix
  const meant = closest(key, known)
  return meant === undefined ? `Remove it; known options are ${known.join(', ')}` : `Did you mean ${meant}`
}

/** The known name that a misspelled one was most likely meant to be. */
export function closest(key: string, known: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^a-z]/g, '')
  const wanted = plain(key)
  return (
    known.find((name) => plain(name) === wanted) ??
    known.find((name) => name.length > 3 && editDistance(plain(name), wanted) <= name.length / 4)
  )
}

/** How many letters must be changed, added or removed to turn one string into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const [left = 0, up = 0, upLeft = 0] = [current[column - 1], above[column], above[column - 1]]
      const change = from[row - 1] === to[column - 1] ? 0 : 1
      current.push(Math.min(left + 1, up + 1, upLeft + change))
    }
    above = current
  }
  return above.at(-1) ?? 0
}
