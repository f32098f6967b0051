/**
 * How old a key set is: `fresh` is used; `ageing` is used while a new one is fetched; `stale` is used only while no new
 * one can be fetched; `gone` is not used.
 */
export type Stage = 'fresh' | 'ageing' | 'stale' | 'gone'

/** When a key set enters each stage, in epoch seconds. */
export interface Lifetime {
  readonly askedAt: number
  readonly ageingAt: number
  readonly staleAt: number
  readonly goneAt: number
}

/** Issuers may say how long to cache their keys, within these bounds: a withdrawn key is accepted for that long. */
const MAX_AGE_BOUNDS = { min: 60, max: 3600 }
/** The fraction of its maximum age after which a set is refreshed in the background. */
const REFRESH_AHEAD = 0.8

export function lifetimeOf(askedAt: number, maxAgeSeconds: number, staleSeconds: number): Lifetime {
  const age = Math.min(Math.max(maxAgeSeconds, MAX_AGE_BOUNDS.min), MAX_AGE_BOUNDS.max)
  const staleAt = askedAt + age
  return { askedAt, ageingAt: askedAt + age * REFRESH_AHEAD, staleAt, goneAt: staleAt + staleSeconds }
}

export function stageOf({ askedAt, ageingAt, staleAt, goneAt }: Lifetime, now: number): Stage {
  // The set seems to come from the future: the clock was wrong when it was fetched, and it would be kept for too long.
  if (now < askedAt - (staleAt - askedAt)) return 'ageing'
  if (now < ageingAt) return 'fresh'
  if (now < staleAt) return 'ageing'
  return now < goneAt ? 'stale' : 'gone'
}
