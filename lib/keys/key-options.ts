import { asGiven, readOptions, type Parsed, type ParsersOf } from '../option-parsers.js'
import { describe, type Problems } from '../problems.js'
import { discoverKeySet } from './jwks/discovery.js'
import type { IssuerRules } from './jwks/issuer-client.js'
import { parseIssuerUrl, publicPart, type UrlRules } from './jwks/issuer-url.js'
import { ALGORITHMS, type Algorithm, type VerificationKey } from './key-source.js'
import type { RemoteKeysRules } from './jwks/remote-keys.js'
import { JWKS_OPTIONS, type JwksOptions } from './jwks/jwks-options.js'
import { parseSigningKeys, type SigningKey } from './signing-keys.js'

/** Keys that are written down. */
export interface StaticKeysConfig {
  readonly kind: 'static'
  readonly keys: readonly VerificationKey[]
}

/** Keys that the issuer publishes. */
export interface RemoteKeysConfig extends Omit<IssuerRules, 'algorithms'> {
  readonly kind: 'remote'
  /** What `jwkUri` or `discover` says, for people: without what may be secret in it. */
  readonly uri: string
  readonly rules: RemoteKeysRules
}

/** Where the keys come from, and the one algorithm that they are for. */
export interface KeyRules {
  readonly algorithm: Algorithm
  readonly source: StaticKeysConfig | RemoteKeysConfig
}

/** Keys that are written down. */
export interface StaticKeyOptions {
  readonly signingAlgorithm: Algorithm
  /** One to three keys: the next is tried only when a signature fails. */
  readonly signingKeys: readonly (SigningKey | undefined)[]
  readonly jwkUri?: never
  readonly discover?: never
  readonly jwks?: never
}

interface RemoteKeyOptions {
  /** Default: RS256. Each key serves this algorithm alone; HMAC secrets are not published. */
  readonly signingAlgorithm?: Exclude<Algorithm, `HS${string}`>
  readonly signingKeys?: never
  readonly jwks?: JwksOptions
}

/** Keys that the issuer publishes at a URL, as a JWKS or a single JWK. */
export interface JwkUriOptions extends RemoteKeyOptions {
  /** `https:`, or `http:` on loopback or with `jwks.allowHttp`. */
  readonly jwkUri: string
  readonly discover?: never
}

/** Keys that the issuer's `.well-known/openid-configuration` leads to. */
export interface DiscoverOptions extends RemoteKeyOptions {
  /** The issuer's URL, exactly as it stands in `iss`; it becomes the default of `issuer`. */
  readonly discover: string
  readonly jwkUri?: never
}

/** One of the ways to get the keys. */
export type KeyOptions = StaticKeyOptions | JwkUriOptions | DiscoverOptions

/** The options of keys: what one may be depends on the others, so they are read together, by {@link readKeyRules}. */
export const KEY_OPTIONS = {
  signingAlgorithm: asGiven,
  signingKeys: asGiven,
  jwkUri: asGiven,
  discover: asGiven,
  jwks: asGiven,
} satisfies ParsersOf<StaticKeyOptions>

const WAYS = ['signingKeys', 'jwkUri', 'discover']
const MAX_SIGNING_KEYS = 3

/** Parses the options that say whose signatures count, reporting every mistake. */
export function readKeyRules(given: Readonly<Record<string, unknown>>, problems: Problems): KeyRules {
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
  const jwks = readOptions('jwks', JWKS_OPTIONS, given.jwks ?? {}, problems) as Parsed<typeof JWKS_OPTIONS>
  const { headers, agent, fetch, maxKeys, timeoutSeconds, ...rules } = jwks
  const { url, locate } = parseLocation(given, jwks, problems)
  return Object.freeze({
    kind: 'remote',
    uri: publicPart(url),
    locate,
    maxKeys,
    timeoutSeconds,
    rules: Object.freeze(rules),
    request: { headers, headersFor: url.origin, agent, fetch },
  })
}

/** Stands in for a URL that was refused. */
const NOWHERE = new URL('https://invalid')

function parseLocation(
  given: Readonly<Record<string, unknown>>,
  rules: UrlRules,
  problems: Problems,
): Pick<RemoteKeysConfig, 'locate'> & { readonly url: URL } {
  const option = 'jwkUri' in given ? 'jwkUri' : 'discover'
  const fix = 'Pass an https URL (http is allowed on loopback only, or with jwks.allowHttp)'
  const text = problems.text(option, given[option], fix)
  const url = text === undefined ? undefined : parseIssuerUrl(text, rules)
  if (text !== undefined && !url) problems.add(option, 'is not an https URL', fix)
  if (!url || text === undefined) return { url: NOWHERE, locate: () => NOWHERE }
  if (option === 'jwkUri') return { url, locate: () => url }
  const problem = issuerFault(text, url)
  if (problem === undefined) return { url, locate: discoverKeySet(text, rules) }
  problems.add(option, problem, 'Pass exactly what stands in iss, without /.well-known/…')
  return { url: NOWHERE, locate: () => NOWHERE }
}

/** Why a URL cannot be what an issuer calls itself: URLs lose white space, but `iss` is compared as a text. */
function issuerFault(text: string, { href, username, password }: URL): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return 'has white space in it (a stray space or newline?)'
  if (username !== '' || password !== '')
    return 'has a user name or password in it (jwks.headers can hold them)'
  return /[?#]|\/\.well-known(?:\/|$)/.test(href) ? 'is more than an issuer' : undefined
}
