import type { JwksOptions } from '../options.js'
import { describe, type KeysOf, type Problems } from '../problems.js'
import type { MaybePromise } from '../user.js'
import type { GetJson } from './jwks/issuer-client.js'
import { discoverKeySet, parseIssuerUrl } from './jwks/discovery.js'
import { ALGORITHMS, type Algorithm, type VerificationKey } from './key-source.js'
import type { RemoteKeysRules } from './jwks/remote-keys.js'
import { parseSigningKeys } from './signing-keys.js'

/** Keys that are written down. */
interface StaticKeysConfig {
  readonly kind: 'static'
  readonly keys: readonly VerificationKey[]
}

/** Keys that the issuer publishes. */
export interface RemoteKeysConfig {
  readonly kind: 'remote'
  /** What the option says, for people: `jwkUri` or `discover`. */
  readonly uri: string
  readonly rules: RemoteKeysRules
  readonly locate: (get: GetJson) => MaybePromise<URL>
  readonly maxKeys: number
  readonly timeoutSeconds: number
  /** How the issuer is asked; the HTTP client's business. */
  readonly request: Pick<JwksOptions, 'headers' | 'agent' | 'fetch'>
}

/** Where the keys come from, and the one algorithm that they are for. */
export interface KeyRules {
  readonly algorithm: Algorithm
  readonly source: StaticKeysConfig | RemoteKeysConfig
}

const JWKS_OPTIONS: KeysOf<JwksOptions> = {
  maxKeys: true,
  allowMissingKid: true,
  maxAgeSeconds: true,
  staleSeconds: true,
  cooldownSeconds: true,
  timeoutSeconds: true,
  headers: true,
  agent: true,
  fetch: true,
}
const WAYS = ['signingKeys', 'jwkUri', 'discover']
const MAX_SIGNING_KEYS = 3

/** Parses the options that say whose signatures count, reporting every mistake. */
export function parseKeyRules(given: Readonly<Record<string, unknown>>, problems: Problems): KeyRules {
  const ways = WAYS.filter((way) => way in given)
  if (ways.length !== 1)
    problems.add(
      ways[1] ?? 'signingKeys',
      ways.length === 0 ? 'is not set' : `is set beside ${ways[0] ?? ''}`,
      'Pass just one of signingKeys (with signingAlgorithm), jwkUri and discover',
    )
  const isStatic = ways[0] === undefined || ways[0] === 'signingKeys'
  const algorithm = parseAlgorithm(given.signingAlgorithm, isStatic && ways.length > 0, problems)
  if (!isStatic) return { algorithm, source: parseRemote(given, problems) }
  const isKnown = ways.length > 0 && ALGORITHMS.includes(given.signingAlgorithm as Algorithm)
  const keys = isKnown
    ? parseSigningKeys('signingKeys', given.signingKeys, algorithm, MAX_SIGNING_KEYS, problems)
    : []
  if (given.jwks !== undefined) problems.add('jwks', 'is set beside signingKeys', 'Remove it')
  return { algorithm, source: { kind: 'static', keys } }
}

function parseAlgorithm(value: unknown, isStatic: boolean, problems: Problems): Algorithm {
  if (!isStatic && value === undefined) return 'RS256'
  const allowed = ALGORITHMS.filter((name) => isStatic || !name.startsWith('HS'))
  const algorithm = allowed.find((name) => name === value)
  if (!algorithm) {
    const got = typeof value === 'string' ? 'is not one that these keys can have' : `is ${describe(value)}`
    problems.add('signingAlgorithm', got, `Pass one of ${allowed.join(', ')}`)
  }
  return algorithm ?? 'RS256'
}

function parseRemote(given: Readonly<Record<string, unknown>>, problems: Problems): RemoteKeysConfig {
  const jwks = problems.object('jwks', given.jwks ?? {}, Object.keys(JWKS_OPTIONS))
  const integer = (name: keyof JwksOptions, fallback: number, min: number, max: number): number =>
    problems.integer(`jwks.${name}`, jwks[name], { fallback, min, max })
  const { headers, agent } = jwks
  if (headers !== undefined && !isHeaders(headers))
    problems.add('jwks.headers', 'is not an object of strings', "Pass e.g. { 'x-api-key': '…' }")
  if (agent !== undefined && (typeof agent !== 'object' || agent === null))
    problems.add('jwks.agent', `is ${describe(agent)}`, 'Pass an Agent of node:http or node:https')
  const fetch = problems.function('jwks.fetch', jwks.fetch)
  return Object.freeze({
    kind: 'remote',
    uri: String(given.jwkUri ?? given.discover),
    locate: parseLocation(given, problems),
    maxKeys: integer('maxKeys', 3, 1, 100),
    timeoutSeconds: integer('timeoutSeconds', 5, 1, 60),
    rules: Object.freeze({
      allowMissingKid: problems.boolean('jwks.allowMissingKid', jwks.allowMissingKid, false),
      maxAgeSeconds: integer('maxAgeSeconds', 600, 60, 3600),
      staleSeconds: integer('staleSeconds', 3600, 0, 86_400),
      cooldownSeconds: integer('cooldownSeconds', 5, 1, 300),
    }),
    request: { headers: { ...(headers as object | undefined) }, agent, fetch } as RemoteKeysConfig['request'],
  })
}

function parseLocation(
  given: Readonly<Record<string, unknown>>,
  problems: Problems,
): RemoteKeysConfig['locate'] {
  const option = 'jwkUri' in given ? 'jwkUri' : 'discover'
  const fix = 'Pass an https URL (http is allowed on loopback only)'
  const text = problems.text(option, given[option], fix)
  const url = text === undefined ? undefined : parseIssuerUrl(text)
  if (text !== undefined && !url) problems.add(option, 'is not an https URL', fix)
  if (!url || text === undefined) return () => new URL('https://invalid')
  if (option === 'jwkUri') return () => url
  const problem = issuerFault(text, url)
  if (problem === undefined) return discoverKeySet(text)
  problems.add(option, problem, 'Pass exactly what stands in iss, without /.well-known/…')
  return () => url
}

/** Why a URL cannot be what an issuer calls itself: URLs lose white space, but `iss` is compared as a text. */
function issuerFault(text: string, { href }: URL): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return 'has white space in it (a stray space or newline?)'
  return /[?#]|\/\.well-known(?:\/|$)/.test(href) ? 'is more than an issuer' : undefined
}

function isHeaders(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((item) => typeof item === 'string')
  )
}
