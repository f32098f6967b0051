import { authError } from '../errors.js'
import type { Algorithm, KeySource, VerificationKey } from './key-source.js'

type Finder = Pick<KeySource, 'find'>

/**
 * All keys of a guard as one source: those in the options, and those of a key set. An algorithm, or an algorithm with a
 * key id, leads to one of the two places, and the other is not searched.
 * @param remote the key set, and the algorithms that it is for
 */
export function joinKeys(
  written: readonly VerificationKey[],
  remote: { readonly source: KeySource; readonly algorithms: readonly Algorithm[] } | undefined,
): KeySource {
  const sources = new Map<string, Finder>(remote?.algorithms.map((name) => [name, remote.source]))
  for (const algorithm of new Set(written.map((key) => key.algorithm))) {
    const keys = written.filter((key) => key.algorithm === algorithm)
    const shared = sources.get(algorithm)
    sources.set(algorithm, shared ? namedBefore(keys, shared) : staticKeys(keys))
  }
  return {
    find(kid, now, algorithm) {
      const source = sources.get(algorithm)
      if (!source) throw authError('TOKEN_ALGORITHM')
      return source.find(kid, now, algorithm)
    },
    async ready(now) {
      await remote?.source.ready(now)
    },
    close() {
      remote?.source.close()
    },
  }
}

/** A fixed list of keys as a source. A token with a `kid` may use the keys of that name and those without one. */
function staticKeys(keys: readonly VerificationKey[]): Finder {
  const frozen = Object.freeze([...keys])
  const named = frozen.some((key) => key.kid !== undefined)
  return {
    find(kid) {
      if (!named || kid === undefined) return frozen
      const found = frozen.filter((key) => key.kid === undefined || key.kid === kid)
      if (found.length === 0) throw authError('TOKEN_KEY_ID_UNKNOWN')
      return found
    },
  }
}

/** Keys that have a kid, tried before a key set for the same algorithm. */
function namedBefore(keys: readonly VerificationKey[], remote: Finder): Finder {
  const byKid = new Map(keys.map(({ kid }) => [kid, Object.freeze(keys.filter((key) => key.kid === kid))]))
  return { find: (kid, now, algorithm) => byKid.get(kid) ?? remote.find(kid, now, algorithm) }
}
