import { KeyObject } from 'node:crypto'

type Plain = Readonly<Record<string, unknown>> | readonly unknown[]

/** Copies plain objects and arrays, which an app may change later; other objects and functions stay the same. */
export function snapshot(value: unknown): unknown {
  if (!isPlain(value)) return value
  if (Array.isArray(value)) return value.map(snapshot)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, snapshot(inner)]))
}

/** Whether two values mean the same. Functions, agents and the like are compared by identity. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (a instanceof KeyObject && b instanceof KeyObject) return a.equals(b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const [inA, inB] = [Object.entries(a), new Map(Object.entries(b))]
  return (
    inA.length === inB.size && inA.every(([name, inner]) => inB.has(name) && isSame(inner, inB.get(name)))
  )
}

function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Array.isArray(value)
}
