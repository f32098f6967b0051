// The in-memory store behind a wrapper that sees every call of a verb and may answer it in another way.
import { memoryStore, type Store } from 'custom-jwt-auth'

export type Verb = Exclude<keyof Store, 'ready' | 'close'>
/** Answers the call of a verb; `call` is what the in-memory store would answer. */
export type Around = (verb: Verb, call: () => unknown) => unknown

export function wrapStore(around: Around, store = memoryStore()): Store {
  const verbs = Object.entries(store) as [Verb, (...args: unknown[]) => unknown][]
  const wrapped = verbs.map(([verb, method]) => [
    verb,
    (...args: unknown[]) => around(verb, () => method(...args)),
  ])
  return Object.fromEntries(wrapped) as Store
}

/** A store that notes the verbs it is asked. */
export function countingStore(): { store: Store; calls: Verb[] } {
  const calls: Verb[] = []
  const store = wrapStore((verb, call) => {
    calls.push(verb)
    return call()
  })
  return { store, calls }
}

/** A store that answers every verb with a promise, as one behind a network does. */
export function asyncStore(store = memoryStore()): Store {
  return wrapStore(async (_verb, call) => {
    await new Promise(setImmediate)
    return call()
  }, store)
}

/** A store that can be made slow, call by call. */
export function heldStore() {
  const held = new Map<Verb, { keep: 'answer' | 'call'; arrived: () => void; release: Promise<void> }>()
  const store = wrapStore((verb, call) => {
    const hold = held.get(verb)
    if (!hold) return call()
    held.delete(verb)
    hold.arrived()
    if (hold.keep === 'call') return hold.release.then(call)
    const answer = call()
    return hold.release.then(() => answer)
  })

  /**
   * Keeps the next call of a verb back, or only its answer, which then is what the store knew when it was asked.
   * `asked` resolves when the call has come.
   */
  function hold(
    verb: Verb,
    keep: 'answer' | 'call' = 'answer',
  ): { asked: Promise<void>; release: () => void } {
    let arrived = (): void => undefined
    let release = (): void => undefined
    const asked = new Promise<void>((resolve) => (arrived = resolve))
    held.set(verb, { keep, arrived, release: new Promise<void>((resolve) => (release = resolve)) })
    return { asked, release }
  }
  return { store, hold }
}
