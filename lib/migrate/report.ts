import { describe } from '../problems.js'

/** Something of the old configuration that the options of `customJwtAuth` have no place for. */
export interface NotCarriedOver {
  /** Where it is, e.g. `auth/custom_user_data.json`. */
  readonly item: string
  /** Why it has no place. */
  readonly reason: string
  /** What to use instead. */
  readonly fix: string
}

export type Report = (item: string, reason: string, fix: string) => void

export type Bag = Readonly<Record<string, unknown>>

export function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** Describes a value in a file where something else should be. */
export function found(value: unknown): string {
  return value === undefined ? 'is missing' : `is ${describe(value)}`
}

/** Reports the unknown keys, unless their values are empty. `prefix` precedes each key. */
export function reportUnknown(prefix: string, given: Bag, known: readonly string[], report: Report): void {
  for (const [key, value] of Object.entries(given))
    if (!known.includes(key) && !isEmpty(value))
      report(`${prefix}${key}`, 'is not known to this package', 'Look up what it did, or remove it')
}

/** What Go, in which the original is written, leaves in a file for "not set", also when objects and lists hold nothing else. */
export function isEmpty(value: unknown, levels = 50): boolean {
  if (typeof value === 'object' && value !== null)
    return levels > 0 && Object.values(value).every((item) => isEmpty(item, levels - 1))
  return value === null || value === undefined || value === '' || value === false
}
