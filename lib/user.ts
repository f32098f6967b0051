/** What `JSON.parse` can return. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** A user's metadata: the mapped claims, by field name. */
export type UserData = Readonly<Record<string, JsonValue>>

/** Application data kept outside this package, keyed by the user's id. */
export type CustomData = Readonly<Record<string, unknown>>

/** `normal` for anyone who signed in; `server` and `system` only for users imported from the original service. */
export type UserType = 'normal' | 'server' | 'system'

/** One way for a user to sign in: (provider type, provider name, subject). */
export interface Identity {
  /** The user's unique id at the issuer: the token's `sub` claim. */
  readonly id: string
  /** `custom-token` for an issuer's token; imported users may have others. */
  readonly provider_type: string
  /** The name that the option `providers` gives the issuer; absent for a guard's only, unnamed provider. */
  readonly provider_id?: string
  /** The metadata fields, as mapped from the claims of this identity's newest token. */
  readonly data: UserData
}

/** The user as it appears in `req.user` and `GET /auth/profile`. Deeply frozen. */
export interface User<Data = UserData> {
  /** 24 lowercase hex characters. */
  readonly id: string
  /** `normal` for everyone who signed in. */
  readonly type: UserType
  /** The data of all identities, merged; where two have the same field, the one linked later wins. */
  readonly data: Data
  /** What the `customData` option returned for this user, otherwise empty. */
  readonly custom_data: CustomData
  /** The ways for the user to sign in. */
  readonly identities: readonly Identity[]
}

/** The user as a store keeps it. */
export interface UserRecord {
  /** 24 lowercase hex characters. */
  readonly id: string
  /** `normal` for everyone who signed in. */
  readonly type: UserType
  /** The ways for the user to sign in; those after the first were linked. */
  readonly identities: readonly Identity[]
  /** Epoch seconds. */
  readonly creation_date: number
  /** Epoch seconds. */
  readonly last_authentication_date: number
  /** Whether the user is refused everywhere. */
  readonly disabled: boolean
}

/** A value, or a promise of one: what is in memory is answered without a promise, so that nothing is awaited. */
export type MaybePromise<T> = T | Promise<T>

/** The provider's type on the wire and in every identity that this package makes. */
export const PROVIDER = 'custom-token'

/**
 * What distinguishes the identity of an issuer's token from all others.
 * @param provider the name that the option `providers` gives the issuer; undefined for the one that has no name
 */
export function nameIdentity(subject: string, provider: string | undefined): Omit<Identity, 'data'> {
  const type = { id: subject, provider_type: PROVIDER }
  return provider === undefined ? type : { ...type, provider_id: provider }
}

/**
 * The identity of an issuer's token, frozen. Written out, not spread: V8 gives each frozen copy of an unfrozen object
 * its own shape, which took 1.6 µs and made every later use slow.
 */
export function issuerIdentity(id: string, provider: string | undefined, data: UserData): Identity {
  const provider_type = PROVIDER
  return Object.freeze(
    provider === undefined ? { id, provider_type, data } : { id, provider_type, provider_id: provider, data },
  )
}
