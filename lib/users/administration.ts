import type { Dependency } from '../dependency.js'
import { authError } from '../errors.js'
import { ConfigurationError } from '../configuration-error.js'
import { integer, lenient, requireOptions, text } from '../option-parsers.js'
import type { IdentityName, LinkRefusal, Store } from '../stores/store.js'
import { nameIdentity, PROVIDER, type MaybePromise, type UserData, type UserRecord } from '../user.js'
import type { UserCache } from './user-cache.js'
import { mergeData } from './to-user.js'

/** A user, as `auth.users` returns it. */
export interface UserAccount<Data = UserData> extends UserRecord {
  /** The data of all identities, merged; where two have the same field, the one linked later wins. */
  readonly data: Data
}

/** Names an identity: a webhook from the issuer, for example, contains the subject, not the user's id. */
export interface IdentityReference {
  /** As in `identities[].id`: the token's `sub`, or what `subjectClaim` names. */
  readonly subject: string
  /** As in `provider_id`: the issuer's name in the option `providers`. Leave it out for a provider without a name. */
  readonly provider?: string | undefined
  /** As in `provider_type`. Default: `custom-token`; imported users may have others. */
  readonly providerType?: string | undefined
}

/** The administration of users. Every change takes effect in this process on the next request. */
export interface Users<Data = UserData> {
  /** @throws {AuthError} STORE_UNAVAILABLE (as do all of these) */
  get(id: string): Promise<UserAccount<Data> | undefined>
  /** The user that tokens with this subject sign in, even while the subject is blocked. */
  find(identity: IdentityReference): Promise<UserAccount<Data> | undefined>
  /**
   * A page of users, by ascending id.
   * @param page `limit` from 1 to 1000, default 100; `after`: the `next` of the previous page
   * @returns `next` is present when there may be more
   */
  list(page?: {
    limit?: number | undefined
    after?: string | undefined
  }): Promise<{ users: UserAccount<Data>[]; next?: string }>
  /**
   * Refuses the user everywhere from now on, with all of its identities. Returns whether there is such a user: someone
   * who has not signed in yet cannot be disabled, but can be {@link block}ed.
   */
  disable(user: string | IdentityReference): Promise<boolean>
  /** Lets a disabled user in again. Returns whether there is such a user. */
  enable(user: string | IdentityReference): Promise<boolean>
  /**
   * Deletes the user, its identities and its sessions. Returns whether there was such a user. A token that is still
   * valid may create the account again: {@link block} its subject too if the person must not come back.
   */
  delete(user: string | IdentityReference): Promise<boolean>
  /**
   * Refuses everyone with this subject, whether a user has it or not: no user is created, tokens are refused with
   * IDENTITY_BLOCKED, and sessions that began with it do not work until {@link unblock}. Deleting the user does not
   * lift the block. The user's other identities still work: {@link disable} refuses them all.
   * @throws {ConfigurationError} when no provider has that name, since nobody would be kept out
   */
  block(identity: IdentityReference): Promise<void>
  /** Lets a subject in again. Returns whether it was blocked. */
  unblock(identity: IdentityReference): Promise<boolean>
  /** Whether a subject is blocked. */
  isBlocked(identity: IdentityReference): Promise<boolean>
  /**
   * Gives a user another identity: tokens with this subject sign in this user from now on. The creation hook is not
   * called. Returns the user. An identity that the user already has stays as it is, and a blocked one stays blocked.
   * @throws {AuthError} IDENTITY_TAKEN: another user has it, so unlink it there first, since it is never moved;
   *   USER_NOT_FOUND: there is no such user; IDENTITY_LIMIT: the user already has `maxIdentities`
   * @throws {ConfigurationError} when no provider has that name, since nobody could sign in with it
   */
  link(id: string, identity: IdentityReference): Promise<UserAccount<Data>>
  /**
   * Takes an identity from a user and ends the sessions that began with it. Returns whether the user had it.
   * @throws {AuthError} IDENTITY_LAST: nobody could sign in as this user anymore, so delete the user instead
   */
  unlink(id: string, identity: IdentityReference): Promise<boolean>
  /** Logs the user out on all devices. Returns how many sessions there were. */
  revokeSessions(id: string): Promise<number>
}

const PAGE_OPTIONS = {
  limit: integer({ default: 100, min: 1, max: 1000 }),
  after: lenient(undefined, text('Pass the next of the previous page, or leave it out for the first page')),
}
const IDENTITY_OPTIONS = {
  subject: text("Pass the subject: the token's sub, as text"),
  provider: lenient(undefined, text('Pass the provider_id of the identity, or leave it out if it has none')),
  providerType: lenient(PROVIDER, text('Pass the provider_type of the identity')),
}

/** @throws {ConfigurationError} for a subject or provider that is not a string, which would name somebody else */
function readIdentity(verb: string, given: IdentityReference): IdentityName {
  const { subject, provider, providerType } = requireOptions(`users.${verb}`, IDENTITY_OPTIONS, given)
  return { ...nameIdentity(subject, provider), provider_type: providerType }
}

export function createUsers(parts: {
  store: Store
  userCache: UserCache
  dependency: Dependency
  maxIdentities: number
  /** The names of all providers; undefined when they come from a function. */
  providerNames: readonly (string | undefined)[] | undefined
}): Users {
  const { store, userCache, dependency, maxIdentities, providerNames } = parts

  const ask = <T>(call: () => T | Promise<T>): MaybePromise<T> => dependency('STORE_UNAVAILABLE', call)

  /** Reads an identity that future tokens may have. */
  function readFuture(verb: string, given: IdentityReference): IdentityName {
    const name = readIdentity(verb, given)
    const { provider_id, provider_type } = name
    if (!providerNames || provider_type !== PROVIDER || providerNames.includes(provider_id)) return name
    const known = providerNames.map((known) => known ?? 'the one without a name').join(', ')
    throw new ConfigurationError([
      {
        option: `users.${verb}.provider`,
        problem: provider_id === undefined ? 'is not set' : 'is not the name of a provider',
        fix: `The providers are ${known}: ${providerNames.includes(undefined) ? 'leave provider out' : 'name one of them'}`,
      },
    ])
  }

  /** Changes a user, given by its id or by one of its identities. */
  async function withUser(
    verb: string,
    user: string | IdentityReference,
    call: (id: string) => MaybePromise<boolean>,
  ): Promise<boolean> {
    if (typeof user === 'string') return change(user, () => call(user))
    const name = readIdentity(verb, user)
    const found = await ask(() => store.findIdentity(name))
    const id = found.user?.id
    return id !== undefined && change(id, () => call(id))
  }

  async function setBlocked(name: IdentityName, blocked: boolean): Promise<boolean> {
    const changed = await ask(() => store.setIdentityBlocked(name, blocked))
    const { user } = await ask(() => store.findIdentity(name))
    // Even without a user: a request that is creating the user right now must not cache it.
    userCache.forget(user?.id ?? '')
    return changed
  }

  /** Forgets the user before and after, so that no request in between caches the old state. */
  async function change<T>(id: string, call: () => T | Promise<T>): Promise<T> {
    userCache.forget(id)
    try {
      return await ask(call)
    } finally {
      userCache.forget(id)
    }
  }

  return {
    async get(id) {
      const user = await ask(() => store.findUser(id))
      return user && toAccount(user)
    },
    async find(identity) {
      const name = readIdentity('find', identity)
      const { user } = await ask(() => store.findIdentity(name))
      return user && toAccount(user)
    },
    async list(page = {}) {
      const { limit, after } = requireOptions('users.list', PAGE_OPTIONS, page)
      const records = await ask(() => store.listUsers({ limit, after }))
      const last = records.length === limit ? records.at(-1) : undefined
      return { users: records.map(toAccount), ...(last && { next: last.id }) }
    },
    disable: (user) => withUser('disable', user, (id) => store.setUserDisabled(id, true)),
    enable: (user) => withUser('enable', user, (id) => store.setUserDisabled(id, false)),
    delete: (user) => withUser('delete', user, (id) => store.deleteUser(id)),
    async block(identity) {
      await setBlocked(readFuture('block', identity), true)
    },
    unblock: async (identity) => setBlocked(readIdentity('unblock', identity), false),
    async isBlocked(identity) {
      const name = readIdentity('isBlocked', identity)
      return (await ask(() => store.findIdentity(name))).blocked
    },
    async link(id, identity) {
      const name = readFuture('link', identity)
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

/** Gives a user an identity without a token. An existing one stays as it is. */
export function linkByHand(
  store: Store,
  userId: string,
  name: IdentityName,
  maxIdentities: number,
): MaybePromise<UserRecord | LinkRefusal> {
  // Older than any token, so that the data of an existing identity is kept.
  const terms = { maxIdentities, issuedAt: -1 }
  return store.linkIdentity(userId, { ...name, data: {} }, terms)
}

function toAccount(user: UserRecord): UserAccount {
  return { ...user, data: mergeData(user.identities) }
}
