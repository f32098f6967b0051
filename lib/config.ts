import type { Logger } from './events.js'
import { parseKeyRules, type KeyRules } from './keys/key-options.js'
import type { CacheOptions, CommonOptions, CustomJwtAuthOptions, StaticKeyOptions } from './options.js'
import { Problems, type KeysOf } from './problems.js'
import { parseSessionRules, type SessionRules } from './sessions/session-options.js'
import type { Store } from './stores/store.js'
import type { TokenRules } from './token/steps.js'
import { parseTokenRules } from './token/token-options.js'
import type { CustomDataLoader } from './users/user-cache.js'
import { parseMetadataRules, type MetadataRules } from './token/metadata.js'
import type { UserCreationHook } from './users/sign-in.js'
import type { GenerateUserId } from './users/user-id.js'

/** The options, parsed and frozen: nothing after start-up looks at the options themselves. */
export interface Config {
  readonly appId: string
  readonly rules: TokenRules
  readonly metadata: MetadataRules
  readonly keys: KeyRules['source']
  readonly autoCreateUser: boolean
  readonly creationHook: UserCreationHook | undefined
  readonly customData: CustomDataLoader | undefined
  /** Undefined for the in-memory one. */
  readonly store: Store | undefined
  readonly generateUserId: GenerateUserId | undefined
  readonly session: SessionRules | undefined
  readonly credentialsRequired: boolean
  readonly bearerJwt: boolean
  readonly cache: {
    /** How many tokens to remember, 0 for none. */
    readonly tokens: number
    readonly users: { readonly max: number; readonly ttlSeconds: number } | undefined
  }
  readonly baseUrl: string | undefined
  readonly disabled: boolean
  readonly timeoutSeconds: number
  readonly clock: () => number
  readonly logger: Logger | undefined
}

const OPTIONS: KeysOf<CommonOptions & StaticKeyOptions> = {
  appId: true,
  audience: true,
  requireAnyAudience: true,
  signingAlgorithm: true,
  signingKeys: true,
  jwkUri: true,
  discover: true,
  jwks: true,
  issuer: true,
  subjectClaim: true,
  requiredClaims: true,
  allowedTypes: true,
  clockToleranceSeconds: true,
  maxTokenLength: true,
  maxFieldLength: true,
  metadataFields: true,
  autoCreateUser: true,
  customData: true,
  store: true,
  generateUserId: true,
  session: true,
  credentialsRequired: true,
  bearerJwt: true,
  cache: true,
  baseUrl: true,
  disabled: true,
  timeoutSeconds: true,
  clock: true,
  logger: true,
}
const CACHE_OPTIONS: KeysOf<CacheOptions> = { tokens: true, users: true }
const STORE_VERBS: KeysOf<Omit<Store, 'ready' | 'close'>> = {
  signIn: true,
  findUser: true,
  listUsers: true,
  setUserDisabled: true,
  deleteUser: true,
  linkIdentity: true,
  importUsers: true,
  createSession: true,
  findSession: true,
  rotateSession: true,
  revokeSession: true,
  revokeSessions: true,
  removeExpiredSessions: true,
}
/**
 * Parses the options.
 * @param options as the app wrote them
 * @param production whether the process runs in production, where losing sessions has to be a choice
 * @throws {ConfigurationError} naming every mistake and its fix
 */
export function parseOptions(options: CustomJwtAuthOptions, production: boolean): Config {
  const problems = new Problems()
  const given = problems.object('options', options, Object.keys(OPTIONS))
  const flag = (name: keyof typeof OPTIONS, fallback = false): boolean =>
    problems.boolean(name, given[name], fallback)
  const callable = (name: keyof typeof OPTIONS): unknown => problems.function(name, given[name])

  const appId = problems.text('appId', given.appId, 'Pass the App ID, e.g. myapp-abcde') ?? ''
  const keys = parseKeyRules(given, problems)
  const session = parseSessionRules(given.session, problems)
  const issuerKeys = keys.source.kind === 'static' ? keys.source.keys : []
  if (session?.keys.some(({ key }) => issuerKeys.some((other) => other.key.equals(key))))
    problems.add(
      'session.signingKeys',
      "hold one of the issuer's keys",
      'Give sessions a secret of their own',
    )
  const creationHook =
    typeof given.autoCreateUser === 'function' ? (given.autoCreateUser as UserCreationHook) : undefined

  const config: Config = {
    appId,
    rules: parseTokenRules(given, { appId, algorithm: keys.algorithm }, problems),
    metadata: parseMetadataRules(given, problems),
    keys: keys.source,
    autoCreateUser: creationHook !== undefined || flag('autoCreateUser'),
    creationHook,
    customData: callable('customData') as CustomDataLoader | undefined,
    store: parseStore(given.store, production && session !== undefined, problems),
    generateUserId: callable('generateUserId') as GenerateUserId | undefined,
    session,
    credentialsRequired: flag('credentialsRequired', true),
    bearerJwt: flag('bearerJwt'),
    cache: parseCache(given.cache, problems),
    baseUrl: 'baseUrl' in given ? parseBaseUrl(given.baseUrl, problems) : undefined,
    disabled: flag('disabled'),
    timeoutSeconds: problems.integer('timeoutSeconds', given.timeoutSeconds, {
      fallback: 5,
      min: 1,
      max: 300,
    }),
    clock: (callable('clock') as (() => number) | undefined) ?? Date.now,
    logger: parseLogger(given.logger, problems),
  }
  problems.throwIfAny()
  return Object.freeze(config)
}

function parseStore(value: unknown, mustLast: boolean, problems: Problems): Store | undefined {
  if (value === undefined) {
    if (mustLast)
      problems.add(
        'store',
        'is not set, so that sessions would end with this process, and NODE_ENV is production',
        'Pass a lasting store, or store: memoryStore() if that is meant',
      )
    return undefined
  }
  const store = (value ?? {}) as Partial<Record<string, unknown>>
  const missing = Object.keys(STORE_VERBS).filter((verb) => typeof store[verb] !== 'function')
  if (missing.length > 0)
    problems.add('store', `has no ${missing.join(', ')}`, 'Pass a store, e.g. memoryStore()')
  return value as Store
}

function parseCache(value: unknown, problems: Problems): Config['cache'] {
  const part = (option: string, given: unknown, known: readonly string[]) =>
    given === undefined ? {} : problems.object(option, given, known)
  const given = part('cache', value, Object.keys(CACHE_OPTIONS))
  const tokens = given.tokens === false ? undefined : part('cache.tokens', given.tokens, ['max'])
  const users = given.users === false ? undefined : part('cache.users', given.users, ['max', 'ttlSeconds'])
  const max = (name: string, value: unknown, fallback: number): number =>
    problems.integer(name, value, { fallback, min: 1, max: 1_000_000 })
  return Object.freeze({
    tokens: tokens ? max('cache.tokens.max', tokens.max, 5_000) : 0,
    users: users && {
      max: max('cache.users.max', users.max, 10_000),
      ttlSeconds: problems.integer('cache.users.ttlSeconds', users.ttlSeconds, {
        fallback: 30,
        min: 1,
        max: 3600,
      }),
    },
  })
}

function parseBaseUrl(value: unknown, problems: Problems): string | undefined {
  const fix = 'Pass the URL that clients use, e.g. https://api.example.com'
  const text = problems.text('baseUrl', value, fix)
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '')
    return url.href.replace(/\/+$/, '')
  problems.add('baseUrl', 'is not an http or https URL', fix)
  return undefined
}

function parseLogger(value: unknown, problems: Problems): Logger | undefined {
  if (value === undefined) return undefined
  const logger = (value ?? {}) as Partial<Record<string, unknown>>
  if (['debug', 'info', 'warn', 'error'].every((level) => typeof logger[level] === 'function'))
    return value as Logger
  problems.add('logger', 'has not the methods debug, info, warn and error', 'Pass a pino logger, or console')
  return undefined
}
