import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Identity, IdentityName, SessionRecord, Store, UserRecord } from 'custom-jwt-auth'

interface Data {
  users: UserRecord[]
  sessions: FiledSession[]
  times: FiledTime[]
  /** The identities that are blocked; `id` is the identity's key. */
  blocks: { id: string }[]
}

/** When the token was issued that an identity has its data from. `id` is the identity's key. */
interface FiledTime {
  id: string
  issuedAt: number
}

/** A session, and what it began with. */
interface FiledSession {
  id: string
  session: SessionRecord
  identity: IdentityName
}

/** Keeps users and sessions in one JSON file, for one process. */
export function fileStore(path: string): Store {
  let queue: Promise<unknown> = Promise.resolve()

  /** One verb after the other, so that each is atomic. When a verb answers, its changes are in the file. */
  function atomic<Answer>(verb: (data: Data) => Answer): Promise<Answer> {
    const turn = queue.then(async () => {
      const before = await readFile(path, 'utf8').catch(emptyWhenMissing)
      const data = JSON.parse(before) as Data
      const answer = verb(data)
      const after = JSON.stringify(data)
      if (after !== before) {
        // A new file takes the place of the old one: a crash leaves the one or the other, never half of one.
        await writeFile(`${path}.new`, after)
        await rename(`${path}.new`, path)
      }
      return answer
    })
    // A failure is the caller's, who has `turn`. The next verb has its turn all the same.
    queue = turn.catch(() => undefined)
    return turn
  }

  return {
    signIn: ({ identity, now, issuedAt = now, newUserId }) =>
      atomic(({ users, times, blocks }) => {
        if (blocks.some(hasId(keyOf(identity))))
          throw Object.assign(new Error('the identity is blocked'), { code: 'IDENTITY_BLOCKED' })
        const owner = users.find((user) => has(user, identity))
        if (owner?.disabled) return { user: owner, created: false }
        if (owner) {
          const user = { ...refreshed(owner, identity, times, issuedAt), last_authentication_date: now }
          return { user: put(users, user), created: false }
        }
        if (!newUserId) return undefined
        const id = newUserId()
        if (users.some(hasId(id)))
          throw Object.assign(new Error(`${id} is another user`), { code: 'USER_ID_TAKEN' })
        const user = {
          id,
          type: 'normal' as const,
          identities: [identity],
          creation_date: now,
          last_authentication_date: now,
          disabled: false,
        }
        put(times, { id: keyOf(identity), issuedAt })
        return { user: put(users, user), created: true }
      }),

    findUser: (id) => atomic(({ users }) => users.find(hasId(id))),

    findIdentity: (identity) =>
      atomic(({ users, blocks }) => ({
        user: users.find((user) => has(user, identity)),
        blocked: blocks.some(hasId(keyOf(identity))),
      })),

    setIdentityBlocked: (identity, blocked) =>
      atomic(({ blocks }) => {
        const id = keyOf(identity)
        const before = remove(blocks, hasId(id)) > 0
        if (blocked) put(blocks, { id })
        return before !== blocked
      }),

    listUsers: ({ limit, after = '' }) =>
      atomic(({ users }) => {
        const rest = users.filter(({ id }) => id > after)
        return rest.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
      }),

    setUserDisabled: (id, disabled) =>
      atomic(({ users }) => {
        const user = users.find(hasId(id))
        if (user) put(users, { ...user, disabled })
        return user !== undefined
      }),

    deleteUser: (id) =>
      atomic(({ users, sessions, times }) => {
        remove(sessions, ({ session }) => session.userId === id)
        const keys = users.find(hasId(id))?.identities.map(keyOf)
        remove(times, (time) => keys?.includes(time.id) === true)
        return remove(users, hasId(id)) > 0
      }),

    linkIdentity: (userId, identity, { issuedAt, maxIdentities }) =>
      atomic(({ users, times }) => {
        const user = users.find(hasId(userId))
        if (!user) return 'missing'
        const owner = users.find((other) => has(other, identity))
        if (owner && owner !== user) return 'taken'
        if (!owner && user.identities.length >= maxIdentities) return 'full'
        return put(users, refreshed(user, identity, times, issuedAt))
      }),

    unlinkIdentity: (userId, identity) =>
      atomic(({ users, sessions, times }) => {
        const user = users.find(hasId(userId))
        if (!user || !has(user, identity)) return 'missing'
        if (user.identities.length === 1) return 'last'
        remove(times, hasId(keyOf(identity)))
        put(users, { ...user, identities: user.identities.filter((own) => !isSame(own, identity)) })
        remove(sessions, (one) => one.session.userId === userId && isSame(one.identity, identity))
        return 'unlinked'
      }),

    importUsers: (records) =>
      atomic(({ users, times }) =>
        records.map((record) => {
          if (users.some(hasId(record.id))) return 'known'
          if (record.identities.some((identity) => users.some((user) => has(user, identity)))) return 'taken'
          // An identity that comes twice is one.
          put(users, record.identities.reduce(withIdentity, { ...record, identities: [] }))
          const issuedAt = record.last_authentication_date
          for (const identity of record.identities) put(times, { id: keyOf(identity), issuedAt })
          return 'added'
        }),
      ),

    createSession: ({ session, identity, maxPerUser }) =>
      atomic(({ users, sessions, blocks }) => {
        const user = users.find(hasId(session.userId))
        if (!user || !has(user, identity) || blocks.some(hasId(keyOf(identity)))) return false
        const others = sessions.map((one) => one.session).filter(({ userId }) => userId === user.id)
        const tooMany = Math.max(0, others.length + 1 - maxPerUser)
        for (const oldest of others.slice(0, tooMany)) remove(sessions, hasId(oldest.id))
        put(sessions, { id: session.id, session, identity })
        return true
      }),

    findSession: (id) =>
      atomic(({ users, sessions, blocks }) => {
        const one = sessions.find(hasId(id))
        const user = one && users.find(hasId(one.session.userId))
        if (!user || blocks.some(hasId(keyOf(one.identity)))) return undefined
        return { session: one.session, user }
      }),

    rotateSession: ({ id, generation, now, overlapSeconds }) =>
      atomic(({ sessions }) => {
        const one = sessions.find(hasId(id))
        if (!one) return { outcome: 'missing' }
        const { session } = one
        if (generation === session.generation) {
          put(sessions, { ...one, session: { ...session, generation: generation + 1, rotatedAt: now } })
          return { outcome: 'rotated', generation: generation + 1 }
        }
        if (generation === session.generation - 1 && now <= session.rotatedAt + overlapSeconds)
          return { outcome: 'current', generation: session.generation }
        remove(sessions, hasId(id))
        return { outcome: 'reused' }
      }),

    revokeSession: (id) => atomic(({ sessions }) => remove(sessions, hasId(id)) > 0),

    revokeSessions: (userId) =>
      atomic(({ sessions }) => remove(sessions, ({ session }) => session.userId === userId)),

    removeExpiredSessions: ({ now, limit }) =>
      atomic(({ sessions }) => {
        const expired = sessions.filter(({ session }) => session.expiresAt <= now).slice(0, limit)
        return remove(sessions, (one) => expired.includes(one)) === limit
      }),
  }
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return JSON.stringify({ users: [], sessions: [], times: [], blocks: [] })
  throw error
}

const hasId =
  (id: string) =>
  (record: { readonly id: string }): boolean =>
    record.id === id

// All parts are compared. Joined to one text, ("a", "b:c") and ("a:b", "c") would be the same.
const isSame = (a: IdentityName, b: IdentityName): boolean => keyOf(a) === keyOf(b)

const has = (user: UserRecord, identity: IdentityName): boolean =>
  user.identities.some((own) => isSame(own, identity))

const keyOf = ({ provider_type, provider_id, id }: IdentityName): string =>
  JSON.stringify([provider_type, provider_id ?? null, id])

/** The user with the identity, unless it is there with the data of a newer token. */
function refreshed(user: UserRecord, identity: Identity, times: FiledTime[], issuedAt: number): UserRecord {
  const id = keyOf(identity)
  const known = times.find(hasId(id))
  if (known && known.issuedAt > issuedAt) return user
  put(times, { id, issuedAt })
  return withIdentity(user, identity)
}

/** The identity in the place that it has, or added at the end. */
function withIdentity(user: UserRecord, identity: Identity): UserRecord {
  const identities = has(user, identity)
    ? user.identities.map((own) => (isSame(own, identity) ? identity : own))
    : [...user.identities, identity]
  return { ...user, identities }
}

/** Replaces the record with the same id, or adds one. */
function put<Item extends { readonly id: string }>(list: Item[], record: Item): Item {
  const index = list.findIndex(hasId(record.id))
  list.splice(index < 0 ? list.length : index, 1, record)
  return record
}

/** Returns how many there were. */
function remove<Item>(list: Item[], isGone: (record: Item) => boolean): number {
  const stays = list.filter((record) => !isGone(record))
  return list.splice(0, list.length, ...stays).length - stays.length
}
