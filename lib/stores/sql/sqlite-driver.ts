import { closeSync, existsSync, openSync } from 'node:fs'
import { ConfigurationError } from '../../configuration-error.js'
import requirePeer from './require.cjs'

/** A prepared statement, as every synchronous SQLite driver has it. */
export interface SqliteStatement {
  /** Runs the statement, and says how many rows it changed. */
  run(...values: (string | number)[]): { readonly changes: number | bigint }
  /** The first row, if there is one. */
  get(...values: (string | number)[]): unknown
  /** All rows. */
  all(...values: (string | number)[]): unknown[]
}

/**
 * An open database: `DatabaseSync` of node:sqlite, `Database` of libsql, and whatever else has these three methods,
 * is synchronous, and has SQLite 3.44 or later inside.
 */
export interface SqliteDatabase {
  /** Runs statements that return nothing. */
  exec(sql: string): unknown
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement
  /** Closes the database. */
  close(): unknown
}

type Open = (path: string) => SqliteDatabase

/**
 * Opens a file with node:sqlite if Node has it (22.13 or later), otherwise with libsql.
 * @throws {ConfigurationError} when neither is available, or when the file cannot be opened
 */
export function openDatabase(path: string): SqliteDatabase {
  const open = loadNodeSqlite() ?? loadLibsql()
  try {
    createForOwner(path)
    return open(path)
  } catch (error) {
    throw new ConfigurationError([
      {
        option: 'sqliteStore.path',
        problem: `cannot be opened: ${firstLine(error)}`,
        fix: 'Pass a file in an existing folder that this process may write to',
      },
    ])
  }
}

/** Whether the driver says that another connection holds the lock: SQLITE_BUSY or one of its extended codes. */
export function isBusy(error: unknown): boolean {
  // node:sqlite has errcode, libsql rawCode, better-sqlite3 only a text.
  const { errcode, rawCode, code } = (error ?? {}) as { errcode?: unknown; rawCode?: unknown; code?: unknown }
  const number = errcode ?? rawCode
  if (typeof number === 'number') return (number & 0xff) === 5
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY')
}

/**
 * Creates the file readable only by its owner, which SQLite's other files inherit. An existing file is left as it is.
 * @throws when it cannot be made
 */
function createForOwner(path: string): void {
  // Neither is a path of a file: SQLite's names for a database in memory, and URIs.
  if (path === ':memory:' || /^[a-z][a-z+]+:/i.test(path)) return
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600))
}

function loadNodeSqlite(): Open | undefined {
  // Not an import: a Node or a bundler that does not know the module would fail to load this file.
  const module = process.getBuiltinModule('node:sqlite') as
    { DatabaseSync: new (path: string) => SqliteDatabase } | undefined
  return module && ((path) => new module.DatabaseSync(path))
}

function loadLibsql(): Open {
  try {
    const Database = requirePeer('libsql') as new (path: string) => SqliteDatabase
    return (path) => new Database(path)
  } catch (error) {
    throw new ConfigurationError([
      {
        option: 'sqliteStore.path',
        problem: `needs a driver: Node ${process.versions.node} has no node:sqlite, and libsql cannot be loaded (${firstLine(error)})`,
        fix: 'Run `npm install libsql`, or use Node 22.13 or later',
      },
    ])
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
