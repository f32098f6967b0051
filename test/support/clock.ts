// A clock that stands still until a test moves it.
import { NOW } from './tokens.js'

export interface TestClock {
  /** For the option `clock`: milliseconds. */
  (): number
  /** Epoch seconds. */
  now(): number
  advance(seconds: number): void
}

export function testClock(): TestClock {
  let now = NOW
  return Object.assign(() => now * 1000, {
    now: () => now,
    advance(seconds: number) {
      now += seconds
    },
  })
}
