import type { Identity } from '../user.js'
import type { IdentityName } from './store.js'

/** One text for (provider, subject). JSON, because joined strings collide: ("a", "b:c") and ("a:b", "c"). */
export function identityKey({ provider_type, id }: IdentityName): string {
  return JSON.stringify([provider_type, id])
}

/** The identity's data replaced, or the identity added at the end. */
export function withIdentity(identities: readonly Identity[], identity: Identity): readonly Identity[] {
  const [first] = identities
  if (first && identities.length === 1 && isSame(first, identity)) return [identity] // as with nearly every user
  const index = identities.findIndex((known) => isSame(known, identity))
  return index < 0 ? [...identities, identity] : identities.with(index, identity)
}

export function hasIdentity(
  user: { readonly identities: readonly IdentityName[] },
  wanted: IdentityName,
): boolean {
  return user.identities.some((identity) => isSame(identity, wanted))
}

function isSame(a: IdentityName, b: IdentityName): boolean {
  return a.provider_type === b.provider_type && a.id === b.id
}
