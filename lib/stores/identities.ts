import type { Identity } from '../user.js'

/** One text for (provider, subject). JSON, because joined strings collide: ("a", "b:c") and ("a:b", "c"). */
export function identityKey({ provider_type, id }: Identity): string {
  return JSON.stringify([provider_type, id])
}

/** The identity's data replaced, or the identity added at the end. */
export function withIdentity(identities: readonly Identity[], identity: Identity): readonly Identity[] {
  const [first] = identities
  if (first && identities.length === 1 && isSame(first, identity)) return [identity] // as with nearly every user
  const index = identities.findIndex((known) => isSame(known, identity))
  return index < 0 ? [...identities, identity] : identities.with(index, identity)
}

function isSame(a: Identity, b: Identity): boolean {
  return a.provider_type === b.provider_type && a.id === b.id
}
