import { boolean, listOf, mistake, requireOptions, text, type ParsersOf } from '../option-parsers.js'
import { describe } from '../problems.js'
import type { JsonValue, UserData } from '../user.js'

/** Maps one claim of the token to one field of the user's `data`. */
export interface MetadataField {
  /** Where the value is: a path with dots, in which `\.` is a literal dot (`http://example\.com/id`). */
  readonly name: string
  /** The name in `data`, shorter than 64 characters. Default: the last part of the path. */
  readonly fieldName?: string
  /** Whether a token without the value is refused. Default: false. */
  readonly required?: boolean
}

/** A metadata field, parsed. */
export interface ParsedField {
  readonly name: string
  readonly path: readonly string[]
  readonly fieldName: string
  readonly required: boolean
}

const FIELD_NAME_LIMIT = 64

const FIELD_OPTIONS = {
  name: readPath,
  fieldName: (value: unknown) => (value === undefined ? undefined : readFieldName(value)),
  required: boolean({ default: false }),
} satisfies ParsersOf<MetadataField>

/** Parses the option `metadataFields`, reporting every mistake. */
export function readMetadataFields(value: unknown): readonly ParsedField[] {
  if (!Array.isArray(value))
    throw mistake(`is ${describe(value)}`, 'Pass an array of { name, fieldName?, required? }')
  const fields = listOf(readField)(value)
  for (const [index, { fieldName }] of fields.entries())
    if (fields.findIndex((other) => other.fieldName === fieldName) < index)
      throw mistake(`map two claims to "${fieldName}"`, 'Give one of them another fieldName')
  return fields
}

function readField(value: unknown): ParsedField {
  const { name, fieldName, required } = requireOptions('', FIELD_OPTIONS, value)
  const path = parsePath(name)
  if (fieldName !== undefined) return Object.freeze({ name, path, fieldName, required })
  // The last part of the path has to be usable as a field name, too.
  const found = requireOptions('', { fieldName: readFieldName }, { fieldName: path.at(-1) })
  return Object.freeze({ name, path, ...found, required })
}

function readPath(value: unknown): string {
  const name = text('Pass the path of the claim, e.g. user_data.name')(value, true)
  if (!parsePath(name).includes('')) return name
  throw mistake('has an empty part', 'Write a literal dot as \\.')
}

function readFieldName(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value === '__proto__')
    throw mistake('is not a usable name', 'Pass the name that the value has in user.data')
  if (value.length < FIELD_NAME_LIMIT) return value
  throw mistake(
    `has ${value.length} characters`,
    `Pass a fieldName shorter than ${FIELD_NAME_LIMIT} characters`,
  )
}

/** Splits a path at its dots, `\.` being a literal one. */
export function parsePath(name: string): readonly string[] {
  return Object.freeze(name.split(/(?<!\\)\./).map((part) => part.replaceAll('\\.', '.')))
}

/** The type of `user.data` that metadata fields given as literals make: required ones are present, and not `null`. */
export type DataOf<Fields extends readonly MetadataField[]> = MetadataField extends Fields[number]
  ? UserData
  : {
      readonly [
        Field in Fields[number] as Field extends { required: true } ? NameOf<Field> : never
      ]: NonNullable<JsonValue>
    } & {
      readonly [
        Field in Fields[number] as Field extends { required: true } ? never : NameOf<Field>
      ]?: JsonValue
    }

/** Makes a misspelled key of a metadata field an error, which inference alone would let through. */
export type NoOtherKeys<Fields extends readonly MetadataField[]> = {
  readonly [Index in keyof Fields]: {
    readonly [Key in Exclude<keyof Fields[Index], keyof MetadataField>]: never
  }
}

type NameOf<Field extends MetadataField> = Field extends { fieldName: infer Name extends string }
  ? Name
  : LastPart<Field['name']>

/** The last part of a path, in which `\.` is a literal dot. */
type LastPart<Path extends string, Before extends string = ''> = Path extends `${infer Head}.${infer Tail}`
  ? Head extends `${infer Literal}\\`
    ? LastPart<Tail, `${Before}${Literal}.`>
    : LastPart<Tail>
  : `${Before}${Path}`
