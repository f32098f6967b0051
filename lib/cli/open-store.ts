import { isAbsolute, join } from 'node:path'
import type { Store } from '../stores/store.js'
import { OperationError, UsageError } from './command.js'

/** A store that a URL names, and how to close all that was opened for it. */
export interface OpenStore {
  readonly store: Store
  close(): Promise<void>
}

/**
 * Opens the store that a URL names: `sqlite:<path>`, `postgres://…` or `mongodb://…`. Its driver is loaded only now.
 * @param objectIds whether users in MongoDB have an `_id` of type ObjectId
 */
export async function openStore(url: string, objectIds = false): Promise<OpenStore> {
  const [, scheme = '', rest = ''] = /^([a-z0-9+]+):(.*)$/s.exec(url) ?? []
  if (objectIds && !scheme.startsWith('mongodb')) throw new UsageError('--object-ids is for mongodb:// only')
  switch (scheme) {
    case 'sqlite':
      return openSqlite(rest.replace(/^\/\//, ''))
    case 'postgres':
    case 'postgresql':
      return openPostgres(url)
    case 'mongodb':
    case 'mongodb+srv':
      return openMongodb(url, objectIds)
    default:
      throw new UsageError('--store is sqlite:<path>, postgres://… or mongodb://…')
  }
}

async function openSqlite(path: string): Promise<OpenStore> {
  if (path === '') throw new UsageError('--store sqlite: lacks the path of a file, e.g. sqlite:users.db')
  const { sqliteStore } = await import('../stores/sql/sqlite.js')
  const store = sqliteStore({ path: isAbsolute(path) ? path : join(process.cwd(), path) })
  return { store, close: async () => store.close?.() }
}

async function openPostgres(url: string): Promise<OpenStore> {
  const { default: pg } = await load('pg', () => import('pg'))
  const { postgresStore } = await import('../stores/sql/postgres.js')
  if (!URL.canParse(url)) throw unreadable('PostgreSQL')
  const pool = new pg.Pool({ connectionString: url, connectionTimeoutMillis: 10_000, max: 2 })
  // An idle connection broke: the next query will report it.
  pool.on('error', () => undefined)
  return { store: postgresStore({ pool }), close: () => pool.end() }
}

async function openMongodb(url: string, objectIds: boolean): Promise<OpenStore> {
  const { MongoClient, ObjectId } = await load('mongodb', () => import('mongodb'))
  const { mongodbStore } = await import('../stores/mongodb/mongodb.js')
  if (!/^mongodb(?:\+srv)?:\/\/[^/]+\/[^/?]+/.test(url))
    throw new UsageError('--store mongodb://… lacks the name of a database: mongodb://host/name')
  const client = tryUrl(() => new MongoClient(url, { serverSelectionTimeoutMS: 10_000 }))
  const store = mongodbStore({ db: client.db(), ...(objectIds && { ObjectId }) })
  return { store, close: () => client.close() }
}

function tryUrl<T>(use: () => T): T {
  try {
    return use()
  } catch {
    throw unreadable('MongoDB')
  }
}

/** Replaces the driver's message, which may quote a password. */
function unreadable(database: string): UsageError {
  return new UsageError(
    `--store is not a URL that ${database} understands: percent-encode the password, and spell options as in its manual`,
  )
}

/** Loads a driver that the user has to install: the app's, unless there is one next to this package. */
async function load<T>(name: string, importIt: () => Promise<T>): Promise<T> {
  try {
    return await importIt()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new OperationError(
      `the package ${name} is not installed: run npm install custom-jwt-auth ${name} in a folder, and run this command there`,
    )
  }
}
