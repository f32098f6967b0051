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

/** Whether a provider is on. */
export interface SwitchOptions {
  /** Whether the provider is switched off: its tokens are refused, sessions go on. Default: false. */
  readonly disabled?: boolean
}

/** Everything about the tokens of one provider. */
export type ProviderOptions<Fields extends readonly MetadataField[] = readonly MetadataField[]> =
  TokenOptions<Fields> & KeyOptions & SwitchOptions

/** What the function `providers` returns for an issuer. */
export type FoundProviderOptions = ProviderOptions & {
  /**
   * What stands in `provider_id` of this provider's identities, such as the tenant's id in the database: up to 64 letters,
   * digits, dots, hyphens and underscores. Never give it to another tenant: its people would be the same users. Default:
   * the issuer, the first one if `issuer` has several.
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

/** A provider whose options are read, but may have mistakes. */
export interface ReadProvider {
  readonly name: string | undefined
  readonly found: Found
  readonly keys: KeyRules
  /** Those that the options name; undefined when what they name is a mistake, which is reported. */
  readonly issuers: readonly string[] | undefined
}

/** Completes what was read, of options without a mistake. */
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
 * Reads the providers, whichever way the options say them; none when a function finds them.
 * @param found the guard's own options, which are those of the provider without a name
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
const NAME_FIX = 'Use up to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit'
const SHOWN_LENGTH = 64

function readNamedProviders(value: object, problems: Problems): readonly ReadProvider[] {
  const entries = Object.entries(value) as [string, unknown][]
  if (entries.length === 0) problems.add('providers', 'is empty', 'Pass at least one { name: options }')
  const read: ReadProvider[] = []
  for (const [name, given] of entries) {
    if (!NAME.test(name)) {
      problems.add('providers', `has the name ${JSON.stringify(name.slice(0, SHOWN_LENGTH))}`, NAME_FIX)
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

/** The issuer chooses the provider, so each has to name its own. */
function requireIssuers(providers: readonly ReadProvider[], problems: Problems): void {
  if (providers.length < 2) return
  const owners = new Map<string, string | undefined>()
  for (const { name = '', issuers } of providers) {
    const at = `providers.${name}.issuer`
    const fix = "Set issuer to what stands in iss of this provider's tokens, or use discover"
    if (issuers?.length === 0)
      problems.add(at, 'is not set, and there is more than one provider to choose from', fix)
    for (const issuer of new Set(issuers)) {
      const owner = owners.get(issuer)
      if (owner !== undefined)
        problems.add(at, `is the issuer of providers.${owner} too`, 'Make one provider of the two')
      owners.set(issuer, name)
    }
  }
}

/** Whoever has the secret of one provider could sign for another that has it too. */
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
          `have a secret of providers.${owner ?? ''}, which could sign for this provider then`,
          'Give each provider a secret of its own, or make one provider of the two, with both issuers',
        )
      owners.set(text, owner)
    }
}

const FOUND_OPTIONS = {
  ...PROVIDER_OPTIONS,
  name: lenient(
    undefined,
    text(NAME_FIX, [new RegExp(`^(?!${NAME.source.slice(1)})`), 'is not a good name']),
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
  // Else an issuer that calls itself as another provider is named would get that one's users.
  if (name === undefined && NAME.test(called)) problems.add(`${at}.name`, 'is not set', UNNAMED_FIX)
  const read = { name: called, found: named, keys, issuers }
  check(read, problems)
  problems.throwIfAny()
  return providerRules(read, appId)
}
