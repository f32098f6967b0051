/**
 * What a key set is good for: `fresh` is served; `ageing` is served while a better one is fetched; `stale` is served
 * only while no better one can be fetched; `gone` is not served.
 */
export type Stage = 'fresh' | 'ageing' | 'stale' | 'gone'

/** When a key set is what, in epoch seconds. */
export interface Lifetime {
  readonly askedAt: number
  readonly ageingAt: number
  readonly staleAt: number
  readonly goneAt: number
}

/** Issuers may say how long their keys are good for, within these bounds: a withdrawn key lives that long. */
const MAX_AGE_BOUNDS = { min: 60, max: 3600 }
/** The part of its age after which a set is refreshed while requests go on. */
const REFRESH_AHEAD = 0.8

export function lifetimeOf(askedAt: number, maxAgeSeconds: number, staleSeconds: number): Lifetime {
  const age = Math.min(Math.max(maxAgeSeconds, MAX_AGE_BOUNDS.min), MAX_AGE_BOUNDS.max)
  const staleAt = askedAt + age
  return { askedAt, ageingAt: askedAt + age * REFRESH_AHEAD, staleAt, goneAt: staleAt + staleSeconds }
}

export function stageOf({ askedAt, ageingAt, staleAt, goneAt }: Lifetime, now: number): Stage {
  // A set from the future: the clock was wrong when it came, and would keep the set for too long.
  if (now < askedAt - (staleAt - askedAt)) return 'ageing'
  if (now < ageingAt) return 'fresh'
  if (now < staleAt) return 'ageing'
  return now < goneAt ? 'stale' : 'gone'
}
