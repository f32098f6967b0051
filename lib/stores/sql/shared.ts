import type { Identity, UserRecord, UserType } from '../../user.js'
import { identityDigest } from '../identities.js'
import type { FoundIdentity, IdentityName, SessionRecord, SessionRequest } from '../store.js'

/** The newest schema that this version knows. */
export const SCHEMA_VERSION = 2

/** Where PostgreSQL and SQLite differ. Everything else about the tables and the simple statements is shared. */
export interface SqlDialect {
  /** What precedes the name of a table: a schema with its dot, or a prefix. */
  readonly tables: string
  /** What precedes the name of an index. */
  readonly indexes: string
  /** The type of ids and digests: text that is compared byte by byte. */
  readonly id: string
  /** The type of a number that is greater in each new row. */
  readonly position: string
  /** A further column of users, where a statement cannot count the identities of a user that it has locked. */
  readonly identityCount: string
  /** Keeps the selected rows from being deleted before the statement's transaction ends. */
  readonly keep: string
  /** Skips rows that another call is removing. */
  readonly skipLocked: string
}

export type SqlTexts = ReturnType<typeof sqlTexts>

/** The statements that PostgreSQL and SQLite share. Parameters are $1, $2, … */
export function sqlTexts({ tables: t, indexes, id, position, identityCount, keep, skipLocked }: SqlDialect) {
  // A user's identities as one text: its JSON objects, joined by commas, in the order in which they were linked.
  const identities = `(SELECT string_agg(i.identity, ',' ORDER BY i.position)
    FROM ${t}identities i WHERE i.user_id = u.id) AS identities`
  const isBlocked = (key: string) => `EXISTS (SELECT 1 FROM ${t}blocks b WHERE b.key = ${key})`
  const user = `u.id, u.type, u.creation_date, u.last_authentication_date, u.disabled, ${identities}`
  const findOwner = `SELECT ${user} FROM ${t}identities o JOIN ${t}users u ON u.id = o.user_id WHERE o.key = $1`
  return {
    findUser: `SELECT ${user} FROM ${t}users u WHERE u.id = $1`,
    findOwner,
    // One row, even when nobody has the identity.
    findIdentity: `SELECT owner.*, ${isBlocked('$1')} AS blocked FROM (SELECT 1 AS one) o LEFT JOIN (${findOwner}) owner ON o.one = 1`,
    blockIdentity: `INSERT INTO ${t}blocks (key, identity) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    unblockIdentity: `DELETE FROM ${t}blocks WHERE key = $1`,
    listUsers: `SELECT ${user} FROM ${t}users u WHERE u.id > $1 ORDER BY u.id LIMIT $2`,
    setUserDisabled: `UPDATE ${t}users SET disabled = $2 WHERE id = $1`,
    deleteUser: `DELETE FROM ${t}users WHERE id = $1`,
    // A session belongs to the identity that it began with, and ends with it. Whose it is follows from that.
    createSession: `INSERT INTO ${t}sessions
      (id, identity_key, device_id, created_at, expires_at, generation, rotated_at)
      SELECT $1, i.key, $4, $5, $6, $7, $8 FROM ${t}identities i WHERE i.key = $3 AND i.user_id = $2 AND NOT ${isBlocked('i.key')} ${keep}`,
    // In the order in which they were made: the clocks of machines differ. More than one or two are what an option that
    // was lowered left.
    endOldestSessions: `DELETE FROM ${t}sessions WHERE id IN (
      SELECT s.id FROM ${t}identities i JOIN ${t}sessions s ON s.identity_key = i.key
      WHERE i.user_id = $1 ORDER BY s.position DESC LIMIT 1000 OFFSET $2)`,
    findSession: `SELECT s.id AS session_id, s.device_id, s.created_at, s.expires_at, s.generation, s.rotated_at,
      ${user} FROM ${t}sessions s JOIN ${t}identities o ON o.key = s.identity_key JOIN ${t}users u ON u.id = o.user_id
      WHERE s.id = $1 AND NOT ${isBlocked('s.identity_key')}`,
    revokeSession: `DELETE FROM ${t}sessions WHERE id = $1`,
    revokeSessions: `DELETE FROM ${t}sessions
      WHERE identity_key IN (SELECT key FROM ${t}identities WHERE user_id = $1)`,
    removeExpiredSessions: `DELETE FROM ${t}sessions WHERE id IN (
      SELECT id FROM ${t}sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 ${skipLocked})`,

    // What came before times were kept is as old as the user's newest login, or older.
    agedIdentities: `UPDATE ${t}identities SET issued_at =
      (SELECT last_authentication_date FROM ${t}users u WHERE u.id = user_id)`,
    schemaVersion: `SELECT max(version) AS version FROM ${t}schema_version`,
    schema: `
CREATE TABLE IF NOT EXISTS ${t}schema_version (version integer PRIMARY KEY);
CREATE TABLE IF NOT EXISTS ${t}users (
  id ${id} PRIMARY KEY,
  type text NOT NULL,
  creation_date bigint NOT NULL,
  last_authentication_date bigint NOT NULL,
  disabled boolean NOT NULL${identityCount}
);
CREATE TABLE IF NOT EXISTS ${t}identities (
  position ${position} PRIMARY KEY,
  key ${id} NOT NULL UNIQUE,
  user_id ${id} NOT NULL REFERENCES ${t}users ON DELETE CASCADE,
  identity text NOT NULL,
  issued_at double precision NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS ${indexes}identities_by_user ON ${t}identities (user_id, position);
CREATE TABLE IF NOT EXISTS ${t}blocks (key ${id} PRIMARY KEY, identity text NOT NULL);
CREATE TABLE IF NOT EXISTS ${t}sessions (
  position ${position} PRIMARY KEY,
  id ${id} NOT NULL UNIQUE,
  identity_key ${id} NOT NULL REFERENCES ${t}identities (key) ON DELETE CASCADE,
  device_id text NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  generation bigint NOT NULL,
  rotated_at double precision NOT NULL
);
CREATE INDEX IF NOT EXISTS ${indexes}sessions_by_identity ON ${t}sessions (identity_key, position);
CREATE INDEX IF NOT EXISTS ${indexes}sessions_by_end ON ${t}sessions (expires_at);
INSERT INTO ${t}schema_version (version) VALUES (${SCHEMA_VERSION}) ON CONFLICT DO NOTHING;
`,
  }
}

/** A number as drivers return it: pg gives a bigint as text. */
type SqlNumber = number | bigint | string

export interface UserRow {
  readonly id: string
  readonly type: UserType
  readonly creation_date: SqlNumber
  readonly last_authentication_date: SqlNumber
  readonly disabled: boolean | number
  /** JSON objects joined by commas; null for none. */
  readonly identities: string | null
}

export interface SessionRow extends UserRow {
  readonly session_id: string
  readonly device_id: string
  readonly created_at: SqlNumber
  readonly expires_at: SqlNumber
  readonly generation: SqlNumber
  readonly rotated_at: SqlNumber
}

export function toUserRecord(row: UserRow): UserRecord {
  return {
    id: row.id,
    type: row.type,
    identities: JSON.parse(`[${row.identities ?? ''}]`) as Identity[],
    creation_date: Number(row.creation_date),
    last_authentication_date: Number(row.last_authentication_date),
    disabled: Boolean(row.disabled),
  }
}

/** The one row of `findIdentity`: of users only when somebody has the identity. */
export type IdentityRow = { readonly [Column in keyof UserRow]: UserRow[Column] | null } & {
  readonly blocked: boolean | number
}

export function toFoundIdentity(row: IdentityRow | undefined): FoundIdentity {
  const user = row && row.id !== null ? toUserRecord(row as UserRow) : undefined
  return { user, blocked: Boolean(row?.blocked) }
}

export function toSessionAndUser(row: SessionRow): { session: SessionRecord; user: UserRecord } {
  const session: SessionRecord = {
    id: row.session_id,
    userId: row.id,
    deviceId: row.device_id,
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
    generation: Number(row.generation),
    rotatedAt: Number(row.rotated_at),
  }
  return { session, user: toUserRecord(row) }
}

/** The values of `createSession`, in the order of its parameters. */
export function sessionValues({ session, identity }: SessionRequest): (string | number)[] {
  const { id, userId, deviceId, createdAt, expiresAt, generation, rotatedAt } = session
  return [id, userId, identityDigest(identity), deviceId, createdAt, expiresAt, generation, rotatedAt]
}

/** An identity as its column holds it. JSON escapes what text cannot hold: NUL, and halves of a surrogate pair. */
export function identityText({ id, provider_type, provider_id, data }: Identity): string {
  return JSON.stringify({ id, provider_type, provider_id, data })
}

/** A name, for people who look at the table of blocks. */
export function identityNameText({ id, provider_type, provider_id }: IdentityName): string {
  return JSON.stringify({ id, provider_type, provider_id })
}

/**
 * A text without NUL, which PostgreSQL refuses and libsql takes for the end. It is only ever in what somebody looks
 * up, as no id has one, and then it must not find anything.
 */
export function withoutNul<Value>(value: Value): Value | string {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd') : value
}

/** @throws when the tables were made by a later version of this package */
export function checkVersion(version: number): void {
  if (version <= SCHEMA_VERSION) return
  throw new Error(
    `the tables have schema version ${version}, but this custom-jwt-auth only knows versions up to ${SCHEMA_VERSION}: ` +
      'use the version of the package that made them, or a later one',
  )
}
