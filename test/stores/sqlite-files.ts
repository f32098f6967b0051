import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { SqliteDatabase } from 'custom-jwt-auth/stores/sqlite'
import Libsql from 'libsql'

/** Removed when the tests of this process are over. */
export const folder = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-'))
let files = 0
export const newPath = (): string => join(folder, `${String((files += 1))}.db`)

after(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Driver {
  readonly name: 'node:sqlite' | 'libsql'
  readonly open: (path: string) => SqliteDatabase
}
type Constructor = new (path: string) => SqliteDatabase

const libsql: Driver = { name: 'libsql', open: (path) => new Libsql(path) }
const builtin = process.getBuiltinModule('node:sqlite') as { DatabaseSync: Constructor } | undefined
const nodeSqlite: Driver[] = builtin
  ? [{ name: 'node:sqlite', open: (path) => new builtin.DatabaseSync(path) }]
  : []

/** All drivers that this Node has. */
export const drivers: readonly Driver[] = [...nodeSqlite, libsql]
/** The one that `sqliteStore({ path })` takes. */
export const chosen: Driver = nodeSqlite[0] ?? libsql
