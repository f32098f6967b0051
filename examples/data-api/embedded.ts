// An embedded engine: MongoDB's query language, by the package mingo, over documents in this process's memory.
import { Aggregator, find, updateOne } from 'mingo'
import { BSON } from 'mongodb'
import { checkComparisons } from './comparisons.js'
import type { Collection, Cursor, FindOptions, WriteOptions } from './database.js'
import { refusedByDatabase } from './errors.js'
import { isDocument, partsOf, walk, type Document } from './formats.js'
import { OWNER_FIELD } from './rules.js'

const { BSONRegExp, EJSON, ObjectId } = BSON

const OPTIONS = { scriptEnabled: false }
const MAX_DOCUMENTS = 10_000
/** What one user may fill of them. */
const MAX_OWN_DOCUMENTS = 2000
/** What one stage of a pipeline may make, in items and characters. */
const MAX_SIZE = 4_000_000
/** The items of all lists in a document. */
const MAX_ITEMS = 1_000_000

export class EmbeddedCollection implements Collection {
  /** By `_id`, as Extended JSON. */
  #documents = new Map<string, Document>()

  find(filter: Document, { projection = {}, sort, skip = 0, limit }: FindOptions): Cursor {
    return this.#cursor(() => {
      const own = this.#own(filter, filter, projection, sort)
      const found = find<Document>(own, forMingo(filter), {}, OPTIONS)
      const page = (sort ? found.sort(sort) : found).skip(skip).limit(limit).all()
      return find<Document>(page.map(copy), {}, projection, OPTIONS).all() // it takes fields out of what it is given
    })
  }

  aggregate([narrowing, ...stages]: Document[]): Cursor {
    return this.#cursor(() => {
      if (!isDocument(narrowing?.$match)) throw new Error('a pipeline begins with $match')
      // mingo's other stages write into what they are given.
      return forMingo(stages).reduce(runStage, this.#own(narrowing.$match, stages).map(copy))
    })
  }

  async insertOne(document: Document) {
    const { insertedIds } = await this.insertMany([document])
    return { insertedId: insertedIds[0] }
  }

  insertMany(documents: Document[]) {
    return run(() => {
      const insertedIds = documents.map((document) => {
        const stored = { _id: new ObjectId(), ...forMingo(document) }
        this.#insert(stored)
        return stored._id
      })
      return { insertedIds }
    })
  }

  updateOne(filter: Document, update: Document, { upsert }: WriteOptions) {
    return run(() => this.#update(filter, update, upsert, 1))
  }

  updateMany(filter: Document, update: Document, { upsert }: WriteOptions) {
    return run(() => this.#update(filter, update, upsert, Infinity))
  }

  replaceOne(filter: Document, replacement: Document, { upsert }: WriteOptions) {
    return run(() => {
      const [old] = this.#matching(filter)
      if (!old && !upsert) return { matchedCount: 0, modifiedCount: 0 }
      const { _id = new ObjectId() } = old ?? equalities(forMingo(filter), ['_id'])
      const document = { _id, ...forMingo(replacement) }
      if (!old) return this.#upsert(document)
      return { matchedCount: 1, modifiedCount: this.#replace(old, document) }
    })
  }

  deleteOne(filter: Document) {
    return run(() => this.#delete(filter, 1))
  }

  deleteMany(filter: Document) {
    return run(() => this.#delete(filter, Infinity))
  }

  /** The documents of the owner to whom a filter is narrowed, when there are not too many for what is asked of them. */
  #own(filter: Document, ...asked: unknown[]): Document[] {
    const owner = isDocument(filter) && Array.isArray(filter.$and) ? (filter.$and as Document[])[0] : filter
    const own = this.#ownedBy(owner?.[OWNER_FIELD])
    checkComparisons(own, asked)
    return own
  }

  #ownedBy(owner: unknown): Document[] {
    if (typeof owner !== 'string') throw new Error('a filter begins with the owner')
    return [...this.#documents.values()].filter((document) => document[OWNER_FIELD] === owner)
  }

  /** @param update what is going to be done to each of them */
  #matching(filter: Document, update: Document = {}): Document[] {
    return find<Document>(this.#own(filter, filter, update), forMingo(filter), {}, OPTIONS).all()
  }

  #cursor(read: () => Document[]): Cursor {
    return { toArray: () => run(() => read().map(copy)) }
  }

  #insert(document: Document): void {
    const key = keyOf(document)
    if (this.#documents.has(key))
      throw refusedByDatabase(`duplicate key: there is a document with _id ${key}`)
    if (this.#documents.size === MAX_DOCUMENTS) throw refusedByDatabase('the embedded engine is full')
    if (this.#ownedBy(document[OWNER_FIELD]).length === MAX_OWN_DOCUMENTS)
      throw refusedByDatabase(`the embedded engine keeps at most ${MAX_OWN_DOCUMENTS} documents of one user`)
    this.#documents.set(key, document)
  }

  #upsert(document: Document) {
    this.#insert(document)
    return { matchedCount: 0, modifiedCount: 0, upsertedId: document._id }
  }

  /** Returns how many documents changed. */
  #replace(old: Document, document: Document): number {
    const key = keyOf(old)
    if (keyOf(document) !== key) throw refusedByDatabase('the field _id cannot be changed')
    this.#documents.set(key, document)
    return EJSON.stringify(old) === EJSON.stringify(document) ? 0 : 1
  }

  #update(filter: Document, update: Document, upsert: boolean, limit: number) {
    const { $setOnInsert, ...modifier } = forMingo(update)
    const matching = this.#matching(filter, update).slice(0, limit)
    if (matching.length === 0 && upsert) {
      const seed = updated({}, { $set: equalities(forMingo(filter)) })
      const inserted = isDocument($setOnInsert) ? updated(seed, { $set: $setOnInsert }) : seed
      return this.#upsert({ _id: new ObjectId(), ...updated(inserted, modifier) })
    }
    // All are made before any is stored.
    const pairs = matching.map((old) => [old, updated(old, modifier, forMingo(filter))] as const)
    const modifiedCount = pairs.reduce((count, [old, document]) => count + this.#replace(old, document), 0)
    return { matchedCount: matching.length, modifiedCount }
  }

  #delete(filter: Document, limit: number) {
    const matching = this.#matching(filter).slice(0, limit)
    for (const document of matching) this.#documents.delete(keyOf(document))
    return { deletedCount: matching.length }
  }
}

/** Whatever mingo throws is about what it was asked. */
function run<T>(work: () => T): Promise<T> {
  return Promise.resolve()
    .then(work)
    .catch((error: unknown) => {
      throw refusedByDatabase(error instanceof Error ? error.message : String(error))
    })
}

/** A deep copy, in which numbers are JavaScript's. */
function copy<T>(value: T): T {
  return EJSON.deserialize(EJSON.serialize(value, { relaxed: true }), { relaxed: true }) as T
}

/** A copy that mingo understands. A pattern could keep this process busy for hours, so there are none. */
function forMingo<T>(value: T): T {
  walk(value, (_name, field) => {
    const values: unknown[] = Array.isArray(field) ? field : [field]
    if (values.some((one) => one instanceof BSONRegExp))
      throw refusedByDatabase(
        'the embedded engine has no regular expressions: set MONGODB_URI to use a server',
      )
  })
  return copy(value)
}

function updated(document: Document, modifier: Document, filter: Document = {}): Document {
  const result = copy(document)
  updateOne([result], filter, modifier, { cloneMode: 'deep' }, OPTIONS)
  if (countItems(result) > MAX_ITEMS)
    throw refusedByDatabase(`a document has at most ${MAX_ITEMS} items in lists`)
  return result
}

/**
 * The fields that an upsert takes from its filter.
 * @param names which of them; default: all
 */
function equalities(filter: Document, names?: readonly string[]): Document {
  const fields: Document = {}
  const collect = (part: Document): void => {
    for (const [name, value] of Object.entries(part)) {
      if (name === '$and') (value as Document[]).forEach(collect)
      if (name.startsWith('$') || names?.includes(name) === false) continue
      const isOperator = isDocument(value) && Object.keys(value).some((key) => key.startsWith('$'))
      if (isOperator && !('$eq' in value)) continue
      if (Object.hasOwn(fields, name))
        throw refusedByDatabase(`the filter matches '${name}' twice: nothing can be inserted`)
      fields[name] = isOperator ? value.$eq : value
    }
  }
  collect(filter)
  return fields
}

function keyOf({ _id }: Document): string {
  if (Array.isArray(_id) || _id === undefined) throw refusedByDatabase('_id cannot be an array or undefined')
  return EJSON.stringify(_id)
}

/** Runs one stage, and stops it when it makes too much: nobody else is answered until it is done. */
function runStage(documents: Document[], stage: Document): Document[] {
  const tooMuch = () => refusedByDatabase('the pipeline makes too much data')
  checkComparisons(documents, [stage])
  // Whatever a result is made of is named by a path, such as "$text", as often as it is in there.
  if (!('$match' in stage) && sizeOf(documents) * countPaths(stage) > 10 * MAX_SIZE) throw tooMuch()
  const results: Document[] = []
  let size = 0
  new Aggregator([stage], OPTIONS).stream(documents).each((document: Document) => {
    size += sizeOf(document)
    if (size > MAX_SIZE) throw tooMuch()
    results.push(document)
  })
  return results
}

function countPaths(value: unknown): number {
  if (typeof value === 'string') return value.startsWith('$') ? 1 : 0
  return partsOf(value).reduce<number>((sum, part) => sum + countPaths(part), 0)
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  const names = isDocument(value) ? Object.keys(value).join('').length : 0
  return partsOf(value).reduce<number>((sum, part) => sum + sizeOf(part), 1 + names)
}

/** The items of all lists, and the holes of those that were set far beyond their end. */
function countItems(value: unknown): number {
  const length = Array.isArray(value) ? value.length : 0
  return partsOf(value).reduce<number>((sum, part) => sum + countItems(part), length)
}
