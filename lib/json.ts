/** Freezes a plain value and everything in it, and returns it. */
export function deepFreeze<T>(value: T): T {
  if (Object.isFrozen(value)) return value
  const open: unknown[] = [Object.freeze(value)]
  // A list instead of recursion: a token may be nested more deeply than the stack allows.
  for (const item of open)
    for (const inner of Array.isArray(item) ? (item as unknown[]) : Object.values(item as object))
      if (typeof inner === 'object' && !Object.isFrozen(inner)) open.push(Object.freeze(inner))
  return value
}
