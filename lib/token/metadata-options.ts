import {
  boolean,
  listOf,
  mistake,
  oneOf,
  optional,
  requireOptions,
  text,
  type ParsersOf,
} from '../option-parsers.js'
import { describe } from '../problems.js'
import type { JsonValue, UserData } from '../user.js'

/** Maps one claim of the token to one field of the user's `data`. */
export interface MetadataField {
  /** The path of the claim, with dots between its parts; `\.` is a literal dot (`http://example\.com/id`). */
  readonly name: string
  /** The name in `data`, shorter than 64 characters. Default: the last part of the path. */
  readonly fieldName?: string
  /** Whether a token without the value is refused. Default: false. */
  readonly required?: boolean
  /**
   * The type that the value must have; it is also the field's type in `user.data`. A token with another value is
   * refused. `'strings'` is a list of strings. Default: `'json'`, any value.
   */
  readonly type?: MetadataType
}

/** The TypeScript type for each metadata type. */
interface Values {
  readonly string: string
  readonly number: number
  readonly boolean: boolean
  readonly strings: readonly string[]
  readonly json: JsonValue
}

/** The types that a metadata field can require: see {@link MetadataField.type}. */
export type MetadataType = keyof Values

interface TypeRule {
  readonly name: string
  readonly has: (value: JsonValue) => boolean
}

const TYPES: { readonly [Type in MetadataType]: TypeRule } = {
  string: { name: 'a string', has: (value) => typeof value === 'string' },
  // JSON allows numbers that are too large, which become Infinity.
  number: { name: 'a number', has: (value) => Number.isFinite(value) },
  boolean: { name: 'true or false', has: (value) => typeof value === 'boolean' },
  strings: {
    name: 'a list of strings',
    has: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  },
  json: { name: 'any value', has: () => true },
}

/** A metadata field, parsed. */
export interface ParsedField {
  readonly name: string
  readonly path: readonly string[]
  readonly fieldName: string
  readonly required: boolean
  readonly type: TypeRule
}

const FIELD_NAME_LIMIT = 64

const FIELD_OPTIONS = {
  name: readPath,
  fieldName: (value: unknown) => (value === undefined ? undefined : readFieldName(value)),
  required: boolean({ default: false }),
  type: optional(oneOf<MetadataType>('string', 'number', 'boolean', 'strings', 'json'), 'json' as const),
} satisfies ParsersOf<MetadataField>

/** Parses the option `metadataFields`, reporting every mistake. */
export function readMetadataFields(value: unknown): readonly ParsedField[] {
  if (!Array.isArray(value))
    throw mistake(`is ${describe(value)}`, 'Pass an array of { name, fieldName?, required?, type? }')
  const fields = listOf(readField)(value)
  for (const [index, { fieldName }] of fields.entries())
    if (fields.findIndex((other) => other.fieldName === fieldName) < index)
      throw mistake(`map two claims to "${fieldName}"`, 'Give one of them another fieldName')
  return fields
}

function readField(value: unknown): ParsedField {
  const { name, fieldName, required, type } = requireOptions('', FIELD_OPTIONS, value)
  const field = { name, path: parsePath(name), required, type: TYPES[type] }
  if (fieldName !== undefined) return Object.freeze({ ...field, fieldName })
  // The last part of the path must be usable as a field name too.
  const found = requireOptions('', { fieldName: readFieldName }, { fieldName: field.path.at(-1) })
  return Object.freeze({ ...field, ...found })
}

function readPath(value: unknown): string {
  const name = text('Pass the path of the claim, e.g. user_data.name')(value, true)
  if (!parsePath(name).includes('')) return name
  throw mistake('has an empty part', 'Write a literal dot as \\.')
}

function readFieldName(value: unknown): string {
  if (typeof value !== 'string' || value === '' || value === '__proto__')
    throw mistake('is not a usable name', 'Pass the name for the value in user.data')
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

/** The type of `user.data` for metadata fields given as literals: required ones are present, and not `null`. */
export type DataOf<Fields extends readonly MetadataField[]> = MetadataField extends Fields[number]
  ? UserData
  : {
      readonly [
        Field in Fields[number] as Field extends { required: true } ? NameOf<Field> : never
      ]: NonNullable<ValueOf<Field>>
    } & {
      readonly [
        Field in Fields[number] as Field extends { required: true } ? never : NameOf<Field>
      ]?: ValueOf<Field>
    }

/** Makes a misspelled key in a metadata field a type error, which inference alone would not. */
export type NoOtherKeys<Fields extends readonly MetadataField[]> = {
  readonly [Index in keyof Fields]: {
    readonly [Key in Exclude<keyof Fields[Index], keyof MetadataField>]: never
  }
}

type ValueOf<Field extends MetadataField> = Field extends { type: infer Type extends MetadataType }
  ? Values[Type]
  : JsonValue

type NameOf<Field extends MetadataField> = Field extends { fieldName: infer Name extends string }
  ? Name
  : LastPart<Field['name']>

/** The last part of a path, in which `\.` is a literal dot. */
type LastPart<Path extends string, Before extends string = ''> = Path extends `${infer Head}.${infer Tail}`
  ? Head extends `${infer Literal}\\`
    ? LastPart<Tail, `${Before}${Literal}.`>
    : LastPart<Tail>
  : `${Before}${Path}`
