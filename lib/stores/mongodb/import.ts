import type { UserRecord } from '../../user.js'
import { disjointBatches } from '../disjoint-batches.js'
import { newEpoch, owns, toStoredName, toUserDocument, type IdCodec, type UserDocument } from './documents.js'
import { duplicatesOf, type MongoCollection } from './driver.js'
import { retry } from './retry.js'
import type { ImportOutcome } from '../store.js'

function toImported(ids: IdCodec, user: UserRecord): UserDocument {
  return toUserDocument(ids.encode(user.id), user, newEpoch(), user.last_authentication_date)
}

/** Imports users of whom no two have an id or an identity in common. Returns what became of each. */
async function importBatch(
  users: MongoCollection<UserDocument>,
  ids: IdCodec,
  batch: readonly UserRecord[],
): Promise<ImportOutcome[]> {
  const outcomes = new Map<UserRecord, ImportOutcome>()

  /** Returns those whom a unique index refused. */
  async function insert(records: readonly UserRecord[]): Promise<UserRecord[]> {
    const documents = records.map((user) => toImported(ids, user))
    try {
      await users.insertMany(documents, { ordered: false })
      return []
    } catch (error) {
      const refused = duplicatesOf(error)
      return records.filter((_, index) => refused.has(index))
    }
  }

  async function findKnown(records: readonly UserRecord[]): Promise<Set<string>> {
    const _id = { $in: records.map(({ id }) => ids.encode(id)) }
    const found = await users.find({ _id }, { projection: { _id: 1 } }).toArray()
    return new Set(found.map((user) => ids.decode(user._id)))
  }

  /** By a user with another id: one with the same may have been added since {@link findKnown} looked. */
  async function isTaken({ id, identities }: UserRecord): Promise<boolean> {
    if (identities.length === 0) return false
    const others = {
      _id: { $ne: ids.encode(id) },
      $or: identities.map((identity) => owns(toStoredName(identity))),
    }
    return (await users.findOne(others)) !== null
  }

  let pending = batch
  return retry(async () => {
    const refused = await insert(pending)
    for (const user of pending) if (!refused.includes(user)) outcomes.set(user, 'added')
    const known = refused.length > 0 ? await findKnown(refused) : new Set<string>()
    for (const user of refused) {
      if (known.has(user.id)) outcomes.set(user, 'known')
      else if (await isTaken(user)) outcomes.set(user, 'taken')
    }
    // What was in their way is gone again.
    pending = refused.filter((user) => !outcomes.has(user))
    return pending.length > 0 ? undefined : { answer: batch.flatMap((user) => outcomes.get(user) ?? []) }
  })
}

/** Adds users as they are: bulk inserts, and a look at why the unique indexes refused some of them. */
export async function importUsers(
  users: MongoCollection<UserDocument>,
  ids: IdCodec,
  records: readonly UserRecord[],
): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = []
  for (const batch of disjointBatches(records)) outcomes.push(...(await importBatch(users, ids, batch)))
  return outcomes
}
