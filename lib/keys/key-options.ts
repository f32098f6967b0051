import { asGiven, readOptions, type Parsed, type ParsersOf } from '../option-parsers.js'
import { describe, type Problems } from '../problems.js'
import { discoverKeySet } from './jwks/discovery.js'
import type { IssuerRules } from './jwks/issuer-client.js'
import { parseIssuerUrl, publicPart, type UrlRules } from './jwks/issuer-url.js'
import { ALGORITHMS, type Algorithm, type VerificationKey } from './key-source.js'
import type { RemoteKeysRules } from './jwks/remote-keys.js'
import { JWKS_OPTIONS, type JwksOptions } from './jwks/jwks-options.js'
import { isPublished } from './secret-key.js'
import { parseSigningKeys, type BoundKey, type SigningKey } from './signing-keys.js'

/** Keys that the issuer publishes. */
export interface PublishedKeysRules extends IssuerRules {
  /** `jwkUri` or `discover`, for messages: without what may be secret in it. */
  readonly uri: string
  readonly rules: RemoteKeysRules
}

/** The configured keys, each for one algorithm. At least one of the two places has some. */
export interface KeyRules {
  /** Keys that the options contain. */
  readonly written: readonly VerificationKey[]
  readonly remote: PublishedKeysRules | undefined
}

/** All algorithms that there are keys for. */
export function algorithmsOf({ written, remote }: KeyRules): readonly Algorithm[] {
  return [...new Set([...written.map((key) => key.algorithm), ...(remote?.algorithms ?? [])])]
}

interface NoKeySet {
  readonly jwkUri?: never
  readonly discover?: never
  readonly jwks?: never
}

/** Keys in the options: one to three, each tried only when the signature does not match the one before it. */
export type StaticKeyOptions = NoKeySet &
  (
    | { readonly signingAlgorithm: Algorithm; readonly signingKeys: readonly (SigningKey | undefined)[] }
    // Each key has its own algorithm.
    | { readonly signingAlgorithm?: never; readonly signingKeys: readonly BoundKey[] }
  )

/** The algorithms that key sets can have: HMAC secrets are never published. */
type PublicAlgorithm = Exclude<Algorithm, `HS${string}`>

interface RemoteKeyOptions {
  /**
   * Default: RS256. With several, a published key without `alg` is used with the first of them that it fits. No key is
   * used with more than one algorithm.
   */
  readonly signingAlgorithm?: PublicAlgorithm | readonly PublicAlgorithm[]
  /** Additional keys, each with its algorithm. For an algorithm that the key set also has, a `kid` is required. */
  readonly signingKeys?: readonly BoundKey[]
  readonly jwks?: JwksOptions
}

/** Keys that the issuer publishes at a URL, as a JWKS or a single JWK. */
export interface JwkUriOptions extends RemoteKeyOptions {
  /** `https:`, or `http:` on loopback or with `jwks.allowHttp`. */
  readonly jwkUri: string
  readonly discover?: never
}

/** Keys found through the issuer's `.well-known/openid-configuration`. */
export interface DiscoverOptions extends RemoteKeyOptions {
  /** The issuer's URL, exactly as in `iss`. Also the default for `issuer`. */
  readonly discover: string
  readonly jwkUri?: never
}

/** One of the ways to get the keys. */
export type KeyOptions = StaticKeyOptions | JwkUriOptions | DiscoverOptions

/** The key options. They depend on each other, so {@link readKeyRules} reads them together. */
export const KEY_OPTIONS = {
  signingAlgorithm: asGiven,
  signingKeys: asGiven,
  jwkUri: asGiven,
  discover: asGiven,
  jwks: asGiven,
} satisfies ParsersOf<JwkUriOptions>

const KEY_SETS = ['jwkUri', 'discover']
const MAX_SIGNING_KEYS = 3

/** Parses the key options, reporting every mistake. */
export function readKeyRules(given: Readonly<Record<string, unknown>>, problems: Problems): KeyRules {
  if ('jwkUri' in given && 'discover' in given)
    problems.add('discover', 'is set together with jwkUri', 'Pass just one of them: both lead to the key set')
  const isRemote = KEY_SETS.some((way) => way in given)
  const fix = 'Pass signingKeys (with signingAlgorithm), jwkUri or discover'
  if (!isRemote && !('signingKeys' in given)) problems.add('signingKeys', 'is not set', fix)
  if (!isRemote && given.jwks !== undefined) problems.add('jwks', 'is set without a key set', 'Remove it')
  const remote = isRemote ? parseRemote(given, problems) : undefined
  const written = 'signingKeys' in given ? parseWritten(given, remote, problems) : []
  return { written, remote }
}

function parseWritten(
  { signingKeys, signingAlgorithm }: Readonly<Record<string, unknown>>,
  remote: PublishedKeysRules | undefined,
  problems: Problems,
): readonly VerificationKey[] {
  // With a key set, signingAlgorithm applies to the set.
  const isDefault = !remote && !(signingAlgorithm === undefined && areAllBound(signingKeys))
  const algorithm = isDefault ? parseAlgorithm(signingAlgorithm, ALGORITHMS, problems) : undefined
  if (isDefault && !algorithm) return []
  const rules = { algorithm, areBound: true, max: MAX_SIGNING_KEYS }
  const keys = parseSigningKeys('signingKeys', signingKeys, rules, problems)
  requireNames(keys, remote, problems)
  requireSecrecy(keys, problems)
  return keys
}

function areAllBound(keys: unknown): boolean {
  return Array.isArray(keys) && keys.every((key) => Object(key) === key && 'algorithm' in key)
}

/** An algorithm and a key id must lead to one place: if it has no such key, the other place is not searched. */
function requireNames(
  keys: readonly VerificationKey[],
  remote: PublishedKeysRules | undefined,
  problems: Problems,
): void {
  const shared = keys.find((key) => key.kid === undefined && remote?.algorithms.includes(key.algorithm))
  if (shared)
    problems.add(
      'signingKeys',
      `have a key for ${shared.algorithm} without kid, and the key set is for ${shared.algorithm} too`,
      "Set the key's kid to the kid in the header of its tokens",
    )
}

/** No part of a public key may be a secret here: whoever reads the published key could forge tokens. */
function requireSecrecy(keys: readonly VerificationKey[], problems: Problems): void {
  const secrets = keys.filter(({ key }) => key.type === 'secret')
  const isKnown = secrets.some((secret) => keys.some(({ key }) => isPublished(secret.key, key)))
  if (isKnown)
    problems.add('signingKeys', 'have a secret that is part of one of the public keys', 'Generate a secret')
}

function parseAlgorithm<Name extends Algorithm>(
  value: unknown,
  allowed: readonly Name[],
  problems: Problems,
): Name | undefined {
  const algorithm = allowed.find((name) => name === value)
  if (!algorithm) {
    const got = typeof value === 'string' ? 'is not one that these keys can have' : `is ${describe(value)}`
    problems.add('signingAlgorithm', got, `Pass one of ${allowed.join(', ')}`)
  }
  return algorithm
}

const PUBLIC_ALGORITHMS = ALGORITHMS.filter((name): name is PublicAlgorithm => !name.startsWith('HS'))

/** The algorithms of a key set, in order of preference. */
function parseAlgorithms(value: unknown, problems: Problems): readonly Algorithm[] {
  const list: readonly unknown[] =
    Array.isArray(value) && value.length > 0 ? value : [value === undefined ? 'RS256' : value]
  return [...new Set(list.flatMap((name) => parseAlgorithm(name, PUBLIC_ALGORITHMS, problems) ?? []))]
}

function parseRemote(given: Readonly<Record<string, unknown>>, problems: Problems): PublishedKeysRules {
  const jwks = readOptions('jwks', JWKS_OPTIONS, given.jwks ?? {}, problems) as Parsed<typeof JWKS_OPTIONS>
  const { headers, agent, fetch, maxKeys, timeoutSeconds, ...rules } = jwks
  const { url, locate } = parseLocation(given, jwks, problems)
  return Object.freeze({
    algorithms: parseAlgorithms(given.signingAlgorithm, problems),
    uri: publicPart(url),
    locate,
    maxKeys,
    timeoutSeconds,
    rules: Object.freeze(rules),
    request: { headers, headersFor: url.origin, agent, fetch },
  })
}

/** Replaces a URL that was refused. */
const NOWHERE = 'https://invalid'

function parseLocation(
  given: Readonly<Record<string, unknown>>,
  rules: UrlRules,
  problems: Problems,
): Pick<PublishedKeysRules, 'locate'> & { readonly url: URL } {
  const option = 'jwkUri' in given ? 'jwkUri' : 'discover'
  const fix = 'Pass an https URL (http is allowed on loopback only, or with jwks.allowHttp)'
  const told = problems.text(option, given[option], fix) ?? NOWHERE
  const isAllowed = parseIssuerUrl(told, rules) !== undefined
  if (!isAllowed) problems.add(option, 'is not an https URL', fix)
  const text = isAllowed ? told : NOWHERE
  const url = new URL(text)
  if (option === 'discover') {
    const problem = issuerFault(text, url)
    if (problem === undefined) return { url, locate: discoverKeySet(text, rules) }
    problems.add(option, problem, 'Pass the exact value of iss, without /.well-known/…')
  }
  return { url, locate: () => url }
}

/** Why a URL cannot be an issuer's name: parsing a URL drops whitespace, but `iss` is compared as a string. */
function issuerFault(text: string, { href, username, password }: URL): string | undefined {
  if (/[\s\p{Cc}]/u.test(text)) return 'has whitespace in it (a stray space or newline?)'
  if (username + password !== '') return 'has a user name or password in it (jwks.headers can hold them)'
  return /[?#]|\/\.well-known(?:\/|$)/.test(href) ? 'is more than an issuer' : undefined
}
