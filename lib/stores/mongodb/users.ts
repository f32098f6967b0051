import type { Identity, UserRecord } from '../../user.js'
import {
  epochOf,
  isSameName,
  keyOf,
  newEpoch,
  owns,
  toDate,
  toIdentityDocument,
  toLinkedDocument,
  toStoredName,
  toUserDocument,
  toUserRecord,
  withId,
  type BlockDocument,
  type IdCodec,
  type SessionDocument,
  type StoredName,
  type UserDocument,
} from './documents.js'
import { identityDigest } from '../identities.js'
import { isDuplicateKey, type MongoCollection } from './driver.js'
import { retry, whenAbsent } from './retry.js'
import {
  identityBlocked,
  newUserRecord,
  userIdTaken,
  type FoundIdentity,
  type IdentityName,
  type LinkRefusal,
  type LinkTerms,
  type SignInRequest,
  type Store,
  type UnlinkOutcome,
} from '../store.js'

const AFTER = { returnDocument: 'after' }
const ENABLED = { disabled: { $ne: true } }

/** An identity whose data an older or the same token brought, or nobody knows which. */
const notNewer = ({ issued_at }: NewIdentity) => ({ issued_at: { $not: { $gt: issued_at } } })
const refreshOf = ({ data, issued_at }: NewIdentity) => ({
  'identities.$.data': data,
  'identities.$.issued_at': issued_at,
})

/** An identity as a token brings it. */
type NewIdentity = ReturnType<typeof toIdentityDocument>

export function userVerbs(parts: {
  users: MongoCollection<UserDocument>
  sessions: MongoCollection<SessionDocument>
  blocks: MongoCollection<BlockDocument>
  ids: IdCodec
}) {
  const { users, sessions, blocks, ids } = parts
  const byId = (id: string) => withId(ids.encode(id))
  const toRecord = (user: UserDocument): UserRecord => toUserRecord(ids.decode(user._id), user)

  /** One step: refreshes the user when nothing but the date changes, or creates it. Undefined when neither could be. */
  async function findOrCreate(wanted: NewIdentity, newId: string, request: SignInRequest) {
    const { data, issued_at } = wanted
    const epoch = newEpoch()
    const fresh = toUserDocument(ids.encode(newId), newUserRecord(newId, request), epoch, issued_at)
    const { last_authentication_date, ...rest } = fresh
    const unchanged = { ...ENABLED, ...owns(wanted, { data: { $eq: data }, issued_at: { $eq: issued_at } }) }
    const update = { $set: { last_authentication_date }, $setOnInsert: rest }
    try {
      const user = await users.findOneAndUpdate(unchanged, update, { ...AFTER, upsert: true })
      // The epoch is this call's own, as the id need not be: it may follow from the identity.
      return user && { user: toRecord(user), created: user.session_epoch === epoch }
    } catch (error) {
      if (isDuplicateKey(error)) return undefined
      throw error
    }
  }

  /** Refreshes the user of an identity, unless it is disabled. In one step, or in two when it came with a newer token. */
  async function refresh(wanted: NewIdentity, now: number) {
    const date = { last_authentication_date: toDate(now) }
    const older = { ...ENABLED, ...owns(wanted, notNewer(wanted)) }
    const refreshed = await users.findOneAndUpdate(older, { $set: { ...date, ...refreshOf(wanted) } }, AFTER)
    if (refreshed) return refreshed
    const newer = { ...ENABLED, ...owns(wanted, { issued_at: { $gt: wanted.issued_at } }) }
    return users.findOneAndUpdate(newer, { $set: date }, AFTER)
  }

  async function signIn(request: SignInRequest): Promise<{ user: UserRecord; created: boolean } | undefined> {
    const { identity, now, issuedAt = now, newUserId } = request
    const wanted = toIdentityDocument(identity, issuedAt)
    const newId = newUserId?.()
    return retry(async () => {
      // Before each step that may create the user. What is blocked after that came later than this sign-in.
      if (await isBlocked(identity)) throw identityBlocked()
      const done = newId === undefined ? undefined : await findOrCreate(wanted, newId, request)
      if (done) return { answer: done }
      const user = await refresh(wanted, now)
      if (user) return { answer: { user: toRecord(user), created: false } }
      const whose = newId === undefined ? owns(wanted) : { $or: [owns(wanted), byId(newId)] }
      const [owner, other] = split(await users.find(whose).toArray(), wanted)
      if (owner?.disabled) return { answer: { user: toRecord(owner), created: false } }
      // Enabled or created since the steps above.
      if (owner) return undefined
      if (newId === undefined) return { answer: undefined }
      if (other) throw userIdTaken(newId)
      return undefined
    })
  }

  async function linkIdentity(
    userId: string,
    identity: Identity,
    { issuedAt, maxIdentities }: LinkTerms,
  ): Promise<UserRecord | LinkRefusal> {
    const wanted = toLinkedDocument(identity, issuedAt)
    const without = {
      ...byId(userId),
      identities: { $not: { $elemMatch: keyOf(wanted) } },
      [`identities.${maxIdentities - 1}`]: { $exists: false },
    }
    return retry<UserRecord | LinkRefusal>(async () => {
      try {
        const linked = await users.findOneAndUpdate(without, { $push: { identities: wanted } }, AFTER)
        if (linked) return { answer: toRecord(linked) }
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        const owner = await users.findOne(owns(wanted))
        return owner && ids.decode(owner._id) !== userId ? { answer: 'taken' } : undefined
      }
      const older = { ...byId(userId), ...owns(wanted, notNewer(wanted)) }
      const refreshed = await users.findOneAndUpdate(older, { $set: refreshOf(wanted) }, AFTER)
      if (refreshed) return { answer: toRecord(refreshed) }
      const [user, owner] = await Promise.all([users.findOne(byId(userId)), users.findOne(owns(wanted))])
      if (!user) return { answer: 'missing' }
      if (owner && ids.decode(owner._id) !== userId) return { answer: 'taken' }
      // What is not newer has been linked since the steps above.
      if (owner) return isNewer(owner, wanted) ? { answer: toRecord(owner) } : undefined
      return (user.identities ?? []).length >= maxIdentities ? { answer: 'full' } : undefined
    })
  }

  /** From the write on, the sessions that began with the identity are dead. */
  async function unlinkIdentity(userId: string, identity: IdentityName): Promise<UnlinkOutcome> {
    const name = toStoredName(identity)
    return retry<UnlinkOutcome>(async () => {
      const several = { ...byId(userId), ...owns(name), 'identities.1': { $exists: true } }
      const user = await users.findOneAndUpdate(
        several,
        { $pull: { identities: keyOf(name) } },
        { returnDocument: 'after' },
      )
      if (user) {
        await sessions.deleteMany({
          user_id: user._id,
          'identity.id': name.id,
          'identity.provider_type': name.provider_type,
          'identity.provider_name': name.provider_name ?? null,
        })
        return { answer: 'unlinked' }
      }
      const owner = await users.findOne({ ...byId(userId), ...owns(name) })
      if (!owner) return { answer: 'missing' }
      return owner.identities?.length === 1 ? { answer: 'last' } : undefined
    })
  }

  async function findUser(id: string): Promise<UserRecord | undefined> {
    const user = await users.findOne(byId(id))
    return user ? toRecord(user) : undefined
  }

  async function findIdentity(identity: IdentityName): Promise<FoundIdentity> {
    const name = toStoredName(identity)
    const [user, blocked] = await Promise.all([users.findOne(owns(name)), isBlocked(identity)])
    return { user: user ? toRecord(user) : undefined, blocked }
  }

  async function isBlocked(identity: IdentityName): Promise<boolean> {
    return (await blocks.findOne(withId(identityDigest(identity)))) !== null
  }

  async function setIdentityBlocked(identity: IdentityName, blocked: boolean): Promise<boolean> {
    const _id = identityDigest(identity)
    return retry(async () => {
      if (!blocked) {
        const { deletedCount } = await blocks.deleteOne(withId(_id))
        return deletedCount > 0 ? { answer: true } : whenAbsent(blocks, withId(_id), false)
      }
      try {
        await blocks.insertOne({ _id, ...toStoredName(identity) })
        return { answer: true }
      } catch (error) {
        if (isDuplicateKey(error)) return { answer: false }
        throw error
      }
    })
  }

  async function listUsers({ limit, after = '' }: Parameters<Store['listUsers']>[0]): Promise<UserRecord[]> {
    const filter = after === '' ? {} : { _id: { $gt: ids.encode(after) } }
    return (await users.find(filter, { sort: { _id: 1 }, limit }).toArray()).map(toRecord)
  }

  async function setUserDisabled(id: string, disabled: boolean): Promise<boolean> {
    return retry(async () => {
      const { matchedCount } = await users.updateOne(byId(id), { $set: { disabled } })
      return matchedCount > 0 ? { answer: true } : whenAbsent(users, byId(id), false)
    })
  }

  /** The user first: from then on its sessions are dead, even when this process ends before it removes them. */
  async function deleteUser(id: string): Promise<boolean> {
    return retry(async () => {
      const user = await users.findOneAndDelete(byId(id))
      if (!user) return whenAbsent(users, byId(id), false)
      await sessions.deleteMany({ user_id: user._id, user_epoch: epochOf(user) })
      return { answer: true }
    })
  }

  return {
    signIn,
    linkIdentity,
    unlinkIdentity,
    findUser,
    findIdentity,
    setIdentityBlocked,
    listUsers,
    setUserDisabled,
    deleteUser,
  }
}

function isNewer({ identities = [] }: UserDocument, wanted: NewIdentity): boolean {
  const own = identities.find((known) => isSameName(known, wanted))
  return (own?.issued_at ?? Number.NEGATIVE_INFINITY) > wanted.issued_at
}

/** Those of whom one has the identity, and the first of the others. */
function split(users: readonly UserDocument[], name: StoredName) {
  const owner = users.find(({ identities = [] }) => identities.some((own) => isSameName(own, name)))
  return [owner, users.find((user) => user !== owner)] as const
}
