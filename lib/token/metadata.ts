import { authError } from '../errors.js'
import { deepFreeze } from '../json.js'
import { describe, type Problems } from '../problems.js'
import type { JsonValue, UserData } from '../user.js'
import type { Claims } from '../jws/compact.js'

/** Maps one claim of the token to one field of the user's `data`. */
export interface MetadataField {
  /** Where the value is: a path with dots, in which `\.` is a literal dot (`http://example\.com/id`). */
  readonly name: string
  /** The name in `data`, shorter than 64 characters. Default: the last part of the path. */
  readonly fieldName?: string
  /** Whether a token without the value is refused. Default: false. */
  readonly required?: boolean
}

/** The metadata fields, parsed. */
export interface MetadataRules {
  readonly fields: readonly ParsedField[]
  /** The longest value, in characters of JSON. */
  readonly maxFieldLength: number
}

interface ParsedField {
  readonly name: string
  readonly path: readonly string[]
  readonly fieldName: string
  readonly required: boolean
}

/** As deep as a value can be that has no more than the usual 4096 characters. Much deeper, `res.json()` has no stack. */
const MAX_LEVELS = 2048
const FIELD_NAME_LIMIT = 64
// JSON escapes quotes inside strings, so this can only be a key: one that poisons objects which it is copied into.
const POISONED_KEY = '"__proto__":'

/** Parses the options `metadataFields` and `maxFieldLength`, reporting every mistake. */
export function parseMetadataRules(
  given: Readonly<Record<string, unknown>>,
  problems: Problems,
): MetadataRules {
  const range = { fallback: 4096, min: 1, max: 1_000_000 }
  return Object.freeze({
    fields: parseFields(given.metadataFields, problems),
    maxFieldLength: problems.integer('maxFieldLength', given.maxFieldLength, range),
  })
}

function parseFields(value: unknown, problems: Problems): readonly ParsedField[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) {
    problems.add(
      'metadataFields',
      `is ${describe(value)}`,
      'Pass an array of { name, fieldName?, required? }',
    )
    return []
  }
  const fields = value.flatMap((item: unknown, index) => {
    const field = parseField(`metadataFields[${index}]`, item, problems)
    return field ? [field] : []
  })
  for (const [index, { fieldName }] of fields.entries())
    if (fields.findIndex((other) => other.fieldName === fieldName) < index)
      problems.add('metadataFields', `map two claims to "${fieldName}"`, 'Give one of them another fieldName')
  return Object.freeze(fields)
}

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

/** Splits a path at its dots, `\.` being a literal one. */
export function parsePath(name: string): string[] {
  return name.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.'))
}

function parseField(option: string, item: unknown, problems: Problems): ParsedField | undefined {
  const given = problems.object(option, item, ['name', 'fieldName', 'required'])
  const name = problems.text(`${option}.name`, given.name, 'Pass the path of the claim, e.g. user_data.name')
  const required = problems.boolean(`${option}.required`, given.required, false)
  const path = name === undefined ? [] : parsePath(name)
  const isPath = !path.includes('')
  if (!isPath) problems.add(`${option}.name`, 'has an empty part', 'Write a literal dot as \\.')
  const fieldName = given.fieldName ?? (isPath ? path.at(-1) : undefined)
  // Without a name there is none to take it from, which has been reported.
  if (fieldName === undefined || !isFieldName(`${option}.fieldName`, fieldName, problems)) return undefined
  return name === undefined || !isPath
    ? undefined
    : Object.freeze({ name, path: Object.freeze(path), fieldName, required })
}

function isFieldName(option: string, value: unknown, problems: Problems): value is string {
  if (typeof value !== 'string' || value === '' || value === '__proto__') {
    problems.add(option, 'is not a usable name', 'Pass the name that the value has in user.data')
    return false
  }
  if (value.length < FIELD_NAME_LIMIT) return true
  const fix = `Pass a fieldName shorter than ${FIELD_NAME_LIMIT} characters`
  problems.add(option, `has ${value.length} characters`, fix)
  return false
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
