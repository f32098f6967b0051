import { asGiven, readOptions, readValue, text, type ParsersOf } from '../../option-parsers.js'
import { Problems } from '../../problems.js'
import type { UserRecord } from '../../user.js'
import { hasIdentity, identityDigest, withIdentity } from '../identities.js'
import {
  identityNameText,
  identityText,
  sessionValues,
  toFoundIdentity,
  toSessionAndUser,
  toUserRecord,
  type IdentityRow,
  type SessionRow,
  type UserRow,
} from './shared.js'
import { connect } from './sqlite-connection.js'
import { openDatabase, type SqliteDatabase } from './sqlite-driver.js'
import type { SqliteStatements } from './sqlite-statements.js'
import { identityBlocked, newUserRecord, userIdTaken, type FoundIdentity, type Store } from '../store.js'

export type { SqliteDatabase, SqliteStatement } from './sqlite-driver.js'

/** Where users and sessions are kept: one of the two. */
export type SqliteStoreOptions =
  | {
      /**
       * The database file, created if it does not exist; next to it, SQLite keeps two more, ending in `-wal` and
       * `-shm`. It must be on a local disk, and several processes of one machine may share it. Do not open it with
       * another SQLite library in the same process: the two would not see each other's locks.
       */
      readonly path: string
      readonly database?: undefined
    }
  | {
      /**
       * An open database of node:sqlite, libsql or another synchronous driver, which the app configures and closes.
       * Foreign keys must be on. The app must hold no transaction open while the store is used.
       */
      readonly database: SqliteDatabase
      readonly path?: undefined
    }

/**
 * Keeps users and sessions in a SQLite file, which several processes of one machine may share. Every answered change is
 * on disk: WAL, `synchronous=FULL`. The names of tables begin with `custom_jwt_auth_`. Opens the file at once; creates
 * the tables in `ready()`, or at first use.
 * @throws {ConfigurationError} for wrong options, a file that cannot be opened, or when neither node:sqlite nor libsql
 *   is available
 * @example
 * const auth = customJwtAuth({ appId, signingKeys, store: sqliteStore({ path: 'users.db' }) })
 * await auth.ready()
 */
export function sqliteStore(options: SqliteStoreOptions): Store {
  const { read, write, close } = connect(openOptions(options))

  const toUser = (row: unknown): UserRecord | undefined => (row ? toUserRecord(row as UserRow) : undefined)

  const find = (sql: SqliteStatements, digest: string): FoundIdentity =>
    toFoundIdentity(sql.findIdentity.get(digest) as IdentityRow)

  function addUser(sql: SqliteStatements, user: UserRecord, issuedAt: number): void {
    const { id, type, creation_date, last_authentication_date, disabled } = user
    sql.addUser.run(id, type, creation_date, last_authentication_date, Number(disabled))
    for (const identity of user.identities)
      sql.linkIdentity.run(identityDigest(identity), id, identityText(identity), issuedAt)
  }

  return {
    signIn: ({ identity, now, issuedAt = now, newUserId }) =>
      write((sql) => {
        const digest = identityDigest(identity)
        const { user: owner, blocked } = find(sql, digest)
        if (blocked) throw identityBlocked()
        if (!owner) {
          if (!newUserId) return undefined
          const user = newUserRecord(newUserId(), { identity, now })
          if (sql.findUser.get(user.id)) throw userIdTaken(user.id)
          addUser(sql, user, issuedAt)
          return { user, created: true }
        }
        if (owner.disabled) return { user: owner, created: false }
        sql.refreshUser.run(owner.id, now)
        const isNewest = sql.refreshIdentity.run(digest, identityText(identity), issuedAt) > 0
        const identities = isNewest ? withIdentity(owner.identities, identity) : owner.identities
        return { user: { ...owner, identities, last_authentication_date: now }, created: false }
      }),

    findUser: (id) => read((sql) => toUser(sql.findUser.get(id))),

    findIdentity: (identity) => read((sql) => find(sql, identityDigest(identity))),

    setIdentityBlocked: (identity, blocked) =>
      write((sql) => {
        const key = identityDigest(identity)
        if (!blocked) return sql.unblockIdentity.run(key) > 0
        return sql.blockIdentity.run(key, identityNameText(identity)) > 0
      }),

    listUsers: ({ limit, after = '' }) =>
      read((sql) => (sql.listUsers.all(after, limit) as UserRow[]).map(toUserRecord)),

    setUserDisabled: (id, disabled) => write((sql) => sql.setUserDisabled.run(id, Number(disabled)) > 0),

    deleteUser: (id) => write((sql) => sql.deleteUser.run(id) > 0),

    linkIdentity: (userId, identity, { issuedAt, maxIdentities }) =>
      write((sql) => {
        const user = toUser(sql.findUser.get(userId))
        if (!user) return 'missing'
        const digest = identityDigest(identity)
        const isFull = user.identities.length >= maxIdentities && !hasIdentity(user, identity)
        if (isFull) return sql.findOwner.get(digest) ? 'taken' : 'full'
        const linked = sql.linkIdentity.run(digest, userId, identityText(identity), issuedAt) > 0
        return (linked && toUser(sql.findUser.get(userId))) || 'taken'
      }),

    unlinkIdentity: (userId, identity) =>
      write((sql) => {
        const user = toUser(sql.findUser.get(userId))
        if (!user || !hasIdentity(user, identity)) return 'missing'
        if (user.identities.length === 1) return 'last'
        sql.unlinkIdentity.run(userId, identityDigest(identity))
        return 'unlinked'
      }),

    importUsers: (users) =>
      write((sql) =>
        users.map((user) => {
          if (sql.findUser.get(user.id)) return 'known'
          if (user.identities.some((identity) => sql.findOwner.get(identityDigest(identity)))) return 'taken'
          addUser(sql, user, user.last_authentication_date)
          return 'added'
        }),
      ),

    createSession: (request) =>
      write((sql) => {
        const { session, maxPerUser } = request
        const created = sql.createSession.run(...sessionValues(request)) > 0
        if (created) sql.endOldestSessions.run(session.userId, maxPerUser)
        return created
      }),

    findSession: (id) =>
      read((sql) => {
        const row = sql.findSession.get(id)
        return row ? toSessionAndUser(row as SessionRow) : undefined
      }),

    rotateSession: ({ id, generation, now, overlapSeconds }) =>
      write((sql) => {
        if (sql.rotateSession.run(id, generation, now) > 0)
          return { outcome: 'rotated', generation: generation + 1 }
        const row = sql.findSession.get(id)
        if (!row) return { outcome: 'missing' }
        const { session } = toSessionAndUser(row as SessionRow)
        if (generation === session.generation - 1 && now <= session.rotatedAt + overlapSeconds)
          return { outcome: 'current', generation: session.generation }
        sql.revokeSession.run(id)
        return { outcome: 'reused' }
      }),

    revokeSession: (id) => write((sql) => sql.revokeSession.run(id) > 0),

    revokeSessions: (userId) => write((sql) => sql.revokeSessions.run(userId)),

    removeExpiredSessions: ({ now, limit }) =>
      write((sql) => sql.removeExpiredSessions.run(Math.floor(now), limit) === limit),

    ready: () => read(() => undefined),

    close,
  }
}

const SQLITE_STORE_OPTIONS = { path: asGiven, database: asGiven } satisfies ParsersOf<SqliteStoreOptions>
const filePath = text('Pass the path of the database file')

/** The database that the app has opened, or the file at its path. */
function openOptions(options: SqliteStoreOptions): { database: SqliteDatabase; isOurs: boolean } {
  const problems = new Problems()
  const { path, database } = readOptions('sqliteStore', SQLITE_STORE_OPTIONS, options, problems)
  const { prepare, exec } = (database ?? {}) as Partial<SqliteDatabase>
  if (database === undefined) readValue('sqliteStore.path', filePath, path, problems)
  else if (path !== undefined) problems.add('sqliteStore', 'has path and database', 'Pass one of the two')
  else if (typeof prepare !== 'function' || typeof exec !== 'function')
    problems.add(
      'sqliteStore.database',
      'is not an open database',
      'Pass a DatabaseSync of node:sqlite, or path',
    )
  problems.throwIfAny()
  return database === undefined
    ? { database: openDatabase(path as string), isOurs: true }
    : { database: database as SqliteDatabase, isOurs: false }
}
