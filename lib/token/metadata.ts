import { authError } from '../errors.js'
import { deepFreeze } from '../json.js'
import type { JsonValue, UserData } from '../user.js'
import type { Claims } from '../jws/compact.js'
import type { ParsedField } from './metadata-options.js'

/** The metadata fields, parsed. */
export interface MetadataRules {
  readonly fields: readonly ParsedField[]
  /** The longest value, in characters of JSON. */
  readonly maxFieldLength: number
}

/** As deep as a value can be that has no more than the usual 4096 characters. Much deeper, `res.json()` has no stack. */
const MAX_LEVELS = 2048
// JSON escapes quotes inside strings, so this can only be a key: one that poisons objects which it is copied into.
const POISONED_KEY = '"__proto__":'

/**
 * Reads the mapped claims, frozen, because caches, stores and every req.user share them. Only own keys of plain objects
 * are followed.
 * @throws {AuthError} METADATA_MISSING, METADATA_TOO_LONG or METADATA_INVALID, naming the field
 */
export function readMetadata(claims: Claims, { fields, maxFieldLength }: MetadataRules): UserData {
  const data: Record<string, JsonValue> = {}
  for (const { name, path, fieldName, required } of fields) {
    const value = valueAt(claims, path)
    if (value === undefined || (required && value === null)) {
      if (required)
        throw authError('METADATA_MISSING', { reason: `required metadata field "${name}" is missing` })
      continue
    }
    if (isShort(value, maxFieldLength)) {
      data[fieldName] = value
      continue
    }
    if (isDeeper(value, MAX_LEVELS))
      throw authError('METADATA_TOO_LONG', {
        reason: `metadata field "${name}" is nested too deep`,
        detail: {
          check: fieldName,
          expected: `at most ${MAX_LEVELS} levels`,
          got: 'more',
          fix: 'Let the issuer write a flatter value',
        },
      })
    const json = JSON.stringify(value)
    if (json.length > maxFieldLength)
      throw authError('METADATA_TOO_LONG', {
        reason: `metadata field "${name}" is longer than ${maxFieldLength} characters`,
        detail: {
          check: fieldName,
          expected: `at most ${maxFieldLength} characters of JSON`,
          got: `${json.length} characters`,
          fix: 'Let the issuer put less there, or raise maxFieldLength',
        },
      })
    if (json.includes(POISONED_KEY))
      throw authError('METADATA_INVALID', {
        reason: `metadata field "${name}" has the forbidden key "__proto__"`,
        detail: {
          check: fieldName,
          expected: 'no key "__proto__" in the value',
          got: 'one',
          fix: 'Let the issuer leave the key out',
        },
      })
    data[fieldName] = deepFreeze(value)
  }
  return Object.freeze(data)
}

/** Whether a string has room without being written as JSON, where a character takes six at most. */
function isShort(value: JsonValue, max: number): boolean {
  return typeof value === 'string' && value.length * 6 + 2 <= max
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1))
}

function valueAt(claims: Claims, path: readonly string[]): JsonValue | undefined {
  let value: unknown = claims
  for (const part of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    if (!Object.hasOwn(value, part)) return undefined
    value = (value as Claims)[part]
  }
  return value as JsonValue | undefined
}
