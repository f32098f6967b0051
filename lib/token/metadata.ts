import { authError } from '../errors.js'
import { deepFreeze } from '../json.js'
import type { JsonValue, UserData } from '../user.js'
import type { Claims } from '../jws/compact.js'
import type { UnescapedField } from './check.js'
import { escapedPath } from './hints.js'
import type { ParsedField } from './metadata-options.js'

/** The metadata fields, parsed. */
export interface MetadataRules {
  readonly fields: readonly ParsedField[]
  /** The longest value, in characters of JSON. */
  readonly maxFieldLength: number
}

/** How deep the default 4096 characters can be nested. Much deeper values would make `res.json()` run out of stack. */
const MAX_LEVELS = 2048
// JSON escapes quotes inside strings, so this can only be a key, which would poison objects that it is copied into.
const POISONED_KEY = '"__proto__":'

/**
 * Reads the mapped claims. They are frozen, because caches, stores and every req.user share them. Only own keys of
 * plain objects are followed; `null` counts as absent.
 * @throws {AuthError} METADATA_MISSING, METADATA_TYPE, METADATA_TOO_LONG or METADATA_INVALID, naming the field
 */
export function readMetadata(
  claims: Claims,
  { fields, maxFieldLength }: MetadataRules,
): { data: UserData; unescaped: readonly UnescapedField[] } {
  const data: Record<string, JsonValue> = {}
  const unescaped: UnescapedField[] = []
  for (const field of fields) {
    const value = valueAt(claims, field.path) ?? undefined
    if (value === undefined) {
      if (field.required) throw missing(claims, field)
      const escaped = escapedPath(claims, field.path)
      if (escaped !== undefined) unescaped.push({ name: field.name, escaped })
      continue
    }
    if (!field.type.has(value)) throw ofOtherType(field, value)
    if (isDeeper(value, MAX_LEVELS)) throw tooDeep(field)
    const json = JSON.stringify(value)
    if (json.length > maxFieldLength) throw tooLong(field, json.length, maxFieldLength)
    if (json.includes(POISONED_KEY)) throw poisoned(field)
    data[field.fieldName] = deepFreeze(value)
  }
  return { data: Object.freeze(data), unescaped }
}

function missing(claims: Claims, { name, path, fieldName }: ParsedField) {
  const detail = () => {
    const escaped = escapedPath(claims, path)
    const fix =
      escaped === undefined
        ? 'Have the issuer add the claim, or correct the path of the metadata field'
        : escapeFix({ name, escaped })
    return { check: fieldName, expected: `present: ${name}`, got: `${name} is absent or null`, fix }
  }
  return authError('METADATA_MISSING', { reason: `required metadata field "${name}" is missing`, detail })
}

/** Shows only the kind of the value, which may be private. */
function ofOtherType({ name, fieldName, type }: ParsedField, value: JsonValue) {
  return authError('METADATA_TYPE', {
    reason: `metadata field "${name}" is not ${type.name}`,
    detail: {
      check: fieldName,
      expected: `${name}: ${type.name}`,
      got: kindOf(value),
      fix: 'Have the issuer write that, or change the type of the metadata field',
    },
  })
}

function kindOf(value: JsonValue): string {
  if (!Array.isArray(value)) return typeof value
  const kinds = new Set((value as readonly JsonValue[]).map((item) => typeof item))
  return kinds.size === 0 ? 'an empty list' : `a list of ${[...kinds].join(' and ')}`
}

/** How to fix a path whose dots belong to a name. */
export function escapeFix({ name, escaped }: UnescapedField): string {
  return `The dots of ${name} belong to the claim's name: write ${escaped} (in JavaScript '${escaped.replaceAll('\\', '\\\\')}')`
}

function tooDeep({ name, fieldName }: ParsedField) {
  return authError('METADATA_TOO_LONG', {
    reason: `metadata field "${name}" is nested too deep`,
    detail: {
      check: fieldName,
      expected: `${name}: at most ${MAX_LEVELS} levels`,
      got: 'more',
      fix: 'Have the issuer write a flatter value',
    },
  })
}

function tooLong({ name, fieldName }: ParsedField, length: number, maxFieldLength: number) {
  return authError('METADATA_TOO_LONG', {
    reason: `metadata field "${name}" is longer than ${maxFieldLength} characters`,
    detail: {
      check: fieldName,
      expected: `${name}: at most ${maxFieldLength} characters of JSON`,
      got: `${length} characters`,
      fix: 'Have the issuer put less there, or raise maxFieldLength',
    },
  })
}

function poisoned({ name, fieldName }: ParsedField) {
  return authError('METADATA_INVALID', {
    reason: `metadata field "${name}" has the forbidden key "__proto__"`,
    detail: {
      check: fieldName,
      expected: `${name}: no key "__proto__" in the value`,
      got: 'one',
      fix: 'Have the issuer leave the key out',
    },
  })
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

/** The claim at a path; only own keys of plain objects are followed. */
export function valueAt(claims: Claims, path: readonly string[]): JsonValue | undefined {
  let value: unknown = claims
  for (const part of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, part)) return undefined
    value = (value as Claims)[part]
  }
  return value as JsonValue | undefined
}
