import type { UserRecord } from '../../user.js'
import {
  epochOf,
  newEpoch,
  toDate,
  toSeconds,
  toSessionDocument,
  toSessionRecord,
  toUserRecord,
  withId,
  type IdCodec,
  type SessionDocument,
  type UserDocument,
} from './documents.js'
import type { MongoCollection } from './driver.js'
import { retry, whenAbsent } from './retry.js'
import type { Rotation, SessionRecord, Store } from '../store.js'

type RotationRequest = Parameters<Store['rotateSession']>[0]

/**
 * A session lives while there is a user with its `user_id` whose `session_epoch` is its `user_epoch`: so deleting the
 * user, or giving it another epoch, ends all its sessions at once, also one that is being stored at that moment. What
 * is left of dead ones is removed for tidiness.
 */
export function sessionVerbs(parts: {
  users: MongoCollection<UserDocument>
  usersCollection: string
  sessions: MongoCollection<SessionDocument>
  ids: IdCodec
}) {
  const { users, usersCollection, sessions, ids } = parts

  const joinUser = {
    $lookup: { from: usersCollection, localField: 'user_id', foreignField: '_id', as: 'user' },
  }

  async function findSession(id: string): Promise<{ session: SessionRecord; user: UserRecord } | undefined> {
    const found = await sessions.aggregate([{ $match: withId(id) }, joinUser]).toArray()
    const [session] = found as (SessionDocument & { user: UserDocument[] })[]
    const user = session?.user[0]
    if (!user || epochOf(user) !== session.user_epoch) return undefined
    const userId = ids.decode(user._id)
    return { session: toSessionRecord(userId, session), user: toUserRecord(userId, user) }
  }

  async function createSession(session: SessionRecord): Promise<boolean> {
    const user = await users.findOne(withId(ids.encode(session.userId)))
    if (!user) return false
    await sessions.insertOne(toSessionDocument(session, { user_id: user._id, user_epoch: epochOf(user) }))
    return true
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

  async function removeExpiredSessions(now: number): Promise<void> {
    await sessions.deleteMany({ expires_at: { $lte: toDate(now) } })
  }

  return { findSession, createSession, rotateSession, revokeSession, revokeSessions, removeExpiredSessions }
}
