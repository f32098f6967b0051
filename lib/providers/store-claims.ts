import { ConfigurationError } from '../configuration-error.js'
import type { ProviderRules } from './provider-options.js'

type Claim = Pick<ProviderRules, 'name' | 'rules' | 'keys'>

/** The providers whose users each store holds. Closing a guard removes its providers. */
const claimsOf = new WeakMap<object, Set<Claim>>()

/**
 * Registers some providers as those whose users a store holds. An identity carries only its provider's name, so two
 * with the same name, or both without, would be taken for one: either issuer could sign in as any user of the other.
 * @param make makes the provider from its rules; `release` takes the claim back
 * @throws {ConfigurationError} when the store has another provider of the same name
 */
export function claimStore<Rules extends Claim, Made>(
  store: object,
  providers: readonly Rules[],
  make: (provider: Rules, release: () => void) => Made,
): Made[] {
  const claims = claimsOf.get(store) ?? new Set()
  for (const provider of providers)
    for (const other of claims)
      if (other.name === provider.name && !isSameIssuer(other, provider)) throw collision(other, provider)
  claimsOf.set(store, claims)
  return providers.map((provider) => {
    claims.add(provider)
    return make(provider, () => {
      claims.delete(provider)
    })
  })
}

/** Compares the issuers; where they are not configured, whether the two share a key set or a key. */
function isSameIssuer(a: Claim, b: Claim): boolean {
  const [ours, theirs] = [a.rules.issuer, b.rules.issuer]
  if (ours && theirs)
    return ours.every((iss) => theirs.includes(iss)) && theirs.every((iss) => ours.includes(iss))
  const { written, remote } = a.keys
  if (remote && remote.uri === b.keys.remote?.uri) return true
  return written.some(({ key }) => b.keys.written.some((other) => other.key.equals(key)))
}

function collision(a: Claim, b: Claim): ConfigurationError {
  const called =
    a.name === undefined ? 'another issuer, neither of them with a name' : `another issuer named ${a.name}`
  const issuers = [a, b].map(
    ({ rules, keys }) => rules.issuer?.join(', ') ?? keys.remote?.uri ?? 'keys alone',
  )
  return new ConfigurationError([
    {
      option: 'store',
      problem: `holds the users of ${called}: equal subjects would be one user (${issuers.join(' | ')})`,
      fix:
        a.name === undefined
          ? 'Name them: one guard with providers: { a: …, b: … }, or providers: { a: … } in each guard; or give each guard a store of its own'
          : 'Give each issuer a name of its own',
    },
  ])
}
