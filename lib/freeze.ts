/** Freezes a plain value and everything in it, and returns it. */
export function deepFreeze<T>(value: T): T {
  if (Object.isFrozen(value)) return value
  const open: unknown[] = [value]
  // A list instead of recursion: a token may be nested deeper than the stack.
  for (const item of open) {
    if (typeof item !== 'object' || item === null || Object.isFrozen(item)) continue
    Object.freeze(item)
    for (const inner of Object.values(item)) if (typeof inner === 'object') open.push(inner)
  }
  return value
}
