import { errorBody } from '../http/error-response.js'
import { isAuthError } from '../errors.js'
import { readToken, type Claims } from '../jws/compact.js'
import { printable } from '../printable.js'
import type { ExplainedAnswer, ExplainOptions, Explanation } from '../token/explain.js'
import { whenOf, type When } from './dates.js'

/** A guard that tokens are inspected with, and the name that the page shows for it. */
export interface Configuration {
  readonly name: string
  readonly explain: (token: string, options: ExplainOptions) => Promise<Explanation>
  /** Whether it has a store to look for users in. */
  readonly hasStore: boolean
}

/** One value of a token, as the page shows it. */
interface Row {
  readonly name: string
  /** JSON, shortened. */
  readonly value: string
  readonly when?: When
}

interface Verdict {
  readonly configuration: string
  /** Whether it looked for the user of an accepted token. */
  readonly hasStore: boolean
  readonly explanation: Explanation
  /** What a client gets when the app answers with `errorHandler()`. */
  readonly answer?: {
    readonly code: string
    readonly status: number
    readonly headers: object
    readonly body: string
  }
}

/** Everything that the page shows of a token. Neither its signature nor a key is in it. */
export interface Report {
  readonly length: number
  /** Unverified; undefined when the token cannot be read. */
  readonly header?: readonly Row[]
  readonly claims?: readonly Row[]
  /** ISO 8601. */
  readonly now: string
  readonly verdicts: readonly Verdict[]
}

const MAX_ROWS = 200
/** A longer list or object takes several lines. */
const MAX_LINE_LENGTH = 60
const MAX_VALUE_LENGTH = 4000

/**
 * Inspects a token with every configuration.
 * @param now epoch seconds
 */
export async function reportOn(
  token: string,
  configurations: readonly Configuration[],
  now: number,
): Promise<Report> {
  const verdicts = await Promise.all(configurations.map((configuration) => verdictOf(token, configuration)))
  const read = readParts(token.trim())
  return {
    length: token.trim().length,
    ...(read && { header: rowsOf(read.header, now), claims: rowsOf(read.claims, now) }),
    now: new Date(now * 1000).toISOString(),
    verdicts,
  }
}

async function verdictOf(token: string, { name, explain, hasStore }: Configuration): Promise<Verdict> {
  const explanation = await explain(token, { user: hasStore })
  const { answer } = explanation
  return { configuration: name, hasStore, explanation, ...(answer && { answer: answerOf(answer) }) }
}

function answerOf(error: ExplainedAnswer) {
  const { code, status, headers } = error
  return { code, status, headers, body: JSON.stringify(errorBody(error), null, 2) }
}

function readParts(token: string): { header: Claims; claims: Claims } | undefined {
  try {
    return readToken(token)
  } catch (error) {
    if (isAuthError(error)) return undefined
    throw error
  }
}

function rowsOf(values: Claims, now: number): Row[] {
  const entries = Object.entries(values)
  const rows = entries.slice(0, MAX_ROWS).map(([name, value]) => {
    const when = whenOf(name, value, now)
    return { name, value: shown(value), ...(when && { when }) }
  })
  const left = entries.length - MAX_ROWS
  return left > 0 ? [...rows, { name: '…', value: `and ${left} more` }] : rows
}

function shown(value: unknown): string {
  const line = jsonOf(value)
  const json = line.length > MAX_LINE_LENGTH ? jsonOf(value, 2) : line
  return json.length > MAX_VALUE_LENGTH ? `${json.slice(0, MAX_VALUE_LENGTH)}…` : json
}

/** Anything that was parsed can be serialized again, unless it is nested more deeply than the stack allows. */
function jsonOf(value: unknown, indent?: number): string {
  try {
    return JSON.stringify(value, null, indent)
  } catch (error) {
    if (error instanceof RangeError) return 'nested too deeply to be shown'
    throw error
  }
}

/** The report as JSON, with invisible characters escaped: they could change how the text around them looks. */
export function reportAsJson(report: Report): string {
  return JSON.stringify(report, (_name, value: unknown) =>
    typeof value === 'string' ? printable(value, '\n') : value,
  )
}
