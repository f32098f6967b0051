import type { IndexDescription, IndexedCollection, ObjectIdClass } from './driver.js'

interface RequiredIndex {
  readonly key: Readonly<Record<string, 1>>
  readonly options: Readonly<Record<string, unknown>>
  /** Whether an index on this key will do. */
  readonly isGood: (index: IndexDescription) => boolean
}

const IDENTITY: RequiredIndex = {
  key: { 'identities.provider_type': 1, 'identities.provider_name': 1, 'identities.id': 1 },
  // An absent name counts as null there, and two of them as equal.
  options: { name: 'named_identity', unique: true, sparse: true },
  // Without `sparse`, one user alone may have no identity. A partial index covers some users, and one with a collation
  // may take `a` and `A` for one subject.
  isGood: ({ unique, sparse, partialFilterExpression, collation }) =>
    unique === true && sparse === true && !partialFilterExpression && !collation,
}

/** That of version 1, by which the equal subjects of two issuers would be one. */
const IDENTITY_1 = { 'identities.provider_type': 1, 'identities.id': 1 }

/** Dead sessions are kept a little longer than needed, so that a server's fast clock removes none that lives. */
const EXPIRY: RequiredIndex = {
  key: { expires_at: 1 },
  options: { name: 'expiry', expireAfterSeconds: 3600 },
  isGood: ({ expireAfterSeconds }) => typeof expireAfterSeconds === 'number',
}

const SESSIONS_OF_USER: RequiredIndex = {
  key: { user_id: 1 },
  options: { name: 'user' },
  isGood: ({ partialFilterExpression }) => !partialFilterExpression,
}

/**
 * Creates the indexes where they are missing, and makes sure that they are as they must be: without the unique one, two
 * machines could make two users of one person.
 * @throws when one is missing or wrong, saying how to fix it
 */
export async function ensureIndexes(store: {
  users: IndexedCollection
  usersCollection: string
  sessions: IndexedCollection
  sessionsCollection: string
}): Promise<void> {
  await ensureIndex(store.usersCollection, store.users, IDENTITY)
  await dropIdentityIndex1(store.usersCollection, store.users)
  await ensureIndex(store.sessionsCollection, store.sessions, EXPIRY)
  await ensureIndex(store.sessionsCollection, store.sessions, SESSIONS_OF_USER)
}

async function ensureIndex(
  name: string,
  collection: IndexedCollection,
  { key, options, isGood }: RequiredIndex,
): Promise<void> {
  let cause: unknown
  try {
    await collection.createIndexes([{ key, ...options }])
  } catch (error) {
    // Another index may do, e.g. where an administrator made it and this app may not.
    cause = error
  }
  const indexes = (await listIndexes(collection, cause)).filter(hasKey(key))
  if (indexes.some(isGood)) return
  const found = indexes.map((index) => `"${index.name}"`).join(', ')
  const wrong = found && `db.${name}.dropIndex(${found}), which is not as it must be; `
  const create = `db.${name}.createIndex(${JSON.stringify(key)}, ${JSON.stringify(options)})`
  throw new Error(
    `mongodbStore: the collection ${name} lacks an index that the store cannot do without. In mongosh: ${wrong}${create}`,
    { cause },
  )
}

const hasKey =
  (key: object) =>
  (index: IndexDescription): boolean =>
    JSON.stringify(index.key) === JSON.stringify(key)

/** Once there is the index that takes its place. */
async function dropIdentityIndex1(name: string, collection: IndexedCollection): Promise<void> {
  const isOld = hasKey(IDENTITY_1)
  const findOld = async () =>
    (await listIndexes(collection, undefined)).find((index) => isOld(index) && index.unique)
  const old = await findOld()
  if (!old) return
  try {
    await collection.dropIndex(old.name)
  } catch (cause) {
    if (!(await findOld())) return // another process was faster
    const fix = `In mongosh: db.${name}.dropIndex("${old.name}")`
    throw new Error(
      `mongodbStore: the collection ${name} has an index by which equal subjects of two providers are one. ${fix}`,
      { cause },
    )
  }
}

/** @throws `cause`, when there is one: why an index could not be created says more than why none can be listed */
async function listIndexes(collection: IndexedCollection, cause: unknown): Promise<IndexDescription[]> {
  try {
    return await collection.listIndexes().toArray()
  } catch (error) {
    throw cause ?? error
  }
}

/**
 * Makes sure that all users' `_id`s are of one type, so that no two users have the same id.
 * @throws when the collection holds the other type, saying how to fix it
 */
export async function checkIdType(
  name: string,
  users: IndexedCollection,
  ObjectId: ObjectIdClass | undefined,
): Promise<void> {
  const other = ObjectId ? 'string' : 'objectId'
  if (!(await users.findOne({ _id: { $type: other } }, { projection: { _id: 1 } }))) return
  const fix = ObjectId
    ? "Leave out the option ObjectId, or add users by importUsers, which gives all of them ObjectId's"
    : "Pass mongodbStore the driver's class as the option ObjectId, so that all users have such ids"
  throw new Error(`mongodbStore: the collection ${name} holds users whose _id is of type ${other}. ${fix}`)
}
