import { hash } from 'node:crypto'
import type { Identity } from '../user.js'
import type { IdentityName } from './store.js'

/** The parts that distinguish one identity from all others. */
export function identityParts({ provider_type, provider_id, id }: IdentityName): readonly string[] {
  return provider_id === undefined ? [provider_type, id] : [provider_type, provider_id, id]
}

/** One text for an identity. JSON, because joined strings collide: ("a", "b:c") and ("a:b", "c"). */
export function identityKey(identity: IdentityName): string {
  return JSON.stringify(identityParts(identity))
}

/** The same as a hash of 64 characters, however long or odd the subject is. */
export function identityDigest(identity: IdentityName): string {
  return hash('sha256', identityKey(identity))
}

/** The identity's data replaced, or the identity added at the end. */
export function withIdentity(identities: readonly Identity[], identity: Identity): readonly Identity[] {
  const index = identities.findIndex((known) => isSameIdentity(known, identity))
  return index < 0 ? [...identities, identity] : identities.with(index, identity)
}

export function hasIdentity(
  user: { readonly identities: readonly IdentityName[] },
  wanted: IdentityName,
): boolean {
  return user.identities.some((identity) => isSameIdentity(identity, wanted))
}

export function isSameIdentity(a: IdentityName, b: IdentityName): boolean {
  return a.id === b.id && a.provider_type === b.provider_type && a.provider_id === b.provider_id
}
