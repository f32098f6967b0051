import type { IncomingMessage } from 'node:http'
import {
  parseOptions,
  type Config,
  type CustomJwtAuthOptions,
  type DataOfOptions,
  type NamedProviders,
} from './options.js'
import { ConfigurationError } from './configuration-error.js'
import { createEvents, eventsOf } from './events.js'
import { createAuthenticator, type Authenticated } from './http/authenticate.js'
import type { CredentialSource } from './http/credential-source.js'
import { createAuthenticate, createMiddleware, userOf, type Middleware } from './http/middleware.js'
import type { Challenge } from './http/challenge.js'
import { createResourceMetadata, type ResourceMetadataOptions } from './http/resource-metadata.js'
import { createInspectRoute } from './inspect/inspect-page.js'
import type { RouteParts } from './routes/json-routes.js'
import { createRealmObjectServerRoutes } from './routes/realm-object-server-routes.js'
import { createSessionRoutes } from './routes/session-routes.js'
import { IssuerClient } from './keys/jwks/issuer-client.js'
import { VerifiedCache } from './jws/token-cache.js'
import { RemoteKeys } from './keys/jwks/remote-keys.js'
import { joinKeys } from './keys/key-sources.js'
import { foundProviders } from './providers/found-providers.js'
import type { ProviderRules } from './providers/provider-options.js'
import { listedProviders, type Provider } from './providers/providers.js'
import { claimStore } from './providers/store-claims.js'
import { createDependency } from './dependency.js'
import { createSessionTokens } from './sessions/session-tokens.js'
import { createSessions, type SessionParts, type Sessions } from './sessions/sessions.js'
import { memoryStore, takeMemoryBounds } from './stores/memory.js'
import type { Store } from './stores/store.js'
import { createExplain, type ExplainOptions, type Explanation } from './token/explain.js'
import { createVerifier, type VerifiedToken } from './token/verifier.js'
import type { User, UserData } from './user.js'
import { UserCache } from './users/user-cache.js'
import type { MetadataField } from './token/metadata-options.js'
import { createSignInWithoutUsers, NO_USERS } from './users/no-users.js'
import { createSignIn } from './users/sign-in.js'
import { derivedObjectId } from './users/user-id.js'
import { createExplainUser } from './users/explain-user.js'
import { createUsers, type Users } from './users/administration.js'

/** The guard, which is middleware, with everything else that an app needs from it. */
export interface CustomJwtAuth<Data = UserData> extends Middleware {
  /**
   * The same guard for routes that anonymous users may see: a request without credentials goes on without `req.user`; a
   * bad credential is still refused. It shares the keys, caches and users of this guard.
   */
  readonly optional: Middleware
  /**
   * The endpoints that log in, refresh, log out, link and delete, below `/api/client/v2.0`.
   * @throws {ConfigurationError} without the option `session`
   */
  sessionRoutes(): Middleware
  /**
   * `POST /auth` of Realm Object Server, for Realm SDKs older than version 10: see docs/realm-object-server.md.
   * @throws {ConfigurationError} without the option `session`
   */
  realmObjectServerRoutes(): Middleware
  /** The administration of users. */
  readonly users: Users<Data>
  /**
   * The user of a request that the guard has let through: `req.user`, with the types of your metadata fields.
   * @throws {AuthError} CREDENTIALS_MISSING when there is none: nobody signed in, or no guard is in front of the route
   */
  userOf(req: IncomingMessage): User<Data>
  /**
   * Authenticates anything that is not an Express request: WebSockets, subscriptions, workers, other frameworks. Looks
   * for the same credentials as the guard, in the same order; a bare token may be the issuer's or a session's.
   * @param source a token, or a request: one of `node:http`, `{ headers }`, or a web-standard `Request` or `Headers`
   * @returns never undefined: without a credential, it rejects even when `credentialsRequired` is false
   * @throws {AuthError} what the guard would pass to `next(error)`
   */
  authenticate(source: CredentialSource): Promise<Authenticated<Data>>
  /**
   * Serves `/.well-known/oauth-protected-resource` (RFC 9728), followed by the path of `resource`, where OAuth clients
   * such as those of the Model Context Protocol find your issuer:
   * `app.use(auth.resourceMetadata({ resource, scopes }))`, at the root of the host. From then on, each challenge of
   * this guard carries `resource_metadata`.
   * @throws {ConfigurationError} for mistakes in the options, when called twice, and when no issuer is known
   */
  resourceMetadata(options: ResourceMetadataOptions): Middleware
  /** Tells for every check whether a third-party token passes it, and what to fix. For people, not for programs. */
  explain(token: string, options?: ExplainOptions): Promise<Explanation>
  /**
   * A development page that explains tokens in a browser on this machine: `app.use('/inspect', auth.inspectPage())`. It
   * verifies with this guard's keys, looks up users in its store, and changes nothing: see docs/inspect.md.
   * @throws {ConfigurationError} when `NODE_ENV` is `production`
   */
  inspectPage(): Middleware
  /** Resolves when the keys and the store are ready for use: await it before listening. */
  ready(): Promise<void>
  /** Releases what the keys and the store hold open. */
  close(): Promise<void>
}

/**
 * The type of the `req.user` that a guard sets.
 * @example
 * declare global {
 *   namespace Express {
 *     interface User extends UserOf<typeof auth> {}
 *   }
 * }
 */
export type UserOf<Auth> = Auth extends CustomJwtAuth<infer Data> ? User<Data> : never

/**
 * Makes the guard: middleware that verifies a third-party JWT (header `jwtTokenString`) or a session's access token
 * (`Authorization: Bearer`), finds or creates the user, and sets `req.user`. A refusal goes to `next(error)`.
 *
 * @param options parsed once; changing them later changes nothing
 * @returns the middleware, which also carries `optional`, `sessionRoutes()`, `realmObjectServerRoutes()`, `users`, `userOf()`, `authenticate()`, `resourceMetadata()`, `explain()`, `inspectPage()`, `ready()` and `close()`
 * @throws {ConfigurationError} synchronously, naming every mistake in the options and its fix
 * @example
 * const auth = customJwtAuth({
 *   appId: 'myapp-abcde',
 *   signingAlgorithm: 'HS256',
 *   signingKeys: [process.env.SIGNING_KEY],
 *   autoCreateUser: true,
 * })
 * app.use('/api', auth)
 * app.get('/api/me', (req, res) => res.json(req.user))
 */
export function customJwtAuth<
  const Fields extends readonly MetadataField[] = readonly MetadataField[],
  const Providers extends NamedProviders = never,
>(options: CustomJwtAuthOptions<Fields, Providers>): CustomJwtAuth<DataOfOptions<Fields, Providers>> {
  const isProduction = process.env.NODE_ENV === 'production'
  const config = parseOptions(options as unknown as CustomJwtAuthOptions, isProduction)
  return compose(config, isProduction) as unknown as CustomJwtAuth<DataOfOptions<Fields, Providers>>
}

/** The one place that wires the parts together. */
function compose(config: Config, isProduction: boolean): CustomJwtAuth {
  const { appId, cache, clock } = config
  const store = config.users ? (config.store ?? memoryStore()) : undefined
  const now = (): number => clock() / 1000
  const events = createEvents(config.logger)
  const dependency = createDependency(config.timeoutSeconds)
  const verdicts = new VerifiedCache<VerifiedToken>(cache.tokens)
  const providers = composeProviders()
  const domainId = derivedObjectId(appId)
  const people = store ? composePeople(store) : withoutPeople()
  const { sessions, users } = people
  const explainAt = createExplain({ ...config, ...people, choose: providers.choose })
  const authenticator = createAuthenticator({ ...config, ...people, dependency, verifier: providers, now })

  function composeProviders() {
    const { findProvider: find, readFound: read } = config
    const { timeoutSeconds } = config
    // Without a store, names only have to be unique within this guard.
    const claims = store ?? {}
    if (!find) return listedProviders(claimStore(claims, config.providers, composeProvider), verdicts)
    const create = (found: ProviderRules) => claimStore(claims, [found], composeProvider)[0] as Provider
    return foundProviders({ find, read, create, cache: cache.providers, verdicts, timeoutSeconds, events })
  }

  function composeProvider(provider: ProviderRules, release: () => void): Provider {
    const {
      name,
      keys: { written, remote },
    } = provider
    const told = eventsOf(name, events)
    const keySet = remote && {
      source: new RemoteKeys({ ...remote, issuer: new IssuerClient(remote), events: told }),
      algorithms: remote.algorithms,
    }
    const keys = joinKeys(written, keySet)
    const { fieldUnescaped } = told
    const verifier = createVerifier({ ...provider, keys, cache: verdicts, fieldUnescaped })
    const close = (): void => {
      keys.close()
      release()
    }
    return { ...provider, keys, verifier, close }
  }

  function composePeople(store: Store) {
    const { customData, session } = config
    const userCache = new UserCache({ store, cache: cache.users, customData, dependency })
    const parts = { ...config, store, userCache, dependency, events }
    const signIn = createSignIn(parts)
    const providerNames = config.findProvider ? undefined : config.providers.map(({ name }) => name)
    return {
      signIn,
      explainUser: createExplainUser(parts),
      users: createUsers({ ...parts, providerNames }),
      sessions: session && composeSessions(session, { store, userCache, signIn }),
    }
  }

  function withoutPeople() {
    const signIn = createSignInWithoutUsers(config)
    return { signIn, explainUser: undefined, users: NO_USERS, sessions: undefined }
  }

  function composeSessions(
    rules: NonNullable<Config['session']>,
    parts: Pick<SessionParts, 'store' | 'userCache' | 'signIn'>,
  ): Sessions {
    const tokens = createSessionTokens({ keys: rules.signingKeys, domainId, cacheMax: cache.tokens })
    return createSessions({ ...parts, rules, tokens, dependency, events })
  }

  function routeParts(): RouteParts {
    const { baseUrl } = config
    const { maxTokenLength } = providers
    const verify: RouteParts['verify'] = (token, time) => providers.verify(token, time)
    if (sessions) return { appId, domainId, baseUrl, maxTokenLength, sessions, verify, now, events }
    const fix = 'Set session.signingKeys to have session routes'
    throw new ConfigurationError([{ option: 'session', problem: 'is not set', fix }])
  }

  const memory = isProduction && store ? takeMemoryBounds(store) : undefined
  if (memory) events.memoryStore(memory)
  const explain = (token: string, given?: ExplainOptions) => explainAt(token, now(), given)
  const challenge: Challenge = { resourceMetadata: undefined }
  const issuers = config.providers.flatMap(({ rules, disabled }) => (disabled ? [] : (rules.issuer ?? [])))
  const context = { events, dependency, challenge }
  const guard = (isRequired: boolean) => createMiddleware(authenticator, context, { isRequired })
  return Object.assign(guard(config.credentialsRequired), {
    optional: guard(false),
    sessionRoutes: () => createSessionRoutes(routeParts()),
    realmObjectServerRoutes: () => createRealmObjectServerRoutes(routeParts()),
    users,
    userOf: (req: IncomingMessage) => userOf(req, events),
    authenticate: createAuthenticate(authenticator, context),
    resourceMetadata: (options: ResourceMetadataOptions) =>
      createResourceMetadata(options, { issuers, challenge }),
    explain,
    inspectPage() {
      const configurations = [{ name: appId, explain, hasStore: store !== undefined }]
      return createInspectRoute({ configurations, now }, process.env.NODE_ENV === 'production')
    },
    async ready() {
      await Promise.all([providers.ready(now()), store?.ready?.()])
    },
    async close() {
      providers.close()
      sessions?.close()
      await store?.close?.()
    },
  })
}
