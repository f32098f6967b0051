import { authError, type AuthError } from '../errors.js'
import { integer, requireOptions, type ParsersOf } from '../option-parsers.js'
import type { Identity, UserRecord } from '../user.js'
import { identityKey, withIdentity } from './identities.js'
import { MemorySessions } from './memory-sessions.js'
import { newUserRecord, userIdTaken, type SignUpRequest, type Store } from './store.js'

/** Bounds of the in-memory store. */
export interface MemoryStoreOptions {
  /**
   * Default: 50 000, about 40 MB. One more user is refused with STORE_FULL (503), and so is one more linked identity
   * when as many are linked.
   */
  readonly maxUsers?: number
  /**
   * Default: 100 000. One more login takes the place of an expired session, or of the oldest session of the user with
   * the most; when nobody has more than one, it is refused with STORE_FULL (503).
   */
  readonly maxSessions?: number
}

/** Where a user is, under its id and under each of its identities. */
interface Account {
  user: UserRecord
}

/** Whose an identity is, and when the token that its data came with was issued. */
interface Owner {
  readonly account: Account
  issuedAt: number
}

const MEMORY_STORE_OPTIONS = {
  maxUsers: integer({ default: 50_000, min: 1, max: 10_000_000 }),
  maxSessions: integer({ default: 100_000, min: 1, max: 10_000_000 }),
} satisfies ParsersOf<MemoryStoreOptions>

/**
 * Keeps users and sessions in this process: they end with it, and no other process sees them. Bounded: what does not
 * fit is refused, and no user is ever forgotten to make room, because a forgotten `disabled` would be a hole.
 * For development, tests and apps that keep their users elsewhere.
 * @throws {ConfigurationError} when a bound is not a whole number
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { maxUsers, maxSessions } = requireOptions('memoryStore', MEMORY_STORE_OPTIONS, options)
  /** By user id. */
  const accounts = new Map<string, Account>()
  /** By identity key. */
  const owners = new Map<string, Owner>()
  const sessions = new MemorySessions(maxSessions)

  function add(user: UserRecord, issuedAt: number): UserRecord {
    if (accounts.size >= maxUsers) throw full(`${maxUsers} users: raise maxUsers or use a lasting store`)
    const account = { user: Object.freeze(user) }
    accounts.set(user.id, account)
    for (const identity of user.identities) owners.set(identityKey(identity), { account, issuedAt })
    return user
  }

  /** The user's identities with this one as its newest token has it. */
  function refreshed(owner: Owner, identity: Identity, issuedAt: number): readonly Identity[] {
    const { identities } = owner.account.user
    if (issuedAt < owner.issuedAt) return identities
    owner.issuedAt = issuedAt
    return withIdentity(identities, identity)
  }

  function keep(account: Account, user: UserRecord): UserRecord {
    account.user = Object.freeze(user)
    return user
  }

  function create(request: SignUpRequest): UserRecord {
    const { newUserId, now, issuedAt = now } = request
    if (accounts.has(newUserId)) throw userIdTaken(newUserId)
    return add(newUserRecord(request), issuedAt)
  }

  return {
    signIn({ identity, now, issuedAt = now, newUserId }) {
      const owner = owners.get(identityKey(identity))
      if (!owner)
        return newUserId === undefined
          ? undefined
          : { user: create({ identity, now, issuedAt, newUserId }), created: true }
      const { account } = owner
      const { user } = account
      if (user.disabled) return { user, created: false }
      const identities = refreshed(owner, identity, issuedAt)
      return { user: keep(account, { ...user, identities, last_authentication_date: now }), created: false }
    },

    findUser: (id) => accounts.get(id)?.user,

    findIdentity: (identity) => owners.get(identityKey(identity))?.account.user,

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
      sessions.endAll(id)
      for (const identity of accounts.get(id)?.user.identities ?? []) owners.delete(identityKey(identity))
      return accounts.delete(id)
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
      if (owners.size - accounts.size >= maxUsers)
        throw full(`${owners.size} identities: raise maxUsers or use a lasting store`)
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
      const owner = owners.get(identityKey(request.identity))
      if (owner?.account.user.id !== request.session.userId) return false
      if (sessions.add(request)) return true
      throw full(`${maxSessions} sessions: raise maxSessions or use a lasting store`)
    },

    findSession(id) {
      const session = sessions.get(id)
      const account = session && accounts.get(session.userId)
      return account && { session, user: account.user }
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
}

function full(what: string): AuthError {
  return authError('STORE_FULL', { cause: new Error(`the in-memory store holds ${what}`) })
}
