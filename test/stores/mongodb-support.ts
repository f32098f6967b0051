import { after } from 'node:test'
import type { Store } from 'custom-jwt-auth'
import { mongodbStore, type MongoDatabase, type MongodbStoreOptions } from 'custom-jwt-auth/stores/mongodb'
import { MongoClient, type CommandStartedEvent, type Db, type Document, type ObjectId } from 'mongodb'

/** A document, as the driver returns it to the app. */
export interface Kept extends Document {
  _id: string | ObjectId
}

let databases = 0

/** Opens a database of the calling file's own, which is dropped at the end, and records the commands it is sent. */
export function openDatabase(url: string): {
  db: Db
  commands: CommandStartedEvent[]
  clear: () => Promise<void>
} {
  const client = new MongoClient(url, { monitorCommands: true })
  const commands: CommandStartedEvent[] = []
  client.on('commandStarted', (event) => {
    if (event.commandName !== 'endSessions') commands.push(event)
  })
  databases += 1
  const db = client.db(`custom-jwt-auth-${process.pid}-${databases}`)
  after(async () => {
    await db.dropDatabase()
    await client.close()
  })
  const clear = async (): Promise<void> => {
    for (const name of ['auth_users', 'auth_sessions', 'auth_users.blocked']) await db.collection(name).drop()
  }
  return { db, commands, clear }
}

/** What happens just before the store calls a method, by collection and method: `auth_users.findOneAndUpdate`. */
export type Meddling = Readonly<Record<string, () => Promise<unknown>>>

/** A store between whose steps something happens. */
export function meddledStore(
  db: Db,
  meddling: Meddling,
  options: Omit<MongodbStoreOptions, 'db'> = {},
): Store {
  const meddled: MongoDatabase = {
    collection: (name, settings) =>
      new Proxy(db.collection(name, settings), {
        get(collection, method: string) {
          const original = (collection[method as keyof typeof collection] as Method).bind(collection)
          const before = meddling[`${name}.${method}`]
          if (!before) return original
          const later = async (...args: unknown[]) => before().then(() => original(...args))
          // A cursor, which asks the server when it is read.
          if (method === 'find')
            return (...args: unknown[]) => ({
              toArray: async () => ((await later(...args)) as Cursor).toArray(),
            })
          return later
        },
      }),
  }
  return mongodbStore({ db: meddled, ...options })
}

type Method = (...args: unknown[]) => unknown

interface Cursor {
  toArray(): Promise<unknown[]>
}
