import {
  epochOf,
  sessionIdentity,
  toSeconds,
  type DocumentId,
  type SessionDocument,
  type UserDocument,
} from './documents.js'
import type { MongoCollection } from './driver.js'

/** The newest document format that this version knows. */
const VERSION = 2
const AT_ONCE = 500

/** The format of the documents. In a collection of its own, so that start-up need not search the others. */
export interface VersionDocument {
  readonly _id: string
  readonly version: number
}

type SessionOf1 = Omit<SessionDocument, 'identity' | 'order'>

/**
 * Updates documents of an earlier version to the current format. Each step can be repeated, so any number of processes
 * may do it at once, and an interrupted one can be continued.
 * @throws when a later version made them
 */
export async function migrate(store: {
  users: MongoCollection<UserDocument>
  sessions: MongoCollection<SessionDocument>
  versions: MongoCollection<VersionDocument>
}): Promise<void> {
  const { users, sessions, versions } = store
  const { version } = (await versions.findOne({ _id: 'version' })) ?? { version: 1 }
  if (version > VERSION)
    throw new Error(
      `the collections have version ${version}, but this custom-jwt-auth only knows versions up to ${VERSION}: ` +
        'use the version of the package that made them, or a later one',
    )
  if (version === VERSION) return
  await ageIdentities(users)
  await giveSessionsIdentities(users, sessions)
  await versions.updateOne({ _id: 'version' }, { $set: { version: VERSION } }, { upsert: true })
}

/** Data from before times were kept is at most as new as the user's last login. */
async function ageIdentities(users: MongoCollection<UserDocument>): Promise<void> {
  const date = '$last_authentication_date'
  const seconds = { $cond: [{ $isNumber: date }, date, { $divide: [{ $toLong: date }, 1000] }] }
  const aged = { $mergeObjects: [{ issued_at: seconds }, '$$own'] }
  const withoutTime = { identities: { $elemMatch: { issued_at: { $exists: false } } } }
  await users.updateMany(withoutTime, [
    { $set: { identities: { $map: { input: '$identities', as: 'own', in: aged } } } },
  ])
}

/** Version 1 did not record the identity that a session began with: the user's first one is assumed. */
async function giveSessionsIdentities(
  users: MongoCollection<UserDocument>,
  sessions: MongoCollection<SessionDocument>,
): Promise<void> {
  const ofVersion1 = { identity: { $exists: false } }
  for (;;) {
    const found: SessionOf1[] = await sessions.find(ofVersion1, { limit: AT_ONCE }).toArray()
    if (found.length === 0) return
    const owners = await users.find({ _id: { $in: found.map(({ user_id }) => user_id) } }).toArray()
    const ownerOf = new Map(owners.map((user) => [textOf(user._id), user]))
    await Promise.all(found.map((session) => giveIdentity(session, ownerOf.get(textOf(session.user_id)))))
  }

  async function giveIdentity(session: SessionOf1, user: UserDocument | undefined): Promise<void> {
    const [first] = user?.identities ?? []
    const identity = user && first && sessionIdentity(user, first)
    const filter = { _id: session._id, ...ofVersion1 }
    if (!identity || epochOf(user) !== session.user_epoch) await sessions.deleteOne(filter)
    else {
      const order = toSeconds(session.created_at) * 1000
      await sessions.updateOne(filter, { $set: { identity, order } })
    }
  }
}

function textOf(id: DocumentId): string {
  return typeof id === 'string' ? id : id.toHexString()
}
