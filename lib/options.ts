import type { Agent as HttpAgent } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import type { Logger } from './events.js'
import type { Algorithm } from './keys/key-source.js'
import type { SigningKey } from './keys/signing-keys.js'
import type { Store } from './stores/store.js'
import type { JsonValue, UserData } from './user.js'
import type { CustomDataLoader } from './users/user-cache.js'
import type { MetadataField } from './token/metadata.js'
import type { UserCreationHook } from './users/sign-in.js'
import type { GenerateUserId } from './users/user-id.js'

/** Sessions of our own, begun by a login. Without them there are no session routes and no bearer tokens. */
export interface SessionOptions {
  /** Secrets as for HS256: the first signs, all of them verify, so that a key can be replaced without a log-out. */
  readonly signingKeys: readonly (SigningKey | undefined)[]
  /** How long a login lasts: 1800 (30 minutes) to 157 680 000 (5 years). Default: 5 184 000 (60 days). */
  readonly refreshTokenTtlSeconds?: number
  /** Whether a login ends at the latest when the third-party token that began it expires. Default: false. */
  readonly capRefreshToTokenExpiry?: boolean
  /**
   * Whether each refresh gives a new refresh token, and the use of an old one ends the session. Default: false, because
   * the clients of the original service never store a new refresh token.
   */
  readonly rotateRefreshTokens?: boolean
  /** Whether every bearer request asks the store if its session lives. Default: false: `cache.users` may answer. */
  readonly checkRevocation?: boolean
}

/** What is remembered between requests. Everything is bounded, and checked again or invalidated on use. */
export interface CacheOptions {
  /** Verified tokens, by their exact text. `max` defaults to 5000. `false`: every request verifies its token. */
  readonly tokens?: { readonly max?: number } | false
  /**
   * Users that requests resolved to. `ttlSeconds` defaults to 30, `max` to 10 000. What another process changes is seen
   * after that time; what this process changes, at once. `false`: every request asks the store.
   */
  readonly users?: { readonly ttlSeconds?: number; readonly max?: number } | false
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

interface RemoteKeyOptions {
  /** Default: RS256. Each key serves this algorithm alone; HMAC secrets are not published. */
  readonly signingAlgorithm?: Exclude<Algorithm, `HS${string}`>
  readonly signingKeys?: never
  readonly jwks?: JwksOptions
}

/** Keys that the issuer publishes at a URL, as a JWKS or a single JWK. */
export interface JwkUriOptions extends RemoteKeyOptions {
  /** `https:`, or `http:` on loopback. */
  readonly jwkUri: string
  readonly discover?: never
}

/** Keys that the issuer's `.well-known/openid-configuration` leads to. */
export interface DiscoverOptions extends RemoteKeyOptions {
  /** The issuer's URL, exactly as it stands in `iss`; it becomes the default of `issuer`. */
  readonly discover: string
  readonly jwkUri?: never
}

/** A value that `requiredClaims` can ask for. */
export type ClaimValue = string | number | boolean

/** Everything but the keys. */
export interface CommonOptions<Fields extends readonly MetadataField[] = readonly MetadataField[]> {
  /** The App ID: the default audience, and the `:appId` of the session routes. */
  readonly appId: string
  /**
   * Who the tokens are for, in place of `appId`: one, a comma-separated list, or an array. `null`, for issuers whose
   * tokens have no audience: any is accepted, so use `requiredClaims` to tell this app's tokens from others.
   */
  readonly audience?: string | readonly string[] | null
  /** Whether one of several audiences is enough. Default: false, all of them must be present. */
  readonly requireAnyAudience?: boolean
  /** Whose tokens these are: the exact `iss`, or several. Default: whoever has the keys. */
  readonly issuer?: string | readonly string[]
  /** The claim with the user's unique id at the issuer. Default: `sub`. */
  readonly subjectClaim?: string
  /** Further claims that a token must have, each with one exact value or one of several. Default: none. */
  readonly requiredClaims?: Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>
  /** Allowed values of the `typ` header, in any case; `null` allows its absence. Default: `['JWT']`. */
  readonly allowedTypes?: readonly (string | null)[]
  /** How far the issuer's clock may be off: 0 to 600. Default: 0. */
  readonly clockToleranceSeconds?: number
  /** The longest third-party token, in characters. Default: 2048. Node itself limits all headers to 16 KB. */
  readonly maxTokenLength?: number
  /** The longest value of a metadata field, in characters of JSON. Default: 4096. */
  readonly maxFieldLength?: number
  /** Which claims become fields of `user.data`. Default: none. */
  readonly metadataFields?: Fields & NoOtherKeys<Fields>
  /**
   * Whether a valid token without a user makes one on an endpoint. Default: false. A function is the user creation
   * hook, and means true. A login makes the user in any case.
   */
  readonly autoCreateUser?: boolean | UserCreationHook<DataOf<Fields>>
  /** Loads `custom_data`. May be asynchronous. */
  readonly customData?: CustomDataLoader
  /** Where users and sessions are kept. Default: `memoryStore()`, in this process. */
  readonly store?: Store
  /** Default: derived from app id, provider and subject, so that every machine makes the same. */
  readonly generateUserId?: GenerateUserId
  readonly session?: SessionOptions
  /** Default: true. When false, a request without credentials goes on without `req.user`; a bad one still fails. */
  readonly credentialsRequired?: boolean
  /** Whether `Authorization: Bearer` may carry the third-party token as well. Default: false. */
  readonly bearerJwt?: boolean
  readonly cache?: CacheOptions
  /** What `/location` answers, e.g. `https://api.example.com`. Default: as the request came in. */
  readonly baseUrl?: string
  /** Whether the provider is switched off: third-party tokens are refused, sessions go on. Default: false. */
  readonly disabled?: boolean
  /** How long the store, the hook or the loader may take before the request fails with 503. Default: 5. */
  readonly timeoutSeconds?: number
  /** Milliseconds since 1970. Default: `Date.now`. */
  readonly clock?: () => number
  /** A pino-shaped logger. Default: silent. */
  readonly logger?: Logger
}

/** The options of `customJwtAuth`. */
export type CustomJwtAuthOptions<Fields extends readonly MetadataField[] = readonly MetadataField[]> =
  CommonOptions<Fields> & (StaticKeyOptions | JwkUriOptions | DiscoverOptions)

/** The type of `user.data` that metadata fields given as literals make: required ones are present, and not `null`. */
export type DataOf<Fields extends readonly MetadataField[]> = MetadataField extends Fields[number]
  ? UserData
  : {
      readonly [
        Field in Fields[number] as Field extends { required: true } ? NameOf<Field> : never
      ]: NonNullable<JsonValue>
    } & {
      readonly [
        Field in Fields[number] as Field extends { required: true } ? never : NameOf<Field>
      ]?: JsonValue
    }

/** Makes a misspelt key of a metadata field an error, which inference alone would let through. */
type NoOtherKeys<Fields extends readonly MetadataField[]> = {
  readonly [Index in keyof Fields]: {
    readonly [Key in Exclude<keyof Fields[Index], keyof MetadataField>]: never
  }
}

type NameOf<Field extends MetadataField> = Field extends { fieldName: infer Name extends string }
  ? Name
  : LastPart<Field['name']>

/** The last part of a path, in which `\.` is a literal dot. */
type LastPart<Path extends string, Before extends string = ''> = Path extends `${infer Head}.${infer Tail}`
  ? Head extends `${infer Literal}\\`
    ? LastPart<Tail, `${Before}${Literal}.`>
    : LastPart<Tail>
  : `${Before}${Path}`
