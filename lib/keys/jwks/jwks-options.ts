import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { boolean, callable, integer, lenient, mistake, type ParsersOf } from '../../option-parsers.js'
import { describe } from '../../problems.js'

/** How an issuer's key set is fetched and kept. */
export interface JwksOptions {
  /** The most usable keys that the set may have. Default: 3. */
  readonly maxKeys?: number
  /** Whether a token without `kid` is accepted when the set has just one usable key. Default: false. */
  readonly allowMissingKid?: boolean
  /** How long a set is fresh when the issuer's `Cache-Control` does not say: 60 to 3600. Default: 600. */
  readonly maxAgeSeconds?: number
  /** How long a set is used past that while the issuer cannot be reached. Default: 3600. */
  readonly staleSeconds?: number
  /** The least time between two fetches that an unknown `kid` or a failure causes. Default: 5. */
  readonly cooldownSeconds?: number
  /** For one refresh, with its retry. Default: 5. */
  readonly timeoutSeconds?: number
  /** Additional request headers. */
  readonly headers?: Readonly<Record<string, string>>
  /** An agent of `node:http` or `node:https`, for a proxy or a private certificate authority. */
  readonly agent?: HttpAgent | HttpsAgent
  /** In place of Node's own client, e.g. undici's `fetch` with a dispatcher. `agent` is not used then. */
  readonly fetch?: typeof globalThis.fetch
}

/** The options of key sets: how each is read. */
export const JWKS_OPTIONS = {
  maxKeys: integer({ default: 3, min: 1, max: 100 }),
  allowMissingKid: boolean({ default: false }),
  maxAgeSeconds: integer({ default: 600, min: 60, max: 3600 }),
  staleSeconds: integer({ default: 3600, min: 0, max: 86_400 }),
  cooldownSeconds: integer({ default: 5, min: 1, max: 300 }),
  timeoutSeconds: integer({ default: 5, min: 1, max: 60 }),
  headers: lenient({}, readHeaders),
  agent: lenient(undefined, readAgent),
  fetch: lenient(undefined, callable<typeof globalThis.fetch>()),
} satisfies ParsersOf<JwksOptions>

function readHeaders(value: unknown): Readonly<Record<string, string>> {
  const isGood =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  if (isGood) return { ...(value as Record<string, string>) }
  throw mistake('is not an object of strings', "Pass e.g. { 'x-api-key': '…' }")
}

function readAgent(value: unknown): HttpAgent | HttpsAgent {
  if (typeof value === 'object' && value !== null) return value as HttpAgent
  throw mistake(`is ${describe(value)}`, 'Pass an Agent of node:http or node:https')
}
