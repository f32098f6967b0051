import type { UserRecord } from '../user.js'
import { identityKey } from './identities.js'

/**
 * Splits a list of users to import before each user who has the id or an identity of an earlier one, so that adding a
 * batch in any order, or at once, has the same outcome as one by one.
 */
export function disjointBatches(users: readonly UserRecord[]): UserRecord[][] {
  const batches: UserRecord[][] = []
  let seen = new Set<string>()
  for (const user of users) {
    const names = [JSON.stringify([user.id]), ...user.identities.map(identityKey)]
    if (batches.length === 0 || names.some((name) => seen.has(name))) {
      batches.push([])
      seen = new Set()
    }
    batches.at(-1)?.push(user)
    for (const name of names) seen.add(name)
  }
  return batches
}
