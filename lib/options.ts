import { withoutSlashes } from './keys/jwks/issuer-url.js'
import type { Logger } from './events.js'
import type { CredentialsOption } from './http/found-credentials.js'
import type { VerificationKey } from './keys/key-source.js'
import { isPublished } from './keys/secret-key.js'
import type { KeyOptions } from './keys/key-options.js'
import {
  asGiven,
  boolean,
  callable,
  group,
  integer,
  lenient,
  mistake,
  optional,
  readOptions,
  text,
  unlessFalse,
  type Parsed,
  type ParsersOf,
} from './option-parsers.js'
import { Problems } from './problems.js'
import type { DataOfProviders } from './providers/data-of-providers.js'
import {
  PROVIDER_OPTIONS,
  providerRules,
  readFoundProvider,
  readProviders,
  type FindProvider,
  type ProviderOptions,
  type ReadProvider,
  type SwitchOptions,
} from './providers/provider-options.js'
import { SESSION_OPTIONS, type SessionOptions, type SessionRules } from './sessions/session-options.js'
import { STORE_VERBS, type Store } from './stores/store.js'
import type { DataOf, MetadataField } from './token/metadata-options.js'
import type { TokenOptions } from './token/token-options.js'
import type { UserData } from './user.js'
import { checkNoUsers, USER_OPTIONS, type UserOptions } from './users/user-options.js'

// Brings the options of all folders together, parsed once into a frozen configuration.

/** What is remembered between requests. All of it is bounded, and checked again on use, or invalidated. */
export interface CacheOptions {
  /** Verified tokens, by their exact text. `max` defaults to 5000. `false`: every request verifies its token. */
  readonly tokens?: { readonly max?: number } | false
  /**
   * The users of recent requests. `ttlSeconds` defaults to 30, `max` to 10 000. Changes by another process are seen
   * after that time, changes by this process at once. `false`: every request asks the store.
   */
  readonly users?: { readonly ttlSeconds?: number; readonly max?: number } | false
  /**
   * What the `providers` function returned. `ttlSeconds` defaults to 60: a provider that it no longer returns is
   * refused after that time. `max` defaults to 2000: beyond it, the least recently used one is forgotten with its keys.
   */
  readonly providers?: { readonly ttlSeconds?: number; readonly max?: number }
}

/** The options of the guard as a whole. */
export interface GuardOptions extends CredentialsOption {
  /** The App ID: the default audience, and the `:appId` of the session routes. */
  readonly appId: string
  /** Where users and sessions are kept. Default: `memoryStore()`, in this process. */
  readonly store?: Store
  readonly session?: SessionOptions
  /**
   * Default: true. When false, requests without credentials pass without `req.user`. For some routes: `auth.optional`.
   */
  readonly credentialsRequired?: boolean
  /** Whether `Authorization: Bearer` may carry the third-party token as well. Default: true without `session`. */
  readonly bearerJwt?: boolean
  readonly cache?: CacheOptions
  /** What `/location` answers, e.g. `https://api.example.com`. Default: the URL that the request was sent to. */
  readonly baseUrl?: string
  /**
   * How long the store, a hook, a loader or the `providers` function may take before a request gets 503. Default: 5.
   */
  readonly timeoutSeconds?: number
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: () => number
  /** A logger with pino's methods, e.g. `console`. Default: none. */
  readonly logger?: Logger
}

/** Everything but the keys. */
export type CommonOptions<Fields extends readonly MetadataField[] = readonly MetadataField[]> = GuardOptions &
  TokenOptions<Fields> &
  SwitchOptions &
  UserOptions<DataOf<Fields>>

/** Belong to each of the `providers`. So does metadataFields, but `never` would widen the literals of others. */
type NoProviderOptions = {
  readonly [Name in Exclude<keyof typeof PROVIDER_OPTIONS, 'metadataFields'>]?: never
}

/** The option `providers` as an object. */
export type NamedProviders = Readonly<Record<string, ProviderOptions>>

/** In place of the keys. */
interface SeveralProviders<Providers extends NamedProviders> {
  /**
   * The providers, by names that become part of their users' identities (`provider_id`): renaming a provider turns its
   * people into new users. A token's `iss` selects the provider, whose options alone then apply to the token.
   *
   * Or a function that returns the options of the provider for an issuer, `undefined` when there is none, or a promise
   * of either. Its argument comes from a token that is not verified yet: up to 500 visible ASCII characters chosen by
   * anyone. At most ten of its calls run at once, three of them reserved for issuers that it has found before.
   */
  readonly providers: Providers | FindProvider
}

/** The options of `customJwtAuth`. */
export type CustomJwtAuthOptions<
  Fields extends readonly MetadataField[] = readonly MetadataField[],
  Providers extends NamedProviders = NamedProviders,
> = GuardOptions &
  TokenOptions<Fields> &
  SwitchOptions &
  UserOptions<DataOfOptions<Fields, Providers>> &
  ((KeyOptions & { readonly providers?: never }) | (NoProviderOptions & SeveralProviders<Providers>))

/** The type of `user.data`. */
export type DataOfOptions<Fields extends readonly MetadataField[], Providers> = [Providers] extends [never]
  ? DataOf<Fields>
  : Providers extends NamedProviders
    ? DataOfProviders<Providers>
    : UserData

const CACHE_OPTIONS = {
  tokens: unlessFalse(group({ max: integer({ default: 5_000, min: 1, max: 1_000_000 }) })),
  users: unlessFalse(
    group({
      ttlSeconds: integer({ default: 30, min: 1, max: 3600 }),
      max: integer({ default: 10_000, min: 1, max: 1_000_000 }),
    }),
  ),
  providers: group({
    ttlSeconds: integer({ default: 60, min: 1, max: 3600 }),
    max: integer({ default: 2_000, min: 1, max: 100_000 }),
  }),
} satisfies ParsersOf<CacheOptions>

const GUARD_OPTIONS = {
  appId: text('Pass the App ID, e.g. myapp-abcde'),
  store: lenient(undefined, readStore),
  // Parsed separately, so that a mistake in one session option does not hide the others' conflicts with other options.
  session: asGiven,
  credentialsRequired: boolean({ default: true }),
  bearerJwt: lenient(undefined, boolean({ default: false })),
  credentials: lenient(undefined, callable<NonNullable<CredentialsOption['credentials']>>()),
  cache: group(CACHE_OPTIONS),
  baseUrl: optional(readBaseUrl),
  timeoutSeconds: integer({ default: 5, min: 1, max: 300 }),
  clock: lenient(Date.now, callable<() => number>()),
  logger: lenient(undefined, readLogger),
} satisfies ParsersOf<GuardOptions>

const OPTIONS = { ...GUARD_OPTIONS, ...PROVIDER_OPTIONS, ...USER_OPTIONS, providers: asGiven }

/** The options, parsed and frozen: nothing reads the originals after start-up. */
export type Config = ReturnType<typeof configOf>

/**
 * Parses the options.
 * @param options as the app wrote them
 * @param production whether the process runs in production, where losing sessions must be a deliberate choice
 * @throws {ConfigurationError} naming every mistake and its fix
 */
export function parseOptions(options: CustomJwtAuthOptions, production: boolean): Config {
  const problems = new Problems()
  const found = readOptions('options', OPTIONS, options, problems)
  const providers = readProviders(options, found, problems)
  const session =
    found.session === undefined ? undefined : readOptions('session', SESSION_OPTIONS, found.session, problems)
  for (const provider of providers) checkSessionKeys(session?.signingKeys, provider, problems)
  if (found.users === false) checkNoUsers(options, problems)
  if (production && session && !found.store)
    problems.add(
      'store',
      'is not set, so sessions would end with this process, but NODE_ENV is production',
      'Pass a persistent store, or store: memoryStore() if that is intended',
    )
  problems.throwIfAny()
  return configOf(found as Parsed<typeof OPTIONS>, providers, session as SessionRules | undefined)
}

function configOf(
  all: Parsed<typeof OPTIONS>,
  providers: readonly ReadProvider[],
  session: SessionRules | undefined,
) {
  const { appId, autoCreateUser, cache } = all
  const check = (provider: ReadProvider, problems: Problems): void => {
    checkSessionKeys(session?.signingKeys, provider, problems)
  }
  return Object.freeze({
    ...all,
    session,
    /** Empty when a function provides them. */
    providers: Object.freeze(providers.map((provider) => providerRules(provider, appId))),
    findProvider: typeof all.providers === 'function' ? (all.providers as FindProvider) : undefined,
    /** Reads what that function returned. @throws {ConfigurationError} */
    readFound: (issuer: string, given: unknown) => readFoundProvider(issuer, given, { appId, check }),
    // Without sessions, a bearer token can mean nothing else.
    bearerJwt: all.bearerJwt ?? all.session === undefined,
    autoCreateUser: autoCreateUser !== false,
    creationHook: typeof autoCreateUser === 'function' ? autoCreateUser : undefined,
    cache: Object.freeze({ ...cache, tokens: cache.tokens?.max ?? 0 }),
  })
}

function checkSessionKeys(
  sessionKeys: readonly VerificationKey[] | undefined,
  { keys: { written } }: ReadProvider,
  problems: Problems,
): void {
  if (
    sessionKeys?.some(({ key }) =>
      written.some((other) => other.key.equals(key) || isPublished(key, other.key)),
    )
  )
    problems.add(
      'session.signingKeys',
      "hold one of the issuer's keys, or a part of one",
      'Give sessions a secret of their own',
    )
}

function readStore(value: unknown): Store {
  const store = (value ?? {}) as Partial<Record<string, unknown>>
  const missing = Object.keys(STORE_VERBS).filter((verb) => typeof store[verb] !== 'function')
  if (missing.length === 0) return value as Store
  throw mistake(`lacks ${missing.join(', ')}`, 'Pass a store, e.g. memoryStore()')
}

function readBaseUrl(value: unknown): string {
  const fix = 'Pass the URL that clients use, e.g. https://api.example.com'
  const given = text(fix)(value, true)
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '')
    return withoutSlashes(url.href)
  throw mistake('is not an http or https URL', fix)
}

function readLogger(value: unknown): Logger {
  const logger = (value ?? {}) as Partial<Record<string, unknown>>
  const levels = ['debug', 'info', 'warn', 'error']
  if (levels.every((level) => typeof logger[level] === 'function')) return value as Logger
  throw mistake('lacks one of the methods debug, info, warn and error', 'Pass a pino logger, or console')
}
