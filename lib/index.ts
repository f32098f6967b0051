import './http/augment.js'

export { customJwtAuth, type CustomJwtAuth, type UserOf } from './custom-jwt-auth.js'
export { ConfigurationError, type ConfigurationProblem } from './configuration-error.js'
export { isAuthError, type AuthError, type ErrorCode, type ErrorDetail } from './errors.js'
export type { CredentialKind, Logger } from './events.js'
export type { Authenticated } from './http/authenticate.js'
export type { CredentialSource, WebHeaders } from './http/credential-source.js'
export type { CredentialRequest, FoundCredentials } from './http/found-credentials.js'
export { errorHandler } from './http/error-response.js'
export { requireClaims, requireScopes, requireUser, type WantedClaim } from './http/guards.js'
export type { Middleware } from './http/middleware.js'
export type { ResourceMetadataOptions } from './http/resource-metadata.js'
export type { RequestAuth } from './http/request-auth.js'
export { issuers } from './presets/index.js'
export type { JwksOptions } from './keys/jwks/jwks-options.js'
export type { Algorithm } from './keys/key-source.js'
export type {
  BoundKey,
  DescribedKey,
  Jwk,
  KeyEncoding,
  KeyMaterial,
  SigningKey,
} from './keys/signing-keys.js'
export {
  fromProvidersJson,
  type CarriedOver,
  type FromProvidersJsonOptions,
} from './migrate/providers-json.js'
export type { NotCarriedOver } from './migrate/report.js'
export type { CacheOptions, CustomJwtAuthOptions, NamedProviders } from './options.js'
export type { FindProvider, FoundProviderOptions, ProviderOptions } from './providers/provider-options.js'
export type { SessionOptions } from './sessions/session-options.js'
export { memoryStore } from './stores/memory.js'
export type { MemoryStoreOptions } from './stores/memory-options.js'
export type {
  FoundIdentity,
  IdentityName,
  ImportOutcome,
  LinkRefusal,
  LinkTerms,
  Rotation,
  SessionRecord,
  SessionRequest,
  SignInRequest,
  Store,
  UnlinkOutcome,
} from './stores/store.js'
export type { Claims } from './jws/compact.js'
export type { ExplainedAnswer, ExplainedCheck, ExplainOptions, Explanation } from './token/explain.js'
export type {
  CustomData,
  Identity,
  JsonValue,
  MaybePromise,
  User,
  UserData,
  UserRecord,
  UserType,
} from './user.js'
export type { CustomDataLoader } from './users/user-cache.js'
export type { MetadataField, MetadataType } from './token/metadata-options.js'
export type { ClaimValue } from './token/token-options.js'
export type { UserCreationContext, UserCreationHook } from './users/sign-in.js'
export type { GenerateUserId } from './users/user-id.js'
export type { IdentityReference, UserAccount, Users } from './users/administration.js'
