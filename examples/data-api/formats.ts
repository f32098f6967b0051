// JSON and Extended JSON (EJSON): https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
import type { Request, Response } from 'express'
import { BSON } from 'mongodb'
import { invalid } from './errors.js'

const { BSONValue, Decimal128, EJSON, Long } = BSON

export type Document = Record<string, unknown>

const MAX_DEPTH = 64
/** Keys that make an object a value of one BSON type, and the keys that may stand beside them. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  $oid: [],
  $date: [],
  $numberInt: [],
  $numberLong: [],
  $numberDouble: [],
  $numberDecimal: [],
  $binary: [],
  $uuid: [],
  $timestamp: [],
  $regularExpression: [],
  $regex: ['$options'],
  $minKey: [],
  $maxKey: [],
}
const NUMBERS: Readonly<Record<string, RegExp>> = {
  $numberInt: /^-?\d{1,10}$/,
  $numberDouble: /^(?:-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|-?Infinity|NaN)$/i,
}
/** Types that MongoDB deprecates, or that hold code. */
const REFUSED_TYPES = ['$code', '$scope', '$symbol', '$dbPointer', '$ref', '$id', '$undefined']
/** The first three mean something to JavaScript; the last makes the driver take an object for a BSON value. */
const REFUSED_NAMES = ['__proto__', 'constructor', 'prototype', '_bsontype']

export const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isScalarObject(value)

/** Dates and BSON values are objects to JavaScript, and scalars to MongoDB. */
const isScalarObject = (value: object): boolean => value instanceof Date || value instanceof BSONValue

export const partsOf = (value: unknown): unknown[] =>
  Array.isArray(value) || isDocument(value) ? Object.values(value) : []

/** How many fields and items a value has, however deep. */
export function countParts(value: unknown): number {
  return partsOf(value).reduce<number>((sum, part) => sum + 1 + countParts(part), 0)
}

/** Visits every field of a value, however deep. */
export function walk(value: unknown, visit: (name: string, value: unknown, parent: Document) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit)
  else if (isDocument(value))
    for (const [name, field] of Object.entries(value)) {
      visit(name, field, value)
      walk(field, visit)
    }
}

/**
 * Reads a body of either format: JSON is a subset of Extended JSON, and many clients send `{"$oid": "…"}` as JSON.
 * Every number keeps its BSON type.
 * @throws {DataApiError} 400
 */
export function parseBody(text: string): Document {
  const tree = parseJson(text)
  if (!isDocument(tree)) throw invalid('the body must be an object')
  checkDepth(tree, MAX_DEPTH)
  walk(tree, checkField)
  let body: unknown
  try {
    body = EJSON.deserialize(tree, { relaxed: false })
  } catch (error) {
    throw invalid(`the body is not Extended JSON: ${(error as Error).message}`)
  }
  walk(body, (name, value) => {
    if (value instanceof Date && Number.isNaN(value.getTime())) throw invalid(`'${name}' is not a date`)
  })
  return body as Document
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('the body is not JSON')
  }
}

function checkDepth(value: unknown, left: number): void {
  if (left === 0) throw invalid(`the body is nested more than ${MAX_DEPTH} levels deep`)
  if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) checkDepth(item, left - 1)
}

/** Checks the name of a field, or a path of them. Names also come as texts, e.g. the new one in `$rename`. */
export function checkName(name: string): void {
  if (name.includes('\0')) throw invalid('a field name has a null character')
  if (name.split('.').some((part) => REFUSED_NAMES.includes(part)))
    throw invalid(`'${name}' cannot be the name of a field`)
}

function checkField(name: string, value: unknown, parent: Document): void {
  checkName(name)
  // The parser would make 0 or NaN of it.
  if (NUMBERS[name]?.test(String(value)) === false) throw invalid(`the body is not Extended JSON: ${name}`)
  if (REFUSED_TYPES.includes(name)) throw invalid(`values of the type ${name} are not taken`)
  // The parser would drop what else is there: half a filter matches more than a whole one.
  const others = Object.hasOwn(TYPES, name) ? Object.keys(parent).filter((other) => other !== name) : []
  for (const other of others)
    if (!TYPES[name]?.includes(other))
      throw invalid(`'${name}' cannot stand beside '${other}': write two conditions, joined with $and`)
}

/** Answers in the format that `Accept` prefers, else in the configured one. */
export function answer(req: Request, res: Response, status: number, body: Document): void {
  const isEjson = req.accepts([RETURN_TYPE, 'application/json', 'application/ejson']) === 'application/ejson'
  const text = isEjson ? EJSON.stringify(body, { relaxed: false }) : JSON.stringify(body, toPlainJson)
  res
    .status(status)
    .type(isEjson ? 'application/ejson' : 'application/json')
    .set('Cache-Control', 'no-store')
    .send(text)
}

/** The original's `return_type`. */
const RETURN_TYPE = 'application/json'

/** What JSON has no type for becomes a string: ids, decimals, dates. */
function toPlainJson(this: Document, key: string, value: unknown): unknown {
  const original = this[key]
  if (original instanceof Decimal128) return original.toString()
  return original instanceof Long ? original.toNumber() : value
}
