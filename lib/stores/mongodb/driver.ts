// What the store uses of the driver's Db and Collection. Written down here, because the classes of mongodb 6 and 7 are
// not assignable to each other, and so that an app without MongoDB needs no types of it.

/** A database of the package `mongodb`, version 6 or 7: what `client.db(name)` returns. */
export interface MongoDatabase {
  /** How many members have to acknowledge a write. */
  readonly writeConcern?: { readonly w?: number | string | undefined } | undefined
  /** The client that it belongs to. */
  readonly client?: { connect(): Promise<unknown> }
  /** One of its collections. */
  collection(name: string, options?: object): unknown
}

/** The driver's class `ObjectId`. */
export type ObjectIdClass = new (hex: string) => ObjectIdValue

export interface ObjectIdValue {
  toHexString(): string
}

type Filter = Readonly<Record<string, unknown>>
type Update = Readonly<Record<string, object>>

export interface MongoCollection<T extends object> extends IndexedCollection {
  findOne(filter: Filter, options?: object): Promise<T | null>
  find(filter: Filter, options?: object): { toArray(): Promise<T[]> }
  aggregate(pipeline: readonly object[]): { toArray(): Promise<object[]> }
  insertOne(document: T): Promise<unknown>
  insertMany(documents: readonly T[], options: { ordered: boolean }): Promise<unknown>
  updateOne(filter: Filter, update: Update, options?: object): Promise<{ matchedCount: number }>
  updateMany(filter: Filter, update: readonly object[]): Promise<unknown>
  findOneAndUpdate(filter: Filter, update: Update, options: object): Promise<T | null>
  findOneAndDelete(filter: Filter, options?: object): Promise<T | null>
  deleteOne(filter: Filter): Promise<{ deletedCount: number }>
  deleteMany(filter: Filter): Promise<{ deletedCount: number }>
}

export interface IndexedCollection {
  findOne(filter: Filter, options?: object): Promise<object | null>
  createIndexes(indexes: readonly object[]): Promise<unknown>
  dropIndex(name: string): Promise<unknown>
  listIndexes(): { toArray(): Promise<IndexDescription[]> }
}

export interface IndexDescription {
  readonly name: string
  readonly key: Readonly<Record<string, unknown>>
  readonly unique?: boolean
  readonly sparse?: boolean
  readonly partialFilterExpression?: object
  readonly collation?: object
  readonly expireAfterSeconds?: number
}

const DUPLICATE_KEY = 11000

/** Whether a write was refused by a unique index. Its message differs from server to server: only the code counts. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === DUPLICATE_KEY
}

/**
 * Of a bulk insert that failed, which documents a unique index refused, by their place in the bulk.
 * @throws the error itself, when anything else went wrong
 */
export function duplicatesOf(error: unknown): Set<number> {
  const { writeErrors, result } = error as {
    writeErrors?: readonly { index: number; code: number }[]
    result?: { getWriteConcernError(): unknown }
  }
  const refused = isDuplicateKey(error) ? [writeErrors ?? []].flat() : []
  const isAll = refused.every(({ code }) => code === DUPLICATE_KEY)
  if (refused.length === 0 || !isAll || result?.getWriteConcernError()) throw error
  return new Set(refused.map(({ index }) => index))
}
