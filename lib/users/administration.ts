import type { Dependency } from '../dependency.js'
import { authError } from '../errors.js'
import { asGiven, integer, requireOptions } from '../option-parsers.js'
import type { Store } from '../stores/store.js'
import { PROVIDER, type UserData, type UserRecord } from '../user.js'
import type { UserCache } from './user-cache.js'
import { mergeData } from './to-user.js'

/** A user as the app's own administration sees it. */
export interface UserAccount<Data = UserData> extends UserRecord {
  readonly data: Data
}

/** The administration of users. Every change takes effect in this process on the next request. */
export interface Users<Data = UserData> {
  /** @throws {AuthError} STORE_UNAVAILABLE (as all of these) */
  get(id: string): Promise<UserAccount<Data> | undefined>
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
   * Takes an identity from a user and ends the sessions that began with it. Returns whether the user had it.
   * @param identity `subject`, as in `identities[].id`; `provider`, as in `provider_type`, by default `custom-token`
   * @throws {AuthError} IDENTITY_LAST: nobody could sign in as this user any more, so delete it instead
   */
  unlink(id: string, identity: { subject: string; provider?: string }): Promise<boolean>
  /** Logs the user out on all devices. Returns how many sessions there were. */
  revokeSessions(id: string): Promise<number>
}

const PAGE_OPTIONS = { limit: integer({ default: 100, min: 1, max: 1000 }), after: asGiven }

export function createUsers(parts: { store: Store; userCache: UserCache; dependency: Dependency }): Users {
  const { store, userCache, dependency } = parts

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
    async unlink(id, { subject, provider = PROVIDER }) {
      const name = { id: subject, provider_type: provider }
      const outcome = await change(id, () => store.unlinkIdentity(id, name))
      if (outcome === 'last') throw authError('IDENTITY_LAST')
      return outcome === 'unlinked'
    },
    revokeSessions: (id) => change(id, () => store.revokeSessions(id)),
  }
}

function toAccount(user: UserRecord): UserAccount {
  return { ...user, data: mergeData(user.identities) }
}
