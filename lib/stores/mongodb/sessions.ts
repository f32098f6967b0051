import type { UserRecord } from '../../user.js'
import {
  epochOf,
  newEpoch,
  sessionIdentity,
  toDate,
  toSeconds,
  toSessionDocument,
  toSessionRecord,
  toStoredName,
  toUserRecord,
  withId,
  type BlockDocument,
  type IdCodec,
  type SessionDocument,
  type UserDocument,
} from './documents.js'
import { identityDigest } from '../identities.js'
import type { MongoCollection } from './driver.js'
import { retry, whenAbsent } from './retry.js'
import type { Rotation, SessionRecord, SessionRequest, Store } from '../store.js'

const NEWEST_FIRST = { order: -1, _id: 1 }
/** A login does not see the sessions of so many others that the same user begins at the same moment. */
const AT_ONCE = 50

type RotationRequest = Parameters<Store['rotateSession']>[0]

/**
 * A session is valid while there is a user with its `user_id` whose `session_epoch` is its `user_epoch`: so deleting
 * the user, or giving it another epoch, ends all its sessions at once, even one that is just being stored. The same
 * holds for the identity that it began with, which has an epoch too. Removing invalid sessions is only cleanup.
 */
export function sessionVerbs(parts: {
  users: MongoCollection<UserDocument>
  usersCollection: string
  sessions: MongoCollection<SessionDocument>
  blocks: MongoCollection<BlockDocument>
  blocksCollection: string
  ids: IdCodec
}) {
  const { users, usersCollection, sessions, blocks, blocksCollection, ids } = parts

  const joinUser = {
    $lookup: { from: usersCollection, localField: 'user_id', foreignField: '_id', as: 'user' },
  }

  const joinBlock = {
    $lookup: { from: blocksCollection, localField: 'identity.digest', foreignField: '_id', as: 'blocks' },
  }

  async function findSession(id: string): Promise<{ session: SessionRecord; user: UserRecord } | undefined> {
    const found = await sessions.aggregate([{ $match: withId(id) }, joinUser, joinBlock]).toArray()
    const [session] = found as (SessionDocument & { user: UserDocument[]; blocks: object[] })[]
    const user = session?.user[0]
    if (!user || session.blocks.length > 0 || epochOf(user) !== session.user_epoch) return undefined
    if (sessionIdentity(user, session.identity)?.epoch !== session.identity.epoch) return undefined
    const userId = ids.decode(user._id)
    return { session: toSessionRecord(userId, session), user: toUserRecord(userId, user) }
  }

  async function createSession({ session, identity: name, maxPerUser }: SessionRequest): Promise<boolean> {
    const user_id = ids.encode(session.userId)
    const wanted = toStoredName(name)
    const newest = { sort: NEWEST_FIRST, limit: maxPerUser, projection: { order: 1 } }
    const [user, others, block] = await Promise.all([
      users.findOne(withId(user_id)),
      sessions.find({ user_id: { $eq: user_id } }, newest).toArray(),
      blocks.findOne(withId(identityDigest(name))),
    ])
    const identity = user && sessionIdentity(user, wanted)
    if (!user || !identity || block) return false
    const alive = { user_id: user._id, user_epoch: epochOf(user) }
    // Clocks of machines differ, so the newest is not always the one with the latest date.
    const order = Math.max(session.createdAt * 1000, (others[0]?.order ?? 0) + 1)
    await sessions.insertOne(toSessionDocument(session, { ...alive, identity, order }))
    if (others.length + AT_ONCE < maxPerUser) return true
    const oldest = { sort: NEWEST_FIRST, skip: maxPerUser, limit: 1000, projection: { _id: 1 } }
    await removeAll(await sessions.find(alive, oldest).toArray())
    return true
  }

  /** Returns how many it was asked to remove. */
  async function removeAll(found: readonly { readonly _id: string }[]): Promise<number> {
    if (found.length > 0) await sessions.deleteMany({ _id: { $in: found.map(({ _id }) => _id) } })
    return found.length
  }

  async function rotateSession(request: RotationRequest): Promise<Rotation> {
    const { id, generation, now, overlapSeconds } = request
    const next = generation + 1
    const update = { $set: { generation: next, rotated_at: toDate(now) } }
    return retry<Rotation>(async () => {
      const rotated = await sessions.findOneAndUpdate({ ...withId(id), generation }, update, {})
      if (rotated) return { answer: { outcome: 'rotated', generation: next } }
      const session = await sessions.findOne(withId(id))
      if (!session) return { answer: { outcome: 'missing' } }
      if (session.generation === generation) return undefined
      const isCurrent =
        session.generation === next && now <= toSeconds(session.rotated_at ?? 0) + overlapSeconds
      if (isCurrent) return { answer: { outcome: 'current', generation: next } }
      const same = { ...withId(id), generation: session.generation }
      const { deletedCount } = await sessions.deleteOne(same)
      // Zero when it was rotated since it was read.
      return deletedCount === 0 ? undefined : { answer: { outcome: 'reused' } }
    })
  }

  async function revokeSession(id: string): Promise<boolean> {
    return retry(async () => {
      const { deletedCount } = await sessions.deleteOne(withId(id))
      return deletedCount > 0 ? { answer: true } : whenAbsent(sessions, withId(id), false)
    })
  }

  async function revokeSessions(userId: string): Promise<number> {
    const byId = withId(ids.encode(userId))
    const update = { $set: { session_epoch: newEpoch() } }
    return retry(async () => {
      const before = await users.findOneAndUpdate(byId, update, { returnDocument: 'before' })
      if (!before) return whenAbsent(users, byId, 0)
      const dead = { user_id: before._id, user_epoch: epochOf(before) }
      return { answer: (await sessions.deleteMany(dead)).deletedCount }
    })
  }

  async function removeExpiredSessions({ now, limit }: { now: number; limit: number }): Promise<boolean> {
    const expired = { expires_at: { $lte: toDate(now) } }
    const found = sessions.find(expired, { sort: { expires_at: 1 }, limit, projection: { _id: 1 } })
    return (await removeAll(await found.toArray())) === limit
  }

  return { findSession, createSession, rotateSession, revokeSession, revokeSessions, removeExpiredSessions }
}
