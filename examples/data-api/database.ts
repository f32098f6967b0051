// Where documents are kept: a MongoDB server, or, without one, this process.
import { MongoClient } from 'mongodb'
import { EmbeddedCollection } from './embedded.js'
import type { Document } from './formats.js'

/** What the actions need of a collection: the driver's own has it, and so has the embedded one. */
export interface Collection {
  find(filter: Document, options: FindOptions): Cursor
  insertOne(document: Document): Promise<{ insertedId: unknown }>
  insertMany(documents: Document[]): Promise<{ insertedIds: Record<number, unknown> }>
  updateOne(filter: Document, update: Document, options: WriteOptions): Promise<WriteResult>
  updateMany(filter: Document, update: Document, options: WriteOptions): Promise<WriteResult>
  replaceOne(filter: Document, replacement: Document, options: WriteOptions): Promise<WriteResult>
  deleteOne(filter: Document): Promise<{ deletedCount: number }>
  deleteMany(filter: Document): Promise<{ deletedCount: number }>
  aggregate(pipeline: Document[]): Cursor
}

export interface Cursor {
  toArray(): Promise<Document[]>
}

export interface FindOptions {
  readonly projection?: Document
  readonly sort?: Record<string, 1 | -1>
  readonly limit: number
  readonly skip?: number
}

export interface WriteOptions {
  readonly upsert: boolean
}

export interface WriteResult {
  readonly matchedCount?: number
  readonly modifiedCount?: number
  readonly upsertedId?: unknown
}

export interface Database {
  collection(database: string, name: string): Collection
  close(): Promise<void>
}

/** A MongoDB server. Nothing that one request asks may take longer than this. */
const TIMEOUT_MS = 5000

/** @throws when the server cannot be reached */
export async function mongoDatabase(uri: string): Promise<Database> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: TIMEOUT_MS, timeoutMS: TIMEOUT_MS })
  await client.connect()
  return {
    // Numbers keep their BSON types, for those who ask for Extended JSON.
    collection: (database, name) => client.db(database).collection(name, { promoteValues: false }),
    close: () => client.close(),
  }
}

/** Documents in this process, gone when it ends. For trying out. */
export function embeddedDatabase(): Database {
  const collections = new Map<string, Collection>()
  return {
    collection(database, name) {
      const key = `${database}.${name}`
      const collection = collections.get(key) ?? new EmbeddedCollection()
      collections.set(key, collection)
      return collection
    },
    close: () => Promise.resolve(),
  }
}
