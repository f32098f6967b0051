import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A verb that lost a race is repeated so often; each time it waits a little longer. Of 200 sign-ins of one identity at once,
 * in serializable transactions, the unluckiest was seen to lose ten.
 */
const ATTEMPTS = 50
const MAX_PAUSE_MS = 50
/** Serialization failure, deadlock, unique violation: what a race can end with, and what goes otherwise next time. */
const RACE_CODES = new Set<unknown>(['40001', '40P01', '23505'])

/** Thrown by a call that another one got in the way of, to be repeated. */
export class LostRace extends Error {}

/** Makes a call again while others get in its way. */
export async function repeat<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call()
    } catch (error) {
      if (attempt === ATTEMPTS || !isLostRace(error)) throw error
    }
    await sleep(Math.random() * Math.min(5 * attempt, MAX_PAUSE_MS))
  }
}

function isLostRace(error: unknown): boolean {
  return error instanceof LostRace || RACE_CODES.has((error as { code?: unknown } | undefined)?.code)
}
