import { authError, type AuthError } from '../errors.js'
import { requireOptions } from '../option-parsers.js'
import type { Identity, UserRecord } from '../user.js'
import { identityKey, withIdentity } from './identities.js'
import { MEMORY_STORE_OPTIONS, type MemoryStoreOptions } from './memory-options.js'
import { MemorySessions } from './memory-sessions.js'
import { identityBlocked, newUserRecord, userIdTaken, type SignInRequest, type Store } from './store.js'

/** The bounds of stores that no guard has warned about yet. */
const untold = new WeakMap<Store, Required<MemoryStoreOptions>>()

/** The bounds of an in-memory store; undefined for other stores, and on later calls. */
export function takeMemoryBounds(store: Store): Required<MemoryStoreOptions> | undefined {
  const bounds = untold.get(store)
  untold.delete(store)
  return bounds
}

/** Holds a user, under its id and under each of its identities. */
interface Account {
  user: UserRecord
  /** Whether an identity was unlinked: its id may be the one that the next user of that identity would get. */
  hasLostIdentity?: true
}

/** Who has an identity, and when the token that its data came with was issued. */
interface Owner {
  readonly account: Account
  issuedAt: number
}

/**
 * Keeps users and sessions in this process: they are lost when it ends, and no other process sees them. To make room,
 * the users without sessions who signed in longest ago are forgotten, including linked and imported data; but never one
 * who is disabled, is blocked or has lost an identity, since that would let them in again. For development, tests and
 * apps that keep their users elsewhere.
 * @throws {ConfigurationError} when a bound is not a whole number
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { maxUsers, maxSessions } = requireOptions('memoryStore', MEMORY_STORE_OPTIONS, options)
  /** By user id. */
  const accounts = new Map<string, Account>()
  /** By identity key. */
  const owners = new Map<string, Owner>()
  /** Identity keys. */
  const blocked = new Set<string>()
  /** Users who may be forgotten to make room, beginning with the one who signed in longest ago. */
  const idle = new Set<Account>()
  const sessions = new MemorySessions(maxSessions, (userId) => {
    settle(accounts.get(userId))
  })

  function requireRoom(count: number, what: string): void {
    if (count >= maxUsers) throw full(`${count} ${what}: raise maxUsers or use a lasting store`)
  }

  function forgetOldest(now: number): void {
    if (idle.size === 0) sessions.removeExpired(now, maxSessions)
    const [oldest] = idle
    if (oldest) forget(oldest)
  }

  function add(user: UserRecord, issuedAt: number): UserRecord {
    requireRoom(accounts.size, 'users')
    const account = { user: Object.freeze(user) }
    accounts.set(user.id, account)
    for (const identity of user.identities) owners.set(identityKey(identity), { account, issuedAt })
    settle(account)
    return user
  }

  function forget(account: Account): void {
    const { id, identities } = account.user
    accounts.delete(id)
    idle.delete(account)
    for (const identity of identities) owners.delete(identityKey(identity))
    sessions.endAll(id)
  }

  /** Called when something changes that decides whether the user may be forgotten. */
  function settle(account: Account | undefined): void {
    if (!account) return
    const { id, disabled, identities } = account.user
    idle.delete(account)
    const isBlocked = blocked.size > 0 && identities.some((own) => blocked.has(identityKey(own)))
    if (!disabled && !isBlocked && !account.hasLostIdentity && !sessions.has(id)) idle.add(account)
  }

  /** The user's identities, with this one's data replaced unless it is older. */
  function refreshed(owner: Owner, identity: Identity, issuedAt: number): readonly Identity[] {
    const { identities } = owner.account.user
    if (issuedAt < owner.issuedAt) return identities
    owner.issuedAt = issuedAt
    return withIdentity(identities, identity)
  }

  function keep(account: Account, user: UserRecord): UserRecord {
    account.user = Object.freeze(user)
    settle(account)
    return user
  }

  function create(id: string, request: SignInRequest): UserRecord {
    const { now, issuedAt = now } = request
    if (accounts.has(id)) throw userIdTaken(id)
    if (accounts.size >= maxUsers) forgetOldest(now)
    return add(newUserRecord(id, request), issuedAt)
  }

  const store: Store = {
    signIn({ identity, now, issuedAt = now, newUserId }) {
      const key = identityKey(identity)
      if (blocked.has(key)) throw identityBlocked()
      const owner = owners.get(key)
      if (!owner) {
        if (!newUserId) return undefined
        return { user: create(newUserId(), { identity, now, issuedAt }), created: true }
      }
      const { account } = owner
      const { user } = account
      if (user.disabled) return { user, created: false }
      const identities = refreshed(owner, identity, issuedAt)
      return { user: keep(account, { ...user, identities, last_authentication_date: now }), created: false }
    },

    findUser: (id) => accounts.get(id)?.user,

    findIdentity(identity) {
      const key = identityKey(identity)
      return { user: owners.get(key)?.account.user, blocked: blocked.has(key) }
    },

    setIdentityBlocked(identity, isBlocked) {
      const key = identityKey(identity)
      if (blocked.has(key) === isBlocked) return false
      if (isBlocked) requireRoom(blocked.size, 'blocked identities')
      blocked[isBlocked ? 'add' : 'delete'](key)
      settle(owners.get(key)?.account)
      return true
    },

    listUsers: ({ limit, after = '' }) =>
      [...accounts.values()]
        .map(({ user }) => user)
        .filter(({ id }) => id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),

    setUserDisabled(id, disabled) {
      const account = accounts.get(id)
      if (account) keep(account, { ...account.user, disabled })
      return account !== undefined
    },

    deleteUser(id) {
      const account = accounts.get(id)
      if (account) forget(account)
      return account !== undefined
    },

    linkIdentity(userId, identity, { issuedAt, maxIdentities }) {
      const account = accounts.get(userId)
      if (!account) return 'missing'
      const key = identityKey(identity)
      const owner = owners.get(key)
      if (owner && owner.account !== account) return 'taken'
      const { user } = account
      if (owner) return keep(account, { ...user, identities: refreshed(owner, identity, issuedAt) })
      if (user.identities.length >= maxIdentities) return 'full'
      requireRoom(owners.size - accounts.size, 'linked identities')
      owners.set(key, { account, issuedAt })
      return keep(account, { ...user, identities: withIdentity(user.identities, identity) })
    },

    unlinkIdentity(userId, identity) {
      const account = accounts.get(userId)
      const key = identityKey(identity)
      if (!account || owners.get(key)?.account !== account) return 'missing'
      const { user } = account
      if (user.identities.length === 1) return 'last'
      owners.delete(key)
      account.hasLostIdentity = true
      sessions.endAll(userId, key)
      keep(account, { ...user, identities: user.identities.filter((own) => identityKey(own) !== key) })
      return 'unlinked'
    },

    importUsers: (records) =>
      records.map((record) => {
        if (accounts.has(record.id)) return 'known'
        if (record.identities.some((identity) => owners.has(identityKey(identity)))) return 'taken'
        const identities = record.identities.reduce<readonly Identity[]>(withIdentity, [])
        add({ ...record, identities }, record.last_authentication_date)
        return 'added'
      }),

    createSession(request) {
      const key = identityKey(request.identity)
      if (blocked.has(key) || owners.get(key)?.account.user.id !== request.session.userId) return false
      if (sessions.add(request)) return true
      throw full(`${maxSessions} sessions: raise maxSessions or use a lasting store`)
    },

    findSession(id) {
      const session = sessions.get(id)
      const account = session && accounts.get(session.userId)
      if (!account || blocked.has(sessions.identityOf(id) ?? '')) return undefined
      return { session, user: account.user }
    },

    rotateSession({ id, generation, now, overlapSeconds }) {
      const session = sessions.get(id)
      if (!session) return { outcome: 'missing' }
      if (generation === session.generation) {
        const rotated = { ...session, generation: generation + 1, rotatedAt: now }
        sessions.replace(rotated)
        return { outcome: 'rotated', generation: rotated.generation }
      }
      if (generation === session.generation - 1 && now <= session.rotatedAt + overlapSeconds)
        return { outcome: 'current', generation: session.generation }
      sessions.end(id)
      return { outcome: 'reused' }
    },

    revokeSession: (id) => sessions.end(id),
    revokeSessions: (userId) => sessions.endAll(userId),
    removeExpiredSessions: ({ now, limit }) => sessions.removeExpired(now, limit),
  }
  untold.set(store, { maxUsers, maxSessions })
  return store
}

function full(what: string): AuthError {
  return authError('STORE_FULL', { cause: new Error(`the in-memory store holds ${what}`) })
}
