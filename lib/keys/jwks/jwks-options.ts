import { validateHeaderName, validateHeaderValue, type Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { boolean, callable, integer, lenient, mistake, type ParsersOf } from '../../option-parsers.js'
import { describe } from '../../problems.js'

/** How an issuer's key set is fetched and kept. */
export interface JwksOptions {
  /** The maximum number of usable keys in the set. Default: 20. */
  readonly maxKeys?: number
  /**
   * Whether keys may come over plain `http:` from other machines, as between containers. Default: false, since anyone
   * in between can replace them. When true, start-up logs a warning.
   */
  readonly allowHttp?: boolean
  /** Whether a token without `kid` is accepted when the set has just one usable key. Default: false. */
  readonly allowMissingKid?: boolean
  /** How long a set is fresh unless the issuer's `Cache-Control` says otherwise: 60 to 3600. Default: 600. */
  readonly maxAgeSeconds?: number
  /** How long a set is still used after that while the issuer cannot be reached. Default: 3600. */
  readonly staleSeconds?: number
  /**
   * The minimum time between fetches after a failure, and the rate of fetches for unknown `kid`s: one in this time,
   * with bursts of up to five. Default: 5.
   */
  readonly cooldownSeconds?: number
  /** The time limit for one refresh, including its retry. Default: 5. */
  readonly timeoutSeconds?: number
  /** Additional request headers, sent only to the origin of `jwkUri` or `discover`. */
  readonly headers?: Readonly<Record<string, string>>
  /** An agent of `node:http` or `node:https`, for a proxy or a private certificate authority. */
  readonly agent?: HttpAgent | HttpsAgent
  /** Used instead of Node's own client, e.g. undici's `fetch` with a dispatcher. `agent` is then ignored. */
  readonly fetch?: typeof globalThis.fetch
}

/** The options of key sets: how each is read. */
export const JWKS_OPTIONS = {
  maxKeys: integer({ default: 20, min: 1, max: 100 }),
  allowHttp: boolean({ default: false }),
  allowMissingKid: boolean({ default: false }),
  maxAgeSeconds: integer({ default: 600, min: 60, max: 3600 }),
  staleSeconds: integer({ default: 3600, min: 0, max: 86_400 }),
  cooldownSeconds: integer({ default: 5, min: 1, max: 300 }),
  timeoutSeconds: integer({ default: 5, min: 1, max: 60 }),
  headers: lenient({}, readHeaders),
  agent: lenient(undefined, readAgent),
  fetch: lenient(undefined, callable<typeof globalThis.fetch>()),
} satisfies ParsersOf<JwksOptions>

/** Names the header that is wrong, and shows nothing of its value. */
function readHeaders(value: unknown): Readonly<Record<string, string>> {
  const fix = "Pass e.g. { 'x-api-key': '…' }"
  const entries = Object.entries(typeof value === 'object' ? (value ?? [null]) : [null])
  if (Array.isArray(value) || !entries.every(([, item]) => typeof item === 'string'))
    throw mistake('is not an object of strings', fix)
  for (const [name, item] of entries as [string, string][]) {
    requireValid(() => {
      validateHeaderName(name)
    }, 'has a name that is not a valid header name')
    requireValid(() => {
      validateHeaderValue(name, item)
    }, `has a value for ${name} with characters that a header cannot contain (a newline?)`)
  }
  return { ...(value as Record<string, string>) }

  function requireValid(validate: () => void, problem: string): void {
    try {
      validate()
    } catch {
      throw mistake(problem, fix)
    }
  }
}

function readAgent(value: unknown): HttpAgent | HttpsAgent {
  if (typeof value === 'object' && value !== null) return value as HttpAgent
  throw mistake(`is ${describe(value)}`, 'Pass an Agent of node:http or node:https')
}
