import { deepFreeze } from '../freeze.js'
import type { CustomData, Identity, User, UserData, UserRecord } from '../user.js'

/** The user as an app and a client see it (PROTOCOL §3), frozen so that it can be shared between requests. */
export function toUser({ id, type, identities }: UserRecord, customData: CustomData): User {
  return deepFreeze({ id, type, data: mergeData(identities), custom_data: customData, identities })
}

/** The data of all identities; the later one wins. `fromEntries` defines keys, so none can reach a prototype. */
export function mergeData(identities: readonly Identity[]): UserData {
  return Object.fromEntries(identities.flatMap(({ data }) => Object.entries(data)))
}
