// Where documents are kept: a MongoDB server, or, without one, this process.
import { MongoClient, type Collection as MongoCollection } from 'mongodb'
import { EmbeddedCollection } from './embedded.js'
import type { Document } from './formats.js'

/** What the actions need of a collection. */
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

/** Nothing that one request asks of a server may take longer than this. */
const TIMEOUT_MS = 5000

/**
 * A MongoDB server.
 * @throws when it cannot be reached
 */
export async function mongoDatabase(uri: string): Promise<Database> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: TIMEOUT_MS })
  await client.connect()
  return {
    // Numbers keep their BSON types, for those who ask for Extended JSON.
    collection: (database, name) =>
      inTime(client.db(database).collection(name, { promoteValues: false }), { maxTimeMS: TIMEOUT_MS }),
    close: () => client.close(),
  }
}

/** The collection, whose server gives up on what takes too long. */
function inTime(collection: MongoCollection, limit: { maxTimeMS: number }): Collection {
  return {
    find: (filter, options) => collection.find(filter, { ...options, ...limit }),
    insertOne: (document) => collection.insertOne(document, limit),
    insertMany: (documents) => collection.insertMany(documents, limit),
    updateOne: (filter, update, options) => collection.updateOne(filter, update, { ...options, ...limit }),
    updateMany: (filter, update, options) => collection.updateMany(filter, update, { ...options, ...limit }),
    replaceOne: (filter, document, options) =>
      collection.replaceOne(filter, document, { ...options, ...limit }),
    deleteOne: (filter) => collection.deleteOne(filter, limit),
    deleteMany: (filter) => collection.deleteMany(filter, limit),
    aggregate: (pipeline) => collection.aggregate(pipeline, limit),
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
