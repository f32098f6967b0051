// For what comes true a little later, as the end of a connection does.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Looks until it is true; fails the test when it is not within some seconds, which are many for a busy machine. */
export async function eventually(isTrue: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!(await isTrue())) {
    assert.ok(performance.now() < end, `not true within ${String(seconds)} s: ${isTrue.toString()}`)
    await sleep(5)
  }
}
