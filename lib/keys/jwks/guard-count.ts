/** An app makes one guard for an issuer, or a few. This many means that it probably makes one for each request. */
const MANY = 10

/** How many guards fetch keys from each URI, not counting closed ones. */
const counts = new Map<string, number>()

/**
 * Counts a guard that fetches keys of its own.
 * @param onMany called when this guard is one too many
 * @returns a function that takes the guard off the count again
 */
export function countGuard(uri: string, onMany: (guards: number) => void): () => void {
  const guards = (counts.get(uri) ?? 0) + 1
  counts.set(uri, guards)
  if (guards === MANY) onMany(guards)
  let isCounted = true
  return () => {
    if (!isCounted) return
    isCounted = false
    const left = (counts.get(uri) ?? 1) - 1
    if (left > 0) counts.set(uri, left)
    else counts.delete(uri)
  }
}
