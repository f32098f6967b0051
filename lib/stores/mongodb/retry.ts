import { setTimeout as pause } from 'node:timers/promises'
import { isDuplicateKey, type IndexedCollection } from './driver.js'

const MAX_ATTEMPTS = 12
const MAX_PAUSE_MS = 200

/**
 * Retries what other calls interfered with, with growing, random pauses.
 * @param attempt is repeated when it returns undefined, or when a unique index refuses a write
 * @throws when the last attempt has no answer either
 */
export async function retry<Answer>(attempt: () => Promise<{ answer: Answer } | undefined>): Promise<Answer> {
  let cause: unknown
  for (let count = 1; count <= MAX_ATTEMPTS; count += 1) {
    try {
      const done = await attempt()
      if (done) return done.answer
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      cause = error
    }
    await pause(Math.random() * Math.min(2 ** count, MAX_PAUSE_MS))
  }
  throw new Error(`mongodbStore: other calls got in the way of this one ${MAX_ATTEMPTS} times`, { cause })
}

/**
 * The answer of a write that matched nothing, for {@link retry}, if there really is nothing. Some engines with
 * MongoDB's protocol skip a document that another call is changing; then the write is tried again.
 */
export async function whenAbsent<Answer>(
  collection: IndexedCollection,
  filter: Readonly<Record<string, unknown>>,
  answer: Answer,
): Promise<{ answer: Answer } | undefined> {
  return (await collection.findOne(filter, { projection: { _id: 1 } })) ? undefined : { answer }
}
