import { lenient, mistake, requireOptions, type ParsersOf } from '../../option-parsers.js'
import { describe } from '../../problems.js'
import type { Identity, UserRecord } from '../../user.js'
import { disjointBatches } from '../disjoint-batches.js'
import { identityDigest, withIdentity } from '../identities.js'
import { importBatch } from './postgres-import.js'
import { LostRace, repeat } from './postgres-races.js'
import { postgresTexts } from './postgres-statements.js'
import {
  checkVersion,
  SCHEMA_VERSION,
  identityNameText,
  identityText,
  sessionValues,
  toFoundIdentity,
  toSessionAndUser,
  toUserRecord,
  withoutNul,
  type IdentityRow,
  type SessionRow,
  type UserRow,
} from './shared.js'
import { identityBlocked, userIdTaken, type ImportOutcome, type Rotation, type Store } from '../store.js'

/** The parts of a `pg.Pool` that the store uses. */
export interface PostgresPool {
  /** Runs one statement on any connection. */
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>
  /** How many listeners there are for errors of idle connections. */
  listenerCount?(event: 'error'): number
  /** Adds a listener for them. */
  on?(event: 'error', listener: () => void): unknown
}

/** What {@link postgresStore} takes. */
export interface PostgresStoreOptions {
  /**
   * A `Pool` of `pg` 8, which the app configures and ends. Its `connectionTimeoutMillis` and `query_timeout` should be
   * a few seconds. If it has no listener for `error`, one is added, since Node would otherwise end the process.
   */
  readonly pool: PostgresPool
  /** The schema of the tables; default `custom_jwt_auth`. Lower-case letters, digits and `_`; at most 63. */
  readonly schema?: string
}

export interface PostgresStore extends Store {
  /**
   * Creates the schema and tables if they are missing, and migrates those of an earlier version, in one transaction;
   * any number of processes may call it at once. Needs only read rights if nothing is to be done. `ready()` calls it.
   * @throws when the tables are those of a later version of this package
   */
  ensureSchema(): Promise<void>
}

/** A login does not see the sessions of so many others that the same user begins at the same moment. */
const AT_ONCE = 50

type Result = Awaited<ReturnType<PostgresPool['query']>>
/** `blocked`: then it is about nobody. */
type SignInRow = UserRow & { readonly created: boolean; readonly blocked: boolean }
/** `linked`: the identity, as it is now. */
type LinkRow = UserRow & { readonly linked: string | null; readonly full: boolean }
type RotationRow = { readonly outcome: Rotation['outcome'] }

/**
 * Keeps users and sessions in PostgreSQL (12 or later; tested on 15), for any number of machines. Every verb is one
 * statement, and so one round trip. The package loads no driver: it uses the pool that the app passes, and never ends
 * it.
 * @throws {ConfigurationError} for wrong options
 * @example
 * const limits = { connectionTimeoutMillis: 3000, query_timeout: 4000 }
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, ...limits })
 * const auth = customJwtAuth({ appId, signingKeys, store: postgresStore({ pool }) })
 * await auth.ready()
 */
export function postgresStore(options: PostgresStoreOptions): PostgresStore {
  const { pool, schema } = requireOptions('postgresStore', POSTGRES_STORE_OPTIONS, options)
  const sql = postgresTexts(schema)
  let prepared: Promise<void> | undefined

  // The pool emits 'error' when an idle connection breaks. There is nothing to do: it has dropped the connection, and
  // opens another for the next query.
  if (pool.listenerCount?.('error') === 0) pool.on?.('error', () => undefined)

  function ensureSchema(): Promise<void> {
    prepared ??= repeat(prepare).catch((error: unknown) => {
      // The next call tries again.
      prepared = undefined
      throw error
    })
    return prepared
  }

  async function prepare(): Promise<void> {
    if (await isNewest()) return
    // Without values, so that it is one message, and thus one transaction, on one connection.
    await pool.query(sql.createSchema)
    // A later version may have made them at the same moment.
    await isNewest()
  }

  /** Whether the tables are there, and of this version. @throws when a later version made them */
  async function isNewest(): Promise<boolean> {
    const [found] = (await pool.query(sql.findSchema)).rows as { there: boolean }[]
    if (!found?.there) return false
    const [row] = (await pool.query(sql.schemaVersion)).rows as { version: number }[]
    const version = Number(row?.version)
    checkVersion(version)
    return version === SCHEMA_VERSION
  }

  async function query(text: string, values: unknown[]): Promise<Result> {
    await ensureSchema()
    return pool.query(text, values.map(withoutNul))
  }

  const ask = (text: string, ...values: unknown[]) => repeat(() => query(text, values))
  /** The first row, when there is one. */
  const first = async <Row>(text: string, ...values: unknown[]) =>
    (await ask(text, ...values)).rows[0] as Row | undefined
  const count = async (text: string, ...values: unknown[]) => (await ask(text, ...values)).rowCount ?? 0

  async function findOwner(digest: string): Promise<UserRecord | undefined> {
    const [row] = (await query(sql.findOwner, [digest])).rows as UserRow[]
    return row && toUserRecord(row)
  }

  async function whyFull(userId: string, digest: string): Promise<'taken' | 'full'> {
    const owner = await findOwner(digest)
    if (owner?.id === userId) throw new LostRace('another call has linked the same identity')
    return owner ? 'taken' : 'full'
  }

  return {
    ensureSchema,
    ready: ensureSchema,

    signIn({ identity, now, issuedAt = now, newUserId }) {
      const digest = identityDigest(identity)
      const newId = newUserId?.()
      return repeat(async () => {
        const values = [digest, identityText(identity), now, newId ?? null, issuedAt]
        const [row] = (await query(sql.signIn, values)).rows as SignInRow[]
        if (row?.blocked) throw identityBlocked()
        if (row) return { user: toUserRecord(row), created: row.created }
        if (newId === undefined) return undefined
        const [id] = (await query(sql.isIdTaken, [newId, digest])).rows as { taken: boolean }[]
        throw id?.taken ? userIdTaken(newId) : new LostRace('another call creates the user')
      })
    },

    async findUser(id) {
      const row = await first<UserRow>(sql.findUser, id)
      return row && toUserRecord(row)
    },

    findIdentity: async (identity) =>
      toFoundIdentity(await first<IdentityRow>(sql.findIdentity, identityDigest(identity))),

    async setIdentityBlocked(identity, blocked) {
      const key = identityDigest(identity)
      if (!blocked) return (await count(sql.unblockIdentity, key)) > 0
      return (await count(sql.blockIdentity, key, identityNameText(identity))) > 0
    },

    async listUsers({ limit, after = '' }) {
      const { rows } = await ask(sql.listUsers, after, limit)
      return (rows as UserRow[]).map(toUserRecord)
    },

    setUserDisabled: async (id, disabled) => (await count(sql.setUserDisabled, id, disabled)) > 0,

    deleteUser: async (id) => (await count(sql.deleteUser, id)) > 0,

    linkIdentity(userId, identity, { issuedAt, maxIdentities }) {
      const digest = identityDigest(identity)
      const values = [userId, digest, identityText(identity), maxIdentities, issuedAt]
      return repeat(async () => {
        const [row] = (await query(sql.linkIdentity, values)).rows as LinkRow[]
        if (!row) return 'missing'
        if (row.linked === null) return row.full ? whyFull(userId, digest) : 'taken'
        const user = toUserRecord(row)
        return { ...user, identities: withIdentity(user.identities, JSON.parse(row.linked) as Identity) }
      })
    },

    unlinkIdentity(userId, identity) {
      const digest = identityDigest(identity)
      return repeat(async () => {
        if ((await query(sql.unlinkIdentity, [userId, digest])).rowCount) return 'unlinked'
        const owner = await findOwner(digest)
        if (owner?.id !== userId) return 'missing'
        if (owner.identities.length === 1) return 'last'
        throw new LostRace('another call has linked an identity')
      })
    },

    async importUsers(users) {
      const outcomes: ImportOutcome[] = []
      for (const batch of disjointBatches(users))
        outcomes.push(...(await importBatch(batch, (values) => ask(sql.importUsers, ...values))))
      return outcomes
    },

    async createSession(request) {
      const { session, maxPerUser } = request
      const row = await first<{ others: number }>(sql.createSession, ...sessionValues(request))
      if (row && row.others + AT_ONCE >= maxPerUser)
        await ask(sql.endOldestSessions, session.userId, maxPerUser)
      return row !== undefined
    },

    async findSession(id) {
      const row = await first<SessionRow>(sql.findSession, id)
      return row && toSessionAndUser(row)
    },

    async rotateSession({ id, generation, now, overlapSeconds }) {
      const row = await first<RotationRow>(sql.rotateSession, id, generation, now, overlapSeconds)
      const outcome = row?.outcome ?? 'missing'
      // Both the rotated and the current refresh token are the one after the presented.
      return outcome === 'missing' || outcome === 'reused'
        ? { outcome }
        : { outcome, generation: generation + 1 }
    },

    revokeSession: async (id) => (await count(sql.revokeSession, id)) > 0,

    revokeSessions: (userId) => count(sql.revokeSessions, userId),

    removeExpiredSessions: async ({ now, limit }) =>
      (await count(sql.removeExpiredSessions, Math.floor(now), limit)) === limit,
  }
}

const POSTGRES_STORE_OPTIONS = {
  pool(pool: unknown): PostgresPool {
    const { query } = (pool ?? {}) as Partial<PostgresPool>
    if (typeof query === 'function') return pool as PostgresPool
    throw mistake(`is ${describe(pool)}`, 'Install it (npm install pg) and pass new pg.Pool(…)')
  },
  schema: lenient('custom_jwt_auth', (schema: unknown): string => {
    // Only names that psql takes without quotes; PostgreSQL reserves pg_.
    if (typeof schema === 'string' && /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema)) return schema
    throw mistake(
      'is not the name of a schema',
      'Use at most 63 lowercase letters, digits and _, without a digit or pg_ at the beginning',
    )
  }),
} satisfies ParsersOf<PostgresStoreOptions>
