import { sqlTexts, withoutNul, type SqlDialect } from './shared.js'
import type { SqliteDatabase } from './sqlite-driver.js'

const dialect: SqlDialect = {
  tables: 'custom_jwt_auth_',
  indexes: 'custom_jwt_auth_',
  id: 'text',
  position: 'integer',
  // BEGIN IMMEDIATE has locked all.
  identityCount: '',
  keep: '',
  skipLocked: '',
}
const { schema, schemaVersion, agedIdentities, ...shared } = sqlTexts(dialect)
const t = dialect.tables

/** Makes the tables where they are missing. */
export const SCHEMA = schema

/**
 * Makes the tables of version 1 into those of version 2. Nobody wrote down what a session began with: it is taken for
 * the user's first identity.
 */
export const MIGRATE_FROM_1 = `
ALTER TABLE ${t}identities ADD COLUMN issued_at double precision NOT NULL DEFAULT 0;
${agedIdentities};
CREATE TABLE ${t}sessions_1 AS SELECT * FROM ${t}sessions;
DROP TABLE ${t}sessions;
${schema}
INSERT INTO ${t}sessions (id, identity_key, device_id, created_at, expires_at, generation, rotated_at)
  SELECT s.id, i.key, s.device_id, s.created_at, s.expires_at, s.generation, s.rotated_at
  FROM ${t}sessions_1 s JOIN ${t}identities i
    ON i.position = (SELECT min(position) FROM ${t}identities WHERE user_id = s.user_id)
  ORDER BY s.created_at, s.rowid;
DROP TABLE ${t}sessions_1;
`

/** What the store runs: the statements shared with PostgreSQL, and the steps of its transactions. */
export const SQLITE_TEXTS = {
  ...shared,
  addUser: `INSERT INTO ${t}users (id, type, creation_date, last_authentication_date, disabled)
    VALUES ($1, $2, $3, $4, $5)`,
  refreshUser: `UPDATE ${t}users SET last_authentication_date = $2 WHERE id = $1`,
  refreshIdentity: `UPDATE ${t}identities SET identity = $2, issued_at = $3 WHERE key = $1 AND issued_at <= $3`,
  // Changes nothing when another user has the identity.
  linkIdentity: `INSERT INTO ${t}identities (key, user_id, identity, issued_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (key) DO UPDATE SET issued_at = max(issued_at, excluded.issued_at),
      identity = CASE WHEN issued_at <= excluded.issued_at THEN excluded.identity ELSE identity END
    WHERE user_id = excluded.user_id`,
  unlinkIdentity: `DELETE FROM ${t}identities WHERE key = $2 AND user_id = $1`,
  rotateSession: `UPDATE ${t}sessions SET generation = generation + 1, rotated_at = $3
    WHERE id = $1 AND generation = $2`,
}

interface Statement {
  /** Returns how many rows changed. */
  run(...values: (string | number)[]): number
  get(...values: (string | number)[]): unknown
  all(...values: (string | number)[]): unknown[]
}

export type SqliteStatements = { readonly [Name in keyof typeof SQLITE_TEXTS]: Statement }

export function prepareStatements(database: SqliteDatabase): SqliteStatements {
  const entries = Object.entries(SQLITE_TEXTS).map(([name, text]) => [name, prepare(database, text)])
  return Object.fromEntries(entries) as SqliteStatements
}

/** The version of the tables; undefined when there are none. */
export function readVersion(database: SqliteDatabase): number | undefined {
  const table = database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(`${t}schema_version`)
  if (!table) return undefined
  return Number((database.prepare(schemaVersion).get() as { version: unknown }).version)
}

// Drivers agree on `?` alone, so each $n becomes one, and the values are put into that order.
function prepare(database: SqliteDatabase, text: string): Statement {
  const order: number[] = []
  const questions = text.replace(/\$(\d+)/g, (_parameter, number: string) => {
    order.push(Number(number) - 1)
    return '?'
  })
  const statement = database.prepare(questions)
  const inOrder = (values: (string | number)[]) => order.map((index) => bindable(values[index] ?? ''))
  return {
    run: (...values) => Number(statement.run(...inOrder(values)).changes),
    get: (...values) => statement.get(...inOrder(values)),
    all: (...values) => statement.all(...inOrder(values)),
  }
}

// An app's mistake for an id, such as an object out of a query string, is a list of parameters to drivers: libsql would
// look up what is in an array, and end the process for other objects.
function bindable(value: unknown): string | number {
  if (typeof value === 'string') return withoutNul(value)
  if (typeof value === 'number') return value
  throw new TypeError(`sqliteStore was given ${typeof value} for a string or a number`)
}
