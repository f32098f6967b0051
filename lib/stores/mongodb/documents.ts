import { randomBytes } from 'node:crypto'
import type { Identity, JsonValue, UserData, UserRecord, UserType } from '../../user.js'
import { identityDigest, withIdentity } from '../identities.js'
import type { ObjectIdClass, ObjectIdValue } from './driver.js'
import type { IdentityName, SessionRecord } from '../store.js'

export type DocumentId = string | ObjectIdValue

/** A user as the collection holds it. */
export interface UserDocument {
  readonly _id: DocumentId
  readonly type: UserType
  /** Absent when there are none: the unique index would take two empty lists for equal. */
  readonly identities?: readonly IdentityDocument[]
  readonly creation_date: Date | number
  readonly last_authentication_date: Date | number
  readonly disabled?: boolean
  /** Random. A session counts only while its `user_epoch` is its user's: so one write ends all sessions at once. */
  readonly session_epoch?: string
}

/** What tells one identity from all others. */
export interface StoredName {
  readonly id: string
  readonly provider_type: string
  /** Our `provider_id`. In what `mongoimport` made of the original service's export, that is the id of a configuration. */
  readonly provider_name?: string
}

export interface IdentityDocument extends StoredName {
  /** Random. A session counts only while the user has its identity with this epoch; absent in what others wrote. */
  readonly epoch?: string
  /** Epoch seconds: when the token that brought `data` was issued. Absent in what others wrote, which is older than any. */
  readonly issued_at?: number
  /** See {@link toDataField}. Absent in what `mongoimport` made of the original service's export. */
  readonly data?: UserData | string
}

/** An identity that is blocked. Its `_id` is the {@link identityDigest}; the name is for people. */
export interface BlockDocument extends StoredName {
  readonly _id: string
}

/** A session as the collection holds it. */
export interface SessionDocument {
  readonly _id: string
  readonly user_id: DocumentId
  readonly user_epoch: string | null
  readonly identity: SessionIdentity
  /** Greater than those of the user's earlier sessions. */
  readonly order: number
  readonly device_id: string
  readonly created_at: Date
  readonly expires_at: Date
  readonly generation: number
  /** Absent until the first rotation. */
  readonly rotated_at?: Date
}

/** What a session began with: this identity, linked at this time. */
export interface SessionIdentity extends StoredName {
  /** The `_id` that a block of it has. */
  readonly digest: string
  readonly epoch: string | null
}

/** Between a user's id, which is text, and its `_id`. */
export interface IdCodec {
  encode(id: string): DocumentId
  decode(id: DocumentId): string
}

export function idCodec(ObjectId: ObjectIdClass | undefined): IdCodec {
  return {
    // What is not an ObjectId as text stays text, and so matches no user.
    encode: (id) => (ObjectId && /^[0-9a-f]{24}$/.test(id) ? new ObjectId(id) : id),
    decode: (id) => (typeof id === 'string' ? id : id.toHexString()),
  }
}

/** Random, so that no user has the epoch of an earlier one with the same id. */
export function newEpoch(): string {
  return randomBytes(12).toString('hex')
}

/** Null for a user that was not made by this store: it gets an epoch when its sessions are revoked. */
export function epochOf({ session_epoch }: UserDocument): string | null {
  return session_epoch ?? null
}

/** @throws when the text cannot be held, so that no two subjects become one */
export function toStoredName({ id, provider_type, provider_id }: IdentityName): StoredName {
  const name = { id, provider_type, ...(provider_id !== undefined && { provider_name: provider_id }) }
  if (Object.values(name).every((part) => part.isWellFormed())) return name
  throw new TypeError('MongoDB holds UTF-8, which has no lone surrogates: such an identity cannot be kept')
}

/** What the unique index is on. Null stands for an absent name, in filters as in the index. */
export function keyOf({ provider_type, provider_name = null, id }: Nullable<StoredName>) {
  return { provider_type, provider_name, id }
}

type Nullable<Name> = { readonly [Key in keyof Name]: Name[Key] | null }

export function isSameName(a: StoredName, b: StoredName): boolean {
  return a.id === b.id && a.provider_type === b.provider_type && a.provider_name === b.provider_name
}

/**
 * Matches the user who has the identity.
 * @param more what the identity has to be besides
 */
export function owns(name: StoredName, more: object = {}) {
  return { identities: { $elemMatch: { ...keyOf(name), ...more } } }
}

/** The identity of that name which the user has, as its sessions refer to it. */
export function sessionIdentity(
  { identities = [] }: UserDocument,
  name: StoredName,
): SessionIdentity | undefined {
  const own = identities.find((identity) => isSameName(identity, name))
  if (!own) return undefined
  const { id, provider_type, provider_name, epoch = null } = own
  const named = { id, provider_type, ...(provider_name !== undefined && { provider_name }) }
  return { ...named, digest: identityDigest(toIdentity(own)), epoch }
}

/** Matches the document of that `_id` alone: an app's mistake for an id, such as an object, is never taken for an operator. */
export function withId(_id: DocumentId) {
  return { _id: { $eq: _id } }
}

export function toDate(seconds: number): Date {
  return new Date(Math.round(seconds * 1000))
}

/** Epoch seconds; exports of the original service have them as plain numbers. */
export function toSeconds(date: Date | number): number {
  return typeof date === 'number' ? date : date.getTime() / 1000
}

/** @param issuedAt see {@link SignInRequest.issuedAt} */
export function toUserDocument(
  _id: DocumentId,
  user: UserRecord,
  session_epoch: string,
  issuedAt: number,
): UserDocument {
  // The unique index keeps an identity from two users, not from coming twice in one.
  const identities = user.identities.reduce<readonly Identity[]>(withIdentity, [])
  return {
    _id,
    type: user.type,
    ...(identities.length > 0 && {
      identities: identities.map((identity) => toLinkedDocument(identity, issuedAt)),
    }),
    creation_date: toDate(user.creation_date),
    last_authentication_date: toDate(user.last_authentication_date),
    disabled: user.disabled,
    session_epoch,
  }
}

export function toUserRecord(id: string, user: UserDocument): UserRecord {
  return {
    id,
    type: user.type,
    identities: (user.identities ?? []).map(toIdentity),
    creation_date: toSeconds(user.creation_date),
    last_authentication_date: toSeconds(user.last_authentication_date),
    disabled: user.disabled === true,
  }
}

/** @throws when the text cannot be held */
export function toIdentityDocument(identity: Identity, issued_at: number) {
  const data = toDataField(identity.data)
  return { ...toStoredName(identity), issued_at, data } satisfies IdentityDocument
}

/** An identity as it is added to a user. */
export function toLinkedDocument(identity: Identity, issuedAt: number) {
  return { ...toIdentityDocument(identity, issuedAt), epoch: newEpoch() } satisfies IdentityDocument
}

function toIdentity({ id, provider_type, provider_name, data = {} }: IdentityDocument): Identity {
  return {
    id,
    provider_type,
    ...(provider_name !== undefined && { provider_id: provider_name }),
    data: typeof data === 'string' ? (JSON.parse(data) as UserData) : data,
  }
}

/**
 * Metadata as a document, so that people can read and query it; or as JSON text, when some field name or text in it
 * would not come back as it was. Names are the issuer's: `$…`, dots and empty names are operators and paths to many
 * commands and refused by old servers, `$ref` comes back as a DBRef, `_bsontype` and `__proto__` change how drivers
 * read and write, NUL cannot be in a name, and lone surrogates cannot be in UTF-8.
 */
export function toDataField(data: UserData): UserData | string {
  return isFaithful(data, 0) ? data : JSON.stringify(data)
}

/** Servers refuse what is nested deeper than 100 levels. */
const MAX_DEPTH = 80

function isFaithful(value: JsonValue, depth: number): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (depth > MAX_DEPTH) return false
  return Object.entries(value as UserData).every(
    ([name, field]) => isFaithfulName(name) && isFaithful(field, depth + 1),
  )
}

function isFaithfulName(name: string): boolean {
  return !/^$|^\$|[.\0]|^_bsontype$|^__proto__$/.test(name) && name.isWellFormed()
}

export function toSessionDocument(
  session: SessionRecord,
  user: Pick<SessionDocument, 'user_id' | 'user_epoch' | 'identity' | 'order'>,
): SessionDocument {
  return {
    _id: session.id,
    ...user,
    device_id: session.deviceId,
    created_at: toDate(session.createdAt),
    expires_at: toDate(session.expiresAt),
    generation: session.generation,
    ...(session.rotatedAt > 0 && { rotated_at: toDate(session.rotatedAt) }),
  }
}

export function toSessionRecord(userId: string, session: SessionDocument): SessionRecord {
  return {
    id: session._id,
    userId,
    deviceId: session.device_id,
    createdAt: toSeconds(session.created_at),
    expiresAt: toSeconds(session.expires_at),
    generation: session.generation,
    rotatedAt: toSeconds(session.rotated_at ?? 0),
  }
}
