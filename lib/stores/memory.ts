import { authError, type AuthError } from '../errors.js'
import { Problems } from '../problems.js'
import type { Identity, UserRecord } from '../user.js'
import { identityKey, withIdentity } from './identities.js'
import { newUserRecord, type SessionRecord, type SignInRequest, type Store } from './store.js'

/** Bounds of the in-memory store. */
export interface MemoryStoreOptions {
  /**
   * Default: 50 000, about 40 MB. One more user is refused with STORE_FULL (503), and so is one more linked identity
   * when as many are linked.
   */
  readonly maxUsers?: number
  /** Default: 100 000. One more log-in is refused with STORE_FULL (503), unless expired sessions make room. */
  readonly maxSessions?: number
}

/** Where a user is, under its id and under each of its identities. */
interface Account {
  user: UserRecord
}

/** A user with more sessions than this loses the oldest, so that nobody can use up the room of all. */
const MAX_SESSIONS_PER_USER = 100

/**
 * Keeps users and sessions in this process: they end with it, and no other process sees them. Bounded: what does not
 * fit is refused, and nothing is ever forgotten to make room, because a forgotten `disabled` would be a hole.
 * For development, tests and apps that keep their users elsewhere.
 * @throws {ConfigurationError} when a bound is no whole number
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { maxUsers, maxSessions } = parseBounds(options)
  /** By user id. */
  const accounts = new Map<string, Account>()
  /** By identity key. */
  const owners = new Map<string, Account>()
  const sessions = new Map<string, SessionRecord>()
  /** User id to the ids of its sessions, oldest first. */
  const sessionsOf = new Map<string, Set<string>>()

  function add(user: UserRecord): UserRecord {
    if (accounts.size >= maxUsers) throw full(`${maxUsers} users: raise maxUsers or use a lasting store`)
    const account = { user: Object.freeze(user) }
    accounts.set(user.id, account)
    for (const identity of user.identities) owners.set(identityKey(identity), account)
    return user
  }

  function keep(account: Account, user: UserRecord): UserRecord {
    account.user = Object.freeze(user)
    return user
  }

  function create(request: Required<SignInRequest>): UserRecord {
    const { newUserId } = request
    if (accounts.has(newUserId)) throw new Error(`the id ${newUserId} for a new user belongs to another user`)
    return add(newUserRecord(request))
  }

  function endSession(id: string): boolean {
    const session = sessions.get(id)
    if (!session) return false
    sessions.delete(id)
    const siblings = sessionsOf.get(session.userId)
    siblings?.delete(id)
    if (siblings?.size === 0) sessionsOf.delete(session.userId)
    return true
  }

  function endSessions(userId: string): number {
    const ids = [...(sessionsOf.get(userId) ?? [])]
    ids.forEach(endSession)
    return ids.length
  }

  function removeExpiredSessions(now: number): void {
    for (const { id, expiresAt } of sessions.values()) if (expiresAt <= now) endSession(id)
  }

  return {
    signIn({ identity, now, newUserId }) {
      const owner = owners.get(identityKey(identity))
      if (!owner)
        return newUserId === undefined
          ? undefined
          : { user: create({ identity, now, newUserId }), created: true }
      const { user } = owner
      if (user.disabled) return { user, created: false }
      const identities = withIdentity(user.identities, identity)
      return { user: keep(owner, { ...user, identities, last_authentication_date: now }), created: false }
    },

    findUser: (id) => accounts.get(id)?.user,

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
      endSessions(id)
      for (const identity of accounts.get(id)?.user.identities ?? []) owners.delete(identityKey(identity))
      return accounts.delete(id)
    },

    linkIdentity(userId, identity) {
      const account = accounts.get(userId)
      if (!account) return 'missing'
      const owner = owners.get(identityKey(identity))
      if (owner && owner !== account) return 'taken'
      if (!owner && owners.size - accounts.size >= maxUsers)
        throw full(`${owners.size} identities: raise maxUsers or use a lasting store`)
      owners.set(identityKey(identity), account)
      const { user } = account
      return keep(account, { ...user, identities: withIdentity(user.identities, identity) })
    },

    importUsers: (records) =>
      records.map((record) => {
        if (accounts.has(record.id)) return 'known'
        if (record.identities.some((identity) => owners.has(identityKey(identity)))) return 'taken'
        add({ ...record, identities: record.identities.reduce<readonly Identity[]>(withIdentity, []) })
        return 'added'
      }),

    createSession(session) {
      if (!accounts.has(session.userId)) return false
      const siblings = sessionsOf.get(session.userId) ?? new Set()
      const [oldest] = siblings
      if (oldest !== undefined && siblings.size >= MAX_SESSIONS_PER_USER) endSession(oldest)
      if (sessions.size >= maxSessions) removeExpiredSessions(session.createdAt)
      if (sessions.size >= maxSessions)
        throw full(`${maxSessions} sessions: raise maxSessions or use a lasting store`)
      sessions.set(session.id, Object.freeze({ ...session }))
      sessionsOf.set(session.userId, siblings.add(session.id))
      return true
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
        sessions.set(id, Object.freeze(rotated))
        return { outcome: 'rotated', generation: rotated.generation }
      }
      if (generation === session.generation - 1 && now <= session.rotatedAt + overlapSeconds)
        return { outcome: 'current', generation: session.generation }
      endSession(id)
      return { outcome: 'reused' }
    },

    revokeSession: endSession,
    revokeSessions: endSessions,
    removeExpiredSessions,
  }
}

function full(what: string): AuthError {
  return authError('STORE_FULL', { cause: new Error(`the in-memory store holds ${what}`) })
}

function parseBounds(options: MemoryStoreOptions): Required<MemoryStoreOptions> {
  const problems = new Problems()
  const given = problems.object('memoryStore', options, ['maxUsers', 'maxSessions'])
  const bound = (name: keyof MemoryStoreOptions, fallback: number): number =>
    problems.integer(`memoryStore.${name}`, given[name], { fallback, min: 1, max: 10_000_000 })
  const bounds = { maxUsers: bound('maxUsers', 50_000), maxSessions: bound('maxSessions', 100_000) }
  problems.throwIfAny()
  return bounds
}
