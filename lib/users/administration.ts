import type { Dependency } from '../dependency.js'
import { authError } from '../errors.js'
import { asGiven, integer, lenient, requireOptions, text } from '../option-parsers.js'
import { hasIdentity } from '../stores/identities.js'
import type { IdentityName, LinkRefusal, Store } from '../stores/store.js'
import { nameIdentity, PROVIDER, type UserData, type UserRecord } from '../user.js'
import type { UserCache } from './user-cache.js'
import { mergeData } from './to-user.js'

/** A user as the app's own administration sees it. */
export interface UserAccount<Data = UserData> extends UserRecord {
  readonly data: Data
}

/** An identity as an app names it: a webhook of the issuer brings the subject, not the id of the user. */
export interface IdentityReference {
  /** As in `identities[].id`: the token's `sub`, or what `subjectClaim` names. */
  readonly subject: string
  /** As in `provider_id`: the name of the issuer in the option `providers`. Left out for the one provider that has no name. */
  readonly provider?: string
  /** As in `provider_type`. Default: `custom-token`; users who were imported may have others. */
  readonly providerType?: string
}

/** The administration of users. Every change takes effect in this process on the next request. */
export interface Users<Data = UserData> {
  /** @throws {AuthError} STORE_UNAVAILABLE (as all of these) */
  get(id: string): Promise<UserAccount<Data> | undefined>
  /** The user whom tokens with this subject sign in. */
  find(identity: IdentityReference): Promise<UserAccount<Data> | undefined>
  /**
   * A page of users, by ascending id.
   * @param page `limit` from 1 to 1000, default 100; `after`: the `next` of the page before
   * @returns `next` is there when there may be more
   */
  list(page?: { limit?: number; after?: string }): Promise<{ users: UserAccount<Data>[]; next?: string }>
  /** Refuses the user on every path from now on. Returns whether there is such a user. */
  disable(id: string): Promise<boolean>
  /** Lets a disabled user in again. Returns whether there is such a user. */
  enable(id: string): Promise<boolean>
  /** Deletes the user, its identities and its sessions. Returns whether there was such a user. */
  delete(id: string): Promise<boolean>
  /**
   * Gives a user one more identity: tokens with this subject sign in this user from now on. The creation hook is not
   * asked. Returns the user; an identity that the user has already stays as it is.
   * @throws {AuthError} IDENTITY_TAKEN: another user has it, and it is never moved: unlink it there first;
   *   USER_NOT_FOUND: there is no such user; IDENTITY_LIMIT: the user has `maxIdentities` already
   */
  link(id: string, identity: IdentityReference): Promise<UserAccount<Data>>
  /**
   * Takes an identity from a user and ends the sessions that began with it. Returns whether the user had it.
   * @throws {AuthError} IDENTITY_LAST: nobody could sign in as this user any more, so delete it instead
   */
  unlink(id: string, identity: IdentityReference): Promise<boolean>
  /** Logs the user out on all devices. Returns how many sessions there were. */
  revokeSessions(id: string): Promise<number>
}

const PAGE_OPTIONS = { limit: integer({ default: 100, min: 1, max: 1000 }), after: asGiven }
const IDENTITY_OPTIONS = {
  subject: text("Pass the subject: the token's sub, as text"),
  provider: lenient(
    undefined,
    text('Pass the provider_id of the identity, or leave it out when it has none'),
  ),
  providerType: lenient(PROVIDER, text('Pass the provider_type of the identity')),
}

/** @throws {ConfigurationError} for a subject or provider that is not a text: it would be another person's or nobody's */
function readIdentity(verb: string, given: IdentityReference): IdentityName {
  const { subject, provider, providerType } = requireOptions(`users.${verb}`, IDENTITY_OPTIONS, given)
  return { ...nameIdentity(subject, provider), provider_type: providerType }
}

export function createUsers(parts: {
  store: Store
  userCache: UserCache
  dependency: Dependency
  maxIdentities: number
}): Users {
  const { store, userCache, dependency, maxIdentities } = parts

  /** Forgets the user before and after, so that no request in between brings the old state back. */
  async function change<T>(id: string, call: () => T | Promise<T>): Promise<T> {
    userCache.forget(id)
    try {
      return await dependency('STORE_UNAVAILABLE', call)
    } finally {
      userCache.forget(id)
    }
  }

  return {
    async get(id) {
      const user = await dependency('STORE_UNAVAILABLE', () => store.findUser(id))
      return user && toAccount(user)
    },
    async find(identity) {
      const name = readIdentity('find', identity)
      const user = await dependency('STORE_UNAVAILABLE', () => store.findIdentity(name))
      return user && toAccount(user)
    },
    async list(page = {}) {
      const { limit } = requireOptions('users.list', PAGE_OPTIONS, page)
      const after = page.after === undefined ? {} : { after: page.after }
      const records = await dependency('STORE_UNAVAILABLE', () => store.listUsers({ limit, ...after }))
      const last = records.length === limit ? records.at(-1) : undefined
      return { users: records.map(toAccount), ...(last && { next: last.id }) }
    },
    disable: (id) => change(id, () => store.setUserDisabled(id, true)),
    enable: (id) => change(id, () => store.setUserDisabled(id, false)),
    delete: (id) => change(id, () => store.deleteUser(id)),
    async link(id, identity) {
      const name = readIdentity('link', identity)
      const outcome = await change(id, () => linkByHand(store, id, name, maxIdentities))
      if (outcome === 'taken') throw authError('IDENTITY_TAKEN')
      if (outcome === 'full') throw authError('IDENTITY_LIMIT')
      if (outcome === 'missing') throw authError('USER_NOT_FOUND')
      return toAccount(outcome)
    },
    async unlink(id, identity) {
      const name = readIdentity('unlink', identity)
      const outcome = await change(id, () => store.unlinkIdentity(id, name))
      if (outcome === 'last') throw authError('IDENTITY_LAST')
      return outcome === 'unlinked'
    },
    revokeSessions: (id) => change(id, () => store.revokeSessions(id)),
  }
}

/** Gives a user an identity without a token. One that is there stays as it is. */
export async function linkByHand(
  store: Store,
  userId: string,
  name: IdentityName,
  maxIdentities: number,
): Promise<UserRecord | LinkRefusal> {
  const user = await store.findUser(userId)
  if (!user || hasIdentity(user, name)) return user ?? 'missing'
  // Older than any token, so that it takes no data from an identity that comes meanwhile.
  const terms = { maxIdentities, issuedAt: 0 }
  return store.linkIdentity(userId, { ...name, data: {} }, terms)
}

function toAccount(user: UserRecord): UserAccount {
  return { ...user, data: mergeData(user.identities) }
}
