// The ten actions of PROTOCOL's Data API, each on a collection, for one user.
import { BSON } from 'mongodb'
import type { Collection, WriteResult } from './database.js'
import { invalid, missing } from './errors.js'
import { isDocument, type Document } from './formats.js'
import { MAX_DOCUMENTS, ownDocument, ownFilter, ownPipeline, ownUpdate, USUAL_LIMIT } from './rules.js'

const { Double, Int32, Long } = BSON

const MAX_INSERTED = 1000

/** What an action works with. `owner` is the id of the user who asks. */
export interface ActionRequest {
  readonly collection: Collection
  readonly owner: string
  readonly body: Document
}

type Action = (request: ActionRequest) => Promise<{ status?: 201; body: Document }>

export const actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    'findOne',
    async ({ collection, owner, body }) => {
      const filter = ownFilter(owner, readDocument(body, 'filter', {}))
      const [document = null] = await collection.find(filter, { ...readProjection(body), limit: 1 }).toArray()
      return { body: { document } }
    },
  ],
  [
    'find',
    async ({ collection, owner, body }) => {
      const filter = ownFilter(owner, readDocument(body, 'filter', {}))
      const limit = readInteger(body, 'limit', { min: 1, max: MAX_DOCUMENTS, otherwise: USUAL_LIMIT })
      const skip = readInteger(body, 'skip', { min: 0, max: 2 ** 31 - 1, otherwise: 0 })
      const options = { ...readProjection(body), ...readSort(body), limit, skip }
      return { body: { documents: await collection.find(filter, options).toArray() } }
    },
  ],
  [
    'insertOne',
    async ({ collection, owner, body }) => {
      const document = ownDocument(owner, readDocument(body, 'document'))
      const { insertedId } = await collection.insertOne(document)
      return { status: 201, body: { insertedId } }
    },
  ],
  [
    'insertMany',
    async ({ collection, owner, body }) => {
      const documents = readArray(body, 'documents', MAX_INSERTED).map((document, index) => {
        if (!isDocument(document)) throw invalid(`'documents.${index}' must be an object`)
        return ownDocument(owner, document)
      })
      const { insertedIds } = await collection.insertMany(documents)
      return { status: 201, body: { insertedIds: Object.values(insertedIds) } }
    },
  ],
  ['updateOne', (request) => update(request, 'updateOne')],
  ['updateMany', (request) => update(request, 'updateMany')],
  [
    'replaceOne',
    async ({ collection, owner, body }) => {
      const filter = ownFilter(owner, readDocument(body, 'filter'))
      const replacement = ownDocument(owner, readDocument(body, 'replacement'))
      const result = await collection.replaceOne(filter, replacement, { upsert: readFlag(body, 'upsert') })
      return { body: counts(result) }
    },
  ],
  ['deleteOne', (request) => remove(request, 'deleteOne')],
  ['deleteMany', (request) => remove(request, 'deleteMany')],
  [
    'aggregate',
    async ({ collection, owner, body }) => {
      const pipeline = ownPipeline(owner, readArray(body, 'pipeline', Infinity, 0))
      return { body: { documents: await collection.aggregate(pipeline).toArray() } }
    },
  ],
])

async function update({ collection, owner, body }: ActionRequest, method: 'updateOne' | 'updateMany') {
  const filter = ownFilter(owner, readDocument(body, 'filter'))
  if (body.update === undefined) throw missing('update')
  const upsert = readFlag(body, 'upsert')
  return { body: counts(await collection[method](filter, ownUpdate(owner, body.update, upsert), { upsert })) }
}

async function remove({ collection, owner, body }: ActionRequest, method: 'deleteOne' | 'deleteMany') {
  const { deletedCount } = await collection[method](ownFilter(owner, readDocument(body, 'filter')))
  return { body: { deletedCount } }
}

function counts({ matchedCount, modifiedCount, upsertedId }: WriteResult): Document {
  return { matchedCount, modifiedCount, ...((upsertedId ?? null) !== null && { upsertedId }) }
}

function readDocument(body: Document, name: string, otherwise?: Document): Document {
  const value = body[name] ?? otherwise
  if (value === undefined) throw missing(name)
  if (!isDocument(value)) throw invalid(`'${name}' must be an object`)
  return value
}

function readArray(body: Document, name: string, max: number, min = 1): unknown[] {
  const value = body[name]
  if (value === undefined) throw missing(name)
  if (!Array.isArray(value) || value.length < min || value.length > max)
    throw invalid(`'${name}' must be an array${min > 0 ? ` of ${min} to ${max} items` : ''}`)
  return value
}

function readFlag(body: Document, name: string): boolean {
  const value = body[name] ?? false
  if (typeof value !== 'boolean') throw invalid(`'${name}' must be true or false`)
  return value
}

function readInteger(
  body: Document,
  name: string,
  { min, max, otherwise }: { min: number; max: number; otherwise: number },
): number {
  const value = toNumber(body[name] ?? otherwise)
  if (!Number.isInteger(value) || value < min || value > max)
    throw invalid(`'${name}' must be a whole number from ${min} to ${max}`)
  return value
}

function readProjection(body: Document): { projection?: Document } {
  if ((body.projection ?? null) === null) return {}
  const fields = Object.entries(readDocument(body, 'projection')).map(([path, value]) => {
    const flag = typeof value === 'boolean' ? Number(value) : toNumber(value)
    if ((flag !== 0 && flag !== 1) || path.includes('$'))
      throw invalid(`'projection.${path}' must name a field and be 0 or 1`)
    return [path, flag]
  })
  return { projection: Object.fromEntries(fields) as Document }
}

function readSort(body: Document): { sort?: Record<string, 1 | -1> } {
  if ((body.sort ?? null) === null) return {}
  const fields = Object.entries(readDocument(body, 'sort')).map(([path, value]) => {
    const direction = toNumber(value)
    if ((direction !== 1 && direction !== -1) || path.includes('$'))
      throw invalid(`'sort.${path}' must name a field and be 1 or -1`)
    return [path, direction]
  })
  return { sort: Object.fromEntries(fields) as Record<string, 1 | -1> }
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  return value instanceof Int32 || value instanceof Double || value instanceof Long ? Number(value) : NaN
}
