// Wrong options and what start-up says about them. No key that is in the options may be in the message.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { ConfigurationError, customJwtAuth, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { APP_ID, SECRET } from './tokens.js'

export const good = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }

/** What start-up says about options; fails the test when it says nothing, or a key. */
export function refusalOf(options: unknown): ConfigurationError {
  try {
    customJwtAuth(options as CustomJwtAuthOptions)
  } catch (error) {
    assert(error instanceof ConfigurationError)
    assert.equal(error.code, 'CONFIGURATION_INVALID')
    assert.equal(error.name, 'ConfigurationError')
    assertNoKey(error, options)
    return error
  }
  return assert.fail('nothing was refused')
}

function assertNoKey(error: ConfigurationError, options: unknown): void {
  const said = [error.message, error.stack, JSON.stringify(error.problems)].join('\n')
  for (const text of keyTexts(options))
    for (const line of text.split(/\n|\\n/))
      if (line.length >= 12 && !line.startsWith('-----'))
        assert.ok(!said.includes(line), 'a key is in the message')
}

/** All strings below the options that hold keys. */
function keyTexts(options: unknown, isKey = false): string[] {
  if (typeof options === 'string') return isKey ? [options] : []
  if (typeof options !== 'object' || options === null) return []
  return Object.entries(options).flatMap(([name, value]) => keyTexts(value, isKey || name === 'signingKeys'))
}

/** One mistake, and what start-up says about it. */
export interface Row {
  readonly what: string
  /** Put over good options. */
  readonly options: object
  readonly option: string
  readonly problem: RegExp
  readonly fix: RegExp
}

/** A test for each row: start-up names this mistake, and no other. */
export function checkRefusals(rows: readonly Row[]): void {
  for (const { what, options, option, problem, fix } of rows)
    test(`${what}: ${option}`, () => {
      const { problems, message } = refusalOf({ ...good, ...options })
      assert.deepEqual(
        problems.map((one) => one.option),
        [option],
        message,
      )
      const [only] = problems
      assert.match(only?.problem ?? '', problem)
      assert.match(only?.fix ?? '', fix)
      assert.equal(
        message,
        `custom-jwt-auth: 1 problem in the options\n  - ${option}: ${only?.problem ?? ''}. ${only?.fix ?? ''}.`,
      )
    })
}

/** Wrong values, and how start-up names them. */
const named: readonly [unknown, RegExp][] = [
  [undefined, /^is undefined \(left out, or an environment variable that is not set\?\)$/],
  [null, /^is null$/],
  ['', /^is an empty or blank string$/],
  [' \t', /^is an empty or blank string$/],
  [5, /^is the number 5$/],
  [true, /^is true$/],
  [false, /^is false$/],
  [[], /^is an array$/],
  [{}, /^is a value of type object$/],
]

/** A value as a test's title shows it. */
export const show = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(show).join()}]`
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value)
    : typeof value === 'string'
      ? `'${value}'`
      : String(value)
}

/** A row for each of the values at one place of the options; what is not named above is a string. */
export function wrong(
  option: string,
  place: (value: unknown) => object,
  fix: RegExp,
  values: readonly unknown[],
): Row[] {
  return values.map((value) => {
    const [, problem = /^is a string$/] = named.find(([known]) => isDeepStrictEqual(known, value)) ?? []
    return { what: show(value), options: place(value), option, problem, fix }
  })
}

/** Places a value at the top of the options. */
export const at = (name: string) => (value: unknown) => ({ [name]: value })

export const noString = [undefined, null, '', ' \t', 5, true, [], {}]
export const noFlag = [null, '', 'text', 5, [], {}]
export const noFunction = [null, '', 'text', 5, true, [], {}]
export const noInteger = [null, '', '5', NaN, Infinity, 1.5, -1, true, [], {}, 5n]
