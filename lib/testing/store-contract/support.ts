import assert from 'node:assert/strict'
import type { SessionRecord, SessionRequest, Store } from '../../stores/store.js'
import type { Identity, UserData, UserRecord } from '../../user.js'

/** What the contract needs of a test runner. */
export interface TestRunner {
  /** Declares a group of tests. */
  readonly describe: (title: string, body: () => void) => unknown
  /** Declares a test. */
  readonly it: (title: string, body: () => Promise<void>) => unknown
}

/** Declares a test that gets an empty store. */
export type StoreTest = (title: string, body: (store: Store) => Promise<void>) => void

/** The year 2100: later than any clock that a store might look at by itself, and more than 32 bits hold. */
export const NOW = 4_102_444_800

/** A user's or session's id, from a number. */
export function objectId(number: number): string {
  return number.toString(16).padStart(24, '0')
}

export function identity(subject: string, data: UserData = {}, provider = 'custom-token'): Identity {
  return { id: subject, provider_type: provider, data }
}

/** An identity of a provider that has a name. */
export function named(provider_id: string, subject: string, data: UserData = {}): Identity {
  return { id: subject, provider_type: 'custom-token', provider_id, data }
}

export function session(id: number, userId: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return {
    id: objectId(id),
    userId,
    deviceId: objectId(0xdece),
    createdAt: NOW,
    expiresAt: NOW + 3600,
    generation: 0,
    rotatedAt: 0,
    ...more,
  }
}

/** Makes a user, and fails when it was there already. */
export async function createUser(
  store: Store,
  id: number,
  owned: Identity = identity(`subject ${id}`),
): Promise<UserRecord> {
  const result = await store.signIn({ identity: owned, now: NOW, newUserId: () => objectId(id) })
  assert.ok(result, 'signIn with newUserId answers with a user')
  assert.equal(result.created, true)
  return result.user
}

export function idsOf(records: readonly { readonly id: string }[]): string[] {
  return records.map(({ id }) => id)
}

/** The user whom an identity signs in, when there is one. Makes none. */
export async function ownerOf(store: Store, owned: Identity): Promise<string | undefined> {
  return (await store.signIn({ identity: owned, now: NOW }))?.user.id
}

/** Links an identity, of so many that a test does not meet the bound by chance. */
export function link(store: Store, userId: string, owned: Identity, maxIdentities = 1000, issuedAt = NOW) {
  return store.linkIdentity(userId, owned, { issuedAt, maxIdentities })
}

/** Begins a session, by default with the identity that {@link createUser} gives a user. */
export function begin(store: Store, record: SessionRecord, more: Partial<SessionRequest> = {}) {
  const owned = identity(`subject ${Number.parseInt(record.userId, 16)}`)
  return store.createSession({ session: record, identity: owned, maxPerUser: 1000, ...more })
}

/** Begins a session with what the user signs in with, and fails when the store did not keep it. */
export async function createSession(
  store: Store,
  record: SessionRecord,
  more: Partial<SessionRequest> = {},
): Promise<SessionRecord> {
  const [first] = (await store.findUser(record.userId))?.identities ?? []
  assert.equal(await begin(store, record, { ...(first && { identity: first }), ...more }), true)
  return record
}

/** Removes all that expired, a few at a time. */
export async function sweep(store: Store, now: number, limit = 100): Promise<void> {
  while (await store.removeExpiredSessions({ now, limit }));
}

/** Starts so many calls at once, and waits for all of them. */
export function atOnce<T>(count: number, call: (index: number) => Promise<T> | T): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => call(index)))
}
