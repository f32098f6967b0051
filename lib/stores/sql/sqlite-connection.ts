import { setTimeout as sleep } from 'node:timers/promises'
import { ConfigurationError } from '../../configuration-error.js'
import type { MaybePromise } from '../../user.js'
import { checkVersion, SCHEMA_VERSION } from './shared.js'
import { isBusy, type SqliteDatabase } from './sqlite-driver.js'
import {
  MIGRATE_FROM_1,
  prepareStatements,
  readVersion,
  SCHEMA,
  type SqliteStatements,
} from './sqlite-statements.js'

/** How long SQLite itself waits for a lock, blocking the process. Longer waits happen alongside other work. */
const BUSY_TIMEOUT_MS = 20
const BUSY_DEADLINE_MS = 5000

/** Runs work on an open database: at once, or once another process has released its lock. */
export interface SqliteConnection {
  /** For one statement that reads. */
  readonly read: <T>(work: (sql: SqliteStatements) => T) => MaybePromise<T>
  /** One transaction: all of the work, or nothing when it throws. It may run again; only the last run counts. */
  readonly write: <T>(work: (sql: SqliteStatements) => T) => MaybePromise<T>
  /** Closes the database if this package opened it. */
  readonly close: () => void
}

/**
 * @param isOurs whether this package opened the database; it configures and closes no other
 * @param busyDeadlineMs how long a lock of another process is waited for before the call throws
 */
export function connect(
  { database, isOurs }: { database: SqliteDatabase; isOurs: boolean },
  busyDeadlineMs = BUSY_DEADLINE_MS,
): SqliteConnection {
  let statements: SqliteStatements | undefined
  let isClosed = false
  /** While the database is locked: the pause until one call may try again. */
  let pause: Promise<void> | undefined
  const isPaused = (): boolean => pause !== undefined

  function transaction<T>(work: () => T): T {
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      try {
        database.exec('ROLLBACK')
      } catch {
        // After a full disk or an I/O error SQLite has rolled back by itself. The first error is the one to tell.
      }
      throw error
    }
  }

  function prepare(): SqliteStatements {
    requireVersion(database)
    if (isOurs) {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
      database.exec('PRAGMA journal_mode = WAL')
      database.exec('PRAGMA synchronous = FULL')
      database.exec('PRAGMA foreign_keys = ON')
    } else requireForeignKeys(database)
    if ((readVersion(database) ?? 0) < SCHEMA_VERSION)
      transaction(() => {
        // Read again: another process may have been faster.
        database.exec(readVersion(database) === 1 ? MIGRATE_FROM_1 : SCHEMA)
      })
    checkVersion(readVersion(database) ?? 0)
    return prepareStatements(database)
  }

  function statementsNow(): SqliteStatements {
    if (isClosed) throw new Error('the SQLite store is closed')
    return (statements ??= prepare())
  }

  function callOrWait<T>(call: () => T): MaybePromise<T> {
    try {
      return call()
    } catch (error) {
      if (isBusy(error)) return waitAndCall(call)
      throw error
    }
  }

  async function waitAndCall<T>(call: () => T): Promise<T> {
    const deadline = performance.now() + busyDeadlineMs
    let cause: unknown
    while (performance.now() < deadline) {
      pause ??= sleep(1 + Math.random() * 9).then(() => {
        pause = undefined
      })
      await pause
      // Of all that wait, one tries first: when it finds the database still locked, the others need not try.
      if (isPaused()) continue
      try {
        return call()
      } catch (error) {
        if (!isBusy(error)) throw error
        cause = error
      }
    }
    throw new Error(`the SQLite database was locked for ${busyDeadlineMs} ms`, { cause })
  }

  return {
    // A lock bars no reader, but in rare moments, e.g. when the file is new.
    read: (work) => callOrWait(() => work(statementsNow())),
    write(work) {
      const call = () => {
        const sql = statementsNow()
        // Also of a single statement: of what libsql finds locked, only BEGIN leaves nothing behind that bars a COMMIT.
        return transaction(() => work(sql))
      }
      return isPaused() ? waitAndCall(call) : callOrWait(call)
    },
    close() {
      if (!isOurs || isClosed) return
      isClosed = true
      try {
        // Closing does not always do it, and then the file alone, without the one that ends in -wal, holds nobody.
        if (statements) database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
      } finally {
        statements = undefined
        database.close()
      }
    },
  }
}

// A Node that is built on the system's SQLite may have an older one too.
function requireVersion(database: SqliteDatabase): void {
  const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: unknown }
  const [major = 0, minor = 0] = String(version).split('.').map(Number)
  if (major > 3 || (major === 3 && minor >= 44)) return
  throw new ConfigurationError([
    {
      option: 'sqliteStore',
      problem: `needs SQLite 3.44 or later, but the driver has ${String(version)}`,
      fix: 'Use a newer version of the driver, or a Node that brings its own SQLite',
    },
  ])
}

function requireForeignKeys(database: SqliteDatabase): void {
  const { foreign_keys } = database.prepare('PRAGMA foreign_keys').get() as { foreign_keys: unknown }
  if (Number(foreign_keys) === 1) return
  throw new ConfigurationError([
    {
      option: 'sqliteStore.database',
      problem: 'does not enforce foreign keys, so that sessions would outlive their users',
      fix: 'Run PRAGMA foreign_keys = ON on it first',
    },
  ])
}
