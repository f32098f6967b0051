import {
  algorithmsOf,
  KEY_OPTIONS,
  readKeyRules,
  type KeyOptions,
  type KeyRules,
} from '../keys/key-options.js'
import {
  boolean,
  lenient,
  readOptions,
  text,
  type Parsed,
  type Parser,
  type ParsersOf,
} from '../option-parsers.js'
import { describe, Problems } from '../problems.js'
import type { MetadataRules } from '../token/metadata.js'
import type { MetadataField } from '../token/metadata-options.js'
import type { MaybePromise } from '../user.js'
import { TOKEN_OPTIONS, tokenRules, type TokenOptions, type TokenRules } from '../token/token-options.js'

/** Switches a provider off. */
export interface SwitchOptions {
  /** Whether the provider is switched off: its tokens are refused, but sessions continue. Default: false. */
  readonly disabled?: boolean
}

/** Everything about the tokens of one provider. */
export type ProviderOptions<Fields extends readonly MetadataField[] = readonly MetadataField[]> =
  TokenOptions<Fields> & KeyOptions & SwitchOptions

/** What the function `providers` returns for an issuer. */
export type FoundProviderOptions = ProviderOptions & {
  /**
   * The `provider_id` of this provider's identities, such as the tenant's id in the database: up to 64 letters, digits,
   * dots, hyphens and underscores. Never reuse it for another tenant: their people would be the same users. Default:
   * the issuer, or the first one if `issuer` has several.
   */
  readonly name?: string
}

/** The function `providers`. */
export type FindProvider = (issuer: string) => MaybePromise<FoundProviderOptions | null | undefined>

export const PROVIDER_OPTIONS = {
  ...TOKEN_OPTIONS,
  ...KEY_OPTIONS,
  disabled: boolean({ default: false }),
} satisfies ParsersOf<TokenOptions & SwitchOptions>

/** A provider, parsed and frozen. */
export interface ProviderRules {
  /** Undefined for the one that has no name. */
  readonly name: string | undefined
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeyRules
  readonly disabled: boolean
}

type Found = Partial<Parsed<typeof PROVIDER_OPTIONS>>

/** A provider whose options have been read, but may contain mistakes. */
export interface ReadProvider {
  readonly name: string | undefined
  readonly found: Found
  readonly keys: KeyRules
  /** The issuers that the options name; undefined after a mistake, which has been reported. */
  readonly issuers: readonly string[] | undefined
}

/** Makes the rules from what was read. The options must have no mistakes. */
export function providerRules({ name, found, keys }: ReadProvider, appId: string): ProviderRules {
  const all = found as Parsed<typeof PROVIDER_OPTIONS>
  const issuer = all.discover as string | undefined
  return Object.freeze({
    name,
    keys,
    rules: tokenRules(all, { appId, algorithms: algorithmsOf(keys), issuer }),
    metadata: Object.freeze({ fields: all.metadataFields, maxFieldLength: all.maxFieldLength }),
    disabled: all.disabled,
  })
}

/**
 * Reads the providers, in whichever form the options give them; none when they come from a function.
 * @param found the guard's own options, which also hold those of an unnamed provider
 */
export function readProviders(
  options: object,
  found: Found & { readonly providers?: unknown },
  problems: Problems,
): readonly ReadProvider[] {
  const { providers } = found
  if (providers === undefined) {
    const keys = readKeyRules(found, problems)
    return [{ name: undefined, found, keys, issuers: issuersOf(found, found) }]
  }
  const own = Object.keys(PROVIDER_OPTIONS).filter((name) => name in options)
  if (own.length > 0) {
    const names = own.join(', ')
    const fix = `Move ${names} into the providers, or leave providers out`
    problems.add('providers', `is set together with ${names}`, fix)
  }
  if (typeof providers === 'function') return []
  if (isObject(providers)) return readNamedProviders(providers, problems)
  const fix = 'Pass an object { name: options }, or a function that returns the options for an issuer'
  problems.add('providers', `is ${describe(providers)}`, fix)
  return []
}

function readProvider(name: string, at: string, given: object, problems: Problems): ReadProvider {
  const found = readOptions(at, PROVIDER_OPTIONS, given, problems)
  const keys = readKeyRules(found, problems.below(at))
  return { name, found, keys, issuers: issuersOf(found, given) }
}

function issuersOf({ issuer, discover }: Found, given: object): readonly string[] | undefined {
  if ('issuer' in given) return issuer
  return typeof discover === 'string' ? [discover] : []
}

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/
const UNNAMED_FIX = 'Return a name: an issuer that is not a URL could be the name of another provider'
const NAME_FIX =
  'Use up to 64 letters, digits, dots, hyphens and underscores, starting with a letter or digit'
const SHOWN_LENGTH = 64

function readNamedProviders(value: object, problems: Problems): readonly ReadProvider[] {
  const entries = Object.entries(value) as [string, unknown][]
  if (entries.length === 0) problems.add('providers', 'is empty', 'Pass at least one { name: options }')
  const read: ReadProvider[] = []
  for (const [name, given] of entries) {
    if (!NAME.test(name)) {
      problems.add(
        'providers',
        `has the invalid name ${JSON.stringify(name.slice(0, SHOWN_LENGTH))}`,
        NAME_FIX,
      )
      continue
    }
    const at = `providers.${name}`
    if (isObject(given)) read.push(readProvider(name, at, given, problems))
    else problems.object(at, given, [])
  }
  requireIssuers(read, problems)
  requireOwnSecrets(read, problems)
  return read
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A token's issuer selects its provider, so each provider has to name its own. */
function requireIssuers(providers: readonly ReadProvider[], problems: Problems): void {
  if (providers.length < 2) return
  const owners = new Map<string, string | undefined>()
  for (const { name = '', issuers } of providers) {
    const at = `providers.${name}.issuer`
    const fix = "Set issuer to the iss of this provider's tokens, or use discover"
    if (issuers?.length === 0)
      problems.add(at, 'is not set, and there is more than one provider to choose from', fix)
    for (const issuer of new Set(issuers)) {
      const owner = owners.get(issuer)
      if (owner !== undefined)
        problems.add(at, `is also the issuer of providers.${owner}`, 'Merge the two into one provider')
      owners.set(issuer, name)
    }
  }
}

/** Whoever knows the secret of one provider could sign for any other that has the same. */
function requireOwnSecrets(providers: readonly ReadProvider[], problems: Problems): void {
  const owners = new Map<string, string | undefined>()
  for (const { name, keys } of providers)
    for (const { key } of keys.written) {
      if (key.type !== 'secret') continue
      const text = key.export().toString('base64')
      const owner = owners.get(text) ?? name
      if (owner !== name)
        problems.add(
          `providers.${name ?? ''}.signingKeys`,
          `share a secret with providers.${owner ?? ''}, which could then sign for this provider`,
          'Give each provider a secret of its own, or merge the two into one provider with both issuers',
        )
      owners.set(text, owner)
    }
}

const FOUND_OPTIONS = {
  ...PROVIDER_OPTIONS,
  name: lenient(
    undefined,
    text(NAME_FIX, [new RegExp(`^(?!${NAME.source.slice(1)})`), 'is not a valid name']),
  ),
} satisfies Readonly<Record<string, Parser<unknown>>>

/**
 * Reads what the function `providers` returned for an issuer.
 * @param check adds problems of its own
 * @throws {ConfigurationError} naming every mistake
 */
export function readFoundProvider(
  issuer: string,
  given: unknown,
  { appId, check }: { appId: string; check: (read: ReadProvider, problems: Problems) => void },
): ProviderRules {
  const at = 'providers()'
  const problems = new Problems()
  if (!isObject(given)) problems.object(at, given, [])
  problems.throwIfAny()
  const { name, ...found } = readOptions(at, FOUND_OPTIONS, given, problems)
  const keys = readKeyRules(found, problems.below(at))
  const issuers = issuersOf(found, given as object)
  if (issuers && issuers.length > 0 && !issuers.includes(issuer))
    problems.add(`${at}.issuer`, 'is not the issuer that was asked for', 'Return the options of that issuer')
  const named = { ...found, issuer: issuers?.length ? issuers : [issuer] }
  const called = name ?? issuers?.[0] ?? issuer
  // Otherwise an issuer that is called like another provider would get that provider's users.
  if (name === undefined && NAME.test(called)) problems.add(`${at}.name`, 'is not set', UNNAMED_FIX)
  const read = { name: called, found: named, keys, issuers }
  check(read, problems)
  problems.throwIfAny()
  return providerRules(read, appId)
}
