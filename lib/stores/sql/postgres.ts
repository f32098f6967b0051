import { setTimeout as sleep } from 'node:timers/promises'
import { describe, Problems } from '../../problems.js'
import type { Identity, UserRecord } from '../../user.js'
import { disjointBatches } from '../disjoint-batches.js'
import { withIdentity } from '../identities.js'
import { postgresTexts } from './postgres-statements.js'
import {
  checkVersion,
  identityDigest,
  identityText,
  idTaken,
  sessionValues,
  toSessionAndUser,
  toUserRecord,
  withoutNul,
  type SessionRow,
  type UserRow,
} from './shared.js'
import type { ImportOutcome, Rotation, Store } from '../store.js'

/** What the store needs of a `pg.Pool`. */
export interface PostgresPool {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>
  listenerCount?(event: 'error'): number
  on?(event: 'error', listener: () => void): unknown
}

export interface PostgresStoreOptions {
  /**
   * A `Pool` of `pg` 8, which the app configures and ends. Its `connectionTimeoutMillis` and `query_timeout` should be a
   * few seconds. When it has no listener for `error`, it gets one: Node would end the process.
   */
  readonly pool: PostgresPool
  /** The schema of the tables; default `custom_jwt_auth`. Lower-case letters, digits and `_`; at most 63. */
  readonly schema?: string
}

export interface PostgresStore extends Store {
  /**
   * Makes schema and tables where they are missing, in one transaction; any number of processes may call it at once.
   * Where they are there, it needs no more rights than to read. `ready()` and the first verb call it.
   * @throws when the tables were made by a later version of this package
   */
  ensureSchema(): Promise<void>
}

/** A verb that lost a race is repeated so often; each time it waits a little longer. */
const ATTEMPTS = 10
/** Serialization failure, deadlock, unique violation: what a race can end with, and what goes otherwise next time. */
const RACE_CODES = new Set<unknown>(['40001', '40P01', '23505'])

class LostRace extends Error {}

type Result = Awaited<ReturnType<PostgresPool['query']>>
type SignInRow = UserRow & { readonly created: boolean }
type LinkRow = UserRow & { readonly linked: boolean }
type ImportRow = { readonly id: string; readonly outcome: ImportOutcome }
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
  const { pool, schema } = parseOptions(options)
  const sql = postgresTexts(schema)
  let prepared: Promise<void> | undefined

  // An idle connection that breaks is an 'error' of the pool. There is nothing to do: the pool has dropped it, and opens
  // another for the next query.
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
    if (await checkSchema()) return
    // Without values, so that it is one message and with that one transaction, on one connection.
    await pool.query(sql.createSchema)
    // A later version may have made them at the same moment.
    await checkSchema()
  }

  /** Whether the tables are there. @throws when a later version made them */
  async function checkSchema(): Promise<boolean> {
    const [found] = (await pool.query(sql.findSchema)).rows as { there: boolean }[]
    if (!found?.there) return false
    const [row] = (await pool.query(sql.schemaVersion)).rows as { version: number }[]
    checkVersion(Number(row?.version))
    return true
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

  /** Imports users of whom no two have an id or an identity in common. */
  async function importBatch(users: readonly UserRecord[]): Promise<ImportOutcome[]> {
    const owned = users.flatMap(({ id, identities }) =>
      identities
        .reduce<readonly Identity[]>(withIdentity, [])
        .map((identity) => ({ id, digest: identityDigest(identity), text: identityText(identity) })),
    )
    const { rows } = await ask(
      sql.importUsers,
      users.map(({ id }) => id),
      users.map(({ type }) => type),
      users.map(({ creation_date }) => creation_date),
      users.map(({ last_authentication_date }) => last_authentication_date),
      users.map(({ disabled }) => disabled),
      owned.map(({ digest }) => digest),
      owned.map(({ id }) => id),
      owned.map(({ text }) => text),
    )
    const outcomes = new Map((rows as ImportRow[]).map(({ id, outcome }) => [id, outcome]))
    return users.map(({ id }) => outcomes.get(id) ?? 'added')
  }

  return {
    ensureSchema,
    ready: ensureSchema,

    signIn({ identity, now, newUserId }) {
      const digest = identityDigest(identity)
      return repeat(async () => {
        const values = [digest, identityText(identity), now, newUserId ?? null]
        const [row] = (await query(sql.signIn, values)).rows as SignInRow[]
        if (row) return { user: toUserRecord(row), created: row.created }
        if (newUserId === undefined) return undefined
        const [id] = (await query(sql.isIdTaken, [newUserId, digest])).rows as { taken: boolean }[]
        throw id?.taken ? idTaken(newUserId) : new LostRace('another call creates the user')
      })
    },

    async findUser(id) {
      const row = await first<UserRow>(sql.findUser, id)
      return row && toUserRecord(row)
    },

    async listUsers({ limit, after = '' }) {
      const { rows } = await ask(sql.listUsers, after, limit)
      return (rows as UserRow[]).map(toUserRecord)
    },

    setUserDisabled: async (id, disabled) => (await count(sql.setUserDisabled, id, disabled)) > 0,

    deleteUser: async (id) => (await count(sql.deleteUser, id)) > 0,

    async linkIdentity(userId, identity) {
      const values = [userId, identityDigest(identity), identityText(identity)]
      const row = await first<LinkRow>(sql.linkIdentity, ...values)
      if (!row) return 'missing'
      if (!row.linked) return 'taken'
      const user = toUserRecord(row)
      return { ...user, identities: withIdentity(user.identities, identity) }
    },

    async importUsers(users) {
      const outcomes: ImportOutcome[] = []
      for (const batch of disjointBatches(users)) outcomes.push(...(await importBatch(batch)))
      return outcomes
    },

    createSession: async (session) => (await count(sql.createSession, ...sessionValues(session))) > 0,

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

    async removeExpiredSessions(now) {
      await count(sql.removeExpiredSessions, Math.floor(now))
    },
  }
}

async function repeat<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (attempt === ATTEMPTS || !isLostRace(error)) throw error
    }
    await sleep(Math.random() * 5 * attempt)
  }
}

function isLostRace(error: unknown): boolean {
  return error instanceof LostRace || RACE_CODES.has((error as { code?: unknown } | undefined)?.code)
}

function parseOptions(options: PostgresStoreOptions): Required<PostgresStoreOptions> {
  const problems = new Problems()
  const given = problems.object('postgresStore', options, ['pool', 'schema'])
  const pool = given['pool'] as Partial<PostgresPool> | null | undefined
  if (typeof pool?.query !== 'function')
    problems.add(
      'postgresStore.pool',
      `is ${describe(pool)}`,
      'Install it (npm install pg) and pass new pg.Pool(…)',
    )
  const { schema = 'custom_jwt_auth' } = given
  // Names that need no folding, so that psql takes them as they are; PostgreSQL keeps pg_ for itself.
  if (typeof schema !== 'string' || !/^(?!pg_)[a-z_][a-z0-9_]{0,62}$/.test(schema))
    problems.add(
      'postgresStore.schema',
      'is no name of a schema',
      'Use lower-case letters, digits and _, at most 63, with no digit and no pg_ in front',
    )
  problems.throwIfAny()
  return { pool: pool as PostgresPool, schema: schema as string }
}
