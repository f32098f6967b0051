import type { Identity, MaybePromise, UserRecord } from '../user.js'

/** A session: a user on a device. A stored session is not enough to make its tokens. */
export interface SessionRecord {
  /** 24 lowercase hex characters. */
  readonly id: string
  /** The `id` of its user. */
  readonly userId: string
  /** The id of the device that it began on, by which a client recognizes it. */
  readonly deviceId: string
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds; from then on the session is invalid, even if its record still exists. */
  readonly expiresAt: number
  /** The number of the newest refresh token: 0 for the first, one more with each rotation. */
  readonly generation: number
  /** Epoch seconds of the last rotation. */
  readonly rotatedAt: number
}

/** What distinguishes one identity from all others. Without `provider_id`, it belongs to a provider without a name. */
export type IdentityName = Pick<Identity, 'id' | 'provider_type' | 'provider_id'>

/** What {@link Store.findIdentity} returns. */
export interface FoundIdentity {
  /** The user that has the identity. */
  readonly user: UserRecord | undefined
  /** See {@link Store.setIdentityBlocked}. */
  readonly blocked: boolean
}

/** What {@link Store.createSession} takes. */
export interface SessionRequest {
  /** The session to keep. */
  readonly session: SessionRecord
  /** The identity that the user signed in with: the session is valid only while the user has it. */
  readonly identity: IdentityName
  /** How many sessions the user may have, including this one. */
  readonly maxPerUser: number
}

/** What {@link Store.linkIdentity} takes besides user and identity. */
export interface LinkTerms {
  /** As in {@link SignInRequest}; -1 for an identity without a token: older than any, it replaces no data. */
  readonly issuedAt: number
  /** How many identities the user may have. */
  readonly maxIdentities: number
}

/** What {@link Store.signIn} takes. */
export interface SignInRequest {
  /** Its name finds the user; `data` replaces the identity's data, unless that came with a newer token. */
  readonly identity: Identity
  /**
   * When the token was issued, in epoch seconds, possibly with a fraction; by default `now`. The store keeps it with
   * the identity: an older token's data never replaces a newer one's.
   */
  readonly issuedAt?: number
  /** Whole epoch seconds: the user's new `last_authentication_date`. */
  readonly now: number
  /** Makes the id for a new user: call it only when needed. Absent when this call must not create a user. */
  readonly newUserId?: () => string
}

/**
 * What happened to a refresh token: `rotated` by this call; `current` by another call a moment ago, within the overlap;
 * `reused`, so that the session is now deleted; `missing` when there is no such session.
 */
export type Rotation =
  | { readonly outcome: 'rotated'; readonly generation: number }
  | { readonly outcome: 'current'; readonly generation: number }
  | { readonly outcome: 'reused' }
  | { readonly outcome: 'missing' }

/**
 * What became of a user to import: `added`; `known`, when there is a user with its id; `taken`, when another user has
 * one of its identities.
 */
export type ImportOutcome = 'added' | 'known' | 'taken'

/** Why an identity was not linked: another user has it, the user has too many, or the user does not exist. */
export type LinkRefusal = 'taken' | 'full' | 'missing'
/** What became of an identity: it was unlinked; it was the last, which stays; or the user does not have it. */
export type UnlinkOutcome = 'unlinked' | 'last' | 'missing'

/** The `code` of the error that {@link Store.signIn} throws when another user has the id for a new user. */
export const USER_ID_TAKEN = 'USER_ID_TAKEN'

export function userIdTaken(id: string): Error {
  const error = new Error(`the id ${id} for a new user belongs to another user`)
  return Object.assign(error, { code: USER_ID_TAKEN })
}

/** The `code` of the error that {@link Store.signIn} throws when the identity is blocked. */
export const IDENTITY_BLOCKED = 'IDENTITY_BLOCKED'

export function identityBlocked(): Error {
  return Object.assign(new Error('the identity is blocked'), { code: IDENTITY_BLOCKED })
}

/**
 * Keeps users and sessions. Every verb is **atomic**: of any number of simultaneous calls, in any number of processes
 * on the same data, the outcome is as if they had come one after the other. A verb may answer at once or with a
 * promise. It throws only when the store itself fails, which becomes a 503, and where documented.
 */
export interface Store {
  /**
   * Finds the user with this identity and refreshes its data and dates, or creates the user, in one step. With several
   * tokens, the newest one's data is kept and returned, in whatever order they come. A disabled user is returned as it
   * is, not refreshed. Undefined when there is no user and `newUserId` is absent.
   * @throws an error whose `code` is `IDENTITY_BLOCKED` when the identity is blocked, whether or not a user has it, or
   *   `USER_ID_TAKEN` when another user already has the id that `newUserId` makes. Then nothing is changed.
   */
  signIn(request: SignInRequest): MaybePromise<{ user: UserRecord; created: boolean } | undefined>

  /** The user with this id. */
  findUser(id: string): MaybePromise<UserRecord | undefined>

  /** The user with this identity, and whether the identity is blocked. Changes nothing. */
  findIdentity(identity: IdentityName): MaybePromise<FoundIdentity>

  /**
   * Blocks or unblocks an identity, whether or not a user has it, now or later. While it is blocked, {@link signIn}
   * throws, {@link createSession} keeps nothing, and {@link findSession} finds none of the sessions that began with it;
   * everything else works as before. Returns whether anything changed.
   */
  setIdentityBlocked(identity: IdentityName, blocked: boolean): MaybePromise<boolean>

  /** Users by ascending id, beginning after the given one, or with the first when `after` is undefined. */
  listUsers(page: { limit: number; after?: string | undefined }): MaybePromise<readonly UserRecord[]>

  /** Returns whether there is such a user. */
  setUserDisabled(id: string, disabled: boolean): MaybePromise<boolean>

  /** Deletes a user with its identities and sessions. Returns whether there was one. */
  deleteUser(id: string): MaybePromise<boolean>

  /**
   * Gives a user another identity, or refreshes the data of one that it already has, as {@link signIn} does. Returns
   * the user, `taken` when another user has the identity, `full` when the user has `maxIdentities` others or more,
   * `missing` when there is no such user.
   */
  linkIdentity(userId: string, identity: Identity, terms: LinkTerms): MaybePromise<UserRecord | LinkRefusal>

  /**
   * Takes an identity from a user and ends the sessions that began with it, including any that are just beginning.
   * `last`: the user's last identity stays, because nobody could sign in as that user anymore. `missing`: there is no
   * such user, or it does not have the identity.
   */
  unlinkIdentity(userId: string, identity: IdentityName): MaybePromise<UnlinkOutcome>

  /**
   * Adds users as they are, each completely or not at all, and leaves existing users untouched. Their data counts as
   * issued at their `last_authentication_date`. Returns what became of each, in order. If it throws, send the batch
   * again.
   */
  importUsers(users: readonly UserRecord[]): MaybePromise<readonly ImportOutcome[]>

  /**
   * Returns false, and keeps nothing, when there is no such user, when it does not have the identity, or when the
   * identity is blocked. If the user then has more than `maxPerUser` sessions, the oldest ones end, but never this one.
   */
  createSession(request: SessionRequest): MaybePromise<boolean>

  /** The session with its user, in one round trip, unless its identity is blocked. The caller checks `expiresAt`. */
  findSession(id: string): MaybePromise<{ session: SessionRecord; user: UserRecord } | undefined>

  /**
   * Compare and set: when `generation` is the session's, that goes up by one. When it is the previous one and the last
   * rotation was at most `overlapSeconds` ago, nothing changes. Any other value deletes the session.
   */
  rotateSession(request: {
    id: string
    generation: number
    now: number
    overlapSeconds: number
  }): MaybePromise<Rotation>

  /** Returns whether there was one. */
  revokeSession(id: string): MaybePromise<boolean>

  /** Revokes all sessions of a user. Returns how many. */
  revokeSessions(userId: string): MaybePromise<number>

  /**
   * Removes sessions whose `expiresAt` is not after `now`, at most `limit` of them, so that no call takes long. Returns
   * whether there may be more: then it is called again. Only cleanup: expired sessions are refused anyway.
   */
  removeExpiredSessions(request: { readonly now: number; readonly limit: number }): MaybePromise<boolean>

  /** Optional: prepares the store; `auth.ready()` awaits it. */
  ready?(): MaybePromise<void>

  /** Optional: releases what the store itself opened; `auth.close()` awaits it. */
  close?(): MaybePromise<void>
}

/** The record of a new user, as every store keeps it and the creation hook sees it. */
export function newUserRecord(id: string, { identity, now }: SignInRequest): UserRecord {
  return {
    id,
    type: 'normal',
    identities: [identity],
    creation_date: now,
    last_authentication_date: now,
    disabled: false,
  }
}

/** What every store can do; `ready` and `close` are optional. */
export const STORE_VERBS: { readonly [Verb in Exclude<keyof Store, 'ready' | 'close'>]: true } = {
  signIn: true,
  findUser: true,
  findIdentity: true,
  setIdentityBlocked: true,
  listUsers: true,
  setUserDisabled: true,
  deleteUser: true,
  linkIdentity: true,
  unlinkIdentity: true,
  importUsers: true,
  createSession: true,
  findSession: true,
  rotateSession: true,
  revokeSession: true,
  revokeSessions: true,
  removeExpiredSessions: true,
}
