import {
  callable,
  lenient,
  mistake,
  readOptions,
  text,
  type Parsed,
  type ParsersOf,
} from '../../option-parsers.js'
import { Problems } from '../../problems.js'
import { idCodec, type BlockDocument, type SessionDocument, type UserDocument } from './documents.js'
import type { MongoCollection, MongoDatabase, ObjectIdClass } from './driver.js'
import { importUsers } from './import.js'
import { checkIdType, ensureIndexes } from './indexes.js'
import { migrate, type VersionDocument } from './migrate.js'
import { sessionVerbs } from './sessions.js'
import { userVerbs } from './users.js'
import type { Store } from '../store.js'

export type { MongoDatabase, ObjectIdClass } from './driver.js'

/** Where the MongoDB store keeps users and sessions. */
export interface MongodbStoreOptions {
  /** A database of the package `mongodb`, version 6 or 7: `client.db()`. The app closes its client itself. */
  readonly db: MongoDatabase
  /** Default: `auth_users`. */
  readonly usersCollection?: string
  /** Default: `auth_sessions`. */
  readonly sessionsCollection?: string
  /**
   * The driver's class `ObjectId`, for users whose `_id` has that type, because the app's other collections refer to
   * them or `mongoimport` created them. Default: `_id` is text. All users must have the same type.
   */
  readonly ObjectId?: ObjectIdClass
}

// The app may have configured its database for other types, or for reads from secondaries, which lag behind.
const SETTINGS = {
  promoteValues: true,
  promoteLongs: true,
  useBigInt64: false,
  raw: false,
  readPreference: 'primary',
}

/**
 * Keeps users and sessions in MongoDB 5 or later, for any number of machines. A user with its identities is one
 * document, so that each verb needs just one atomic write: no transaction, and no replica set. Reads go to the primary;
 * writes are acknowledged by a majority, unless the database has a write concern of its own.
 *
 * @throws {ConfigurationError} at once, when an option is wrong
 * @example
 * const client = new MongoClient(process.env.MONGODB_URI)
 * const auth = customJwtAuth({ …, store: mongodbStore({ db: client.db('app') }) })
 * await auth.ready() // creates the indexes, and fails when the unique one cannot be created
 */
export function mongodbStore(options: MongodbStoreOptions): Store {
  const { db, usersCollection, sessionsCollection, ObjectId } = parseOptions(options)
  const settings = { ...SETTINGS, writeConcern: { w: 'majority', ...db.writeConcern } }
  const users = db.collection(usersCollection, settings) as MongoCollection<UserDocument>
  const sessions = db.collection(sessionsCollection, settings) as MongoCollection<SessionDocument>
  const versions = db.collection(`${usersCollection}.version`, settings) as MongoCollection<VersionDocument>
  const blocksCollection = `${usersCollection}.blocked`
  const blocks = db.collection(blocksCollection, settings) as MongoCollection<BlockDocument>
  const parts = { users, sessions, blocks, ids: idCodec(ObjectId), usersCollection, blocksCollection }

  async function prepare(): Promise<void> {
    // The driver connects by itself, but does not retry after a failure. When connected, this does nothing.
    await db.client?.connect()
    await ensureIndexes({ users, usersCollection, sessions, sessionsCollection })
    await checkIdType(usersCollection, users, ObjectId)
    await migrate({ users, sessions, versions })
  }

  let preparation: Promise<void> | undefined
  function ready(): Promise<void> {
    preparation ??= prepare().catch((error: unknown) => {
      preparation = undefined
      throw error
    })
    return preparation
  }

  /** A verb that waits until the indexes exist: not every app awaits `auth.ready()`. */
  function prepared<Args extends unknown[], Answer>(verb: (...args: Args) => Promise<Answer>) {
    return async (...args: Args): Promise<Answer> => {
      await ready()
      return verb(...args)
    }
  }

  const user = userVerbs(parts)
  const session = sessionVerbs(parts)
  return {
    ready,
    signIn: prepared(user.signIn),
    findUser: prepared(user.findUser),
    findIdentity: prepared(user.findIdentity),
    setIdentityBlocked: prepared(user.setIdentityBlocked),
    listUsers: prepared(user.listUsers),
    setUserDisabled: prepared(user.setUserDisabled),
    deleteUser: prepared(user.deleteUser),
    linkIdentity: prepared(user.linkIdentity),
    unlinkIdentity: prepared(user.unlinkIdentity),
    importUsers: prepared((records) => importUsers(users, parts.ids, records)),
    createSession: prepared(session.createSession),
    findSession: prepared(session.findSession),
    rotateSession: prepared(session.rotateSession),
    revokeSession: prepared(session.revokeSession),
    revokeSessions: prepared(session.revokeSessions),
    removeExpiredSessions: prepared(session.removeExpiredSessions),
  }
}

const collectionName = text("Pass a collection's name")

const MONGODB_STORE_OPTIONS = {
  db: readDatabase,
  usersCollection: lenient('auth_users', collectionName),
  sessionsCollection: lenient('auth_sessions', collectionName),
  ObjectId: lenient(undefined, callable<ObjectIdClass>()),
} satisfies ParsersOf<MongodbStoreOptions>

function parseOptions(options: MongodbStoreOptions) {
  const problems = new Problems()
  const found = readOptions('mongodbStore', MONGODB_STORE_OPTIONS, options, problems)
  if (found.usersCollection !== undefined && found.usersCollection === found.sessionsCollection)
    problems.add('mongodbStore.sessionsCollection', 'is the same as usersCollection', 'Pass another name')
  problems.throwIfAny()
  return found as Parsed<typeof MONGODB_STORE_OPTIONS>
}

function readDatabase(db: unknown): MongoDatabase {
  const { collection, writeConcern } = (db ?? {}) as Partial<MongoDatabase>
  if (typeof collection !== 'function')
    throw mistake(
      'is not a database of the package mongodb',
      'Install it (npm install mongodb) and pass new MongoClient(uri).db()',
    )
  if (writeConcern?.w === 0)
    throw mistake(
      'has a write concern of 0, so that the server does not say what it wrote',
      "Pass client.db(name, { writeConcern: { w: 'majority' } })",
    )
  return db as MongoDatabase
}
