import { deepFreeze } from '../json.js'
import { withIdentity } from '../stores/identities.js'
import type { CustomData, Identity, User, UserData, UserRecord } from '../user.js'

/** The user as an app and a client see it (PROTOCOL §3), frozen so that it can be shared between requests. */
export function toUser(
  { id, type, identities }: Pick<UserRecord, 'id' | 'type' | 'identities'>,
  customData: CustomData,
): User {
  const data = deepFreeze(mergeData(identities))
  return Object.freeze({
    id,
    type,
    data,
    custom_data: deepFreeze(customData),
    identities: deepFreeze(identities),
  })
}

/** The user with one token's data, in `data` and in the token's identity. */
export function shownBy(identity: Identity, user: User): User {
  const identities = deepFreeze(withIdentity(user.identities, identity))
  return Object.freeze({ ...user, data: deepFreeze(identity.data), identities })
}

/** The data of all identities, merged; later ones win. `fromEntries` defines keys, so none can reach a prototype. */
export function mergeData(identities: readonly Identity[]): UserData {
  const [first] = identities
  if (first && identities.length === 1) return first.data
  return Object.fromEntries(identities.flatMap(({ data }) => Object.entries(data)))
}
