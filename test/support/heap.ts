// How much memory is in use once everything that can go has gone.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes of the heap and of buffers. */
export async function memoryInUse(): Promise<number> {
  for (let count = 0; count < 3; count += 1) {
    collect()
    await new Promise(setImmediate)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Waits for what other threads free in their own time, and fails when there is still so much more than before. */
export async function assertFreed(before: number, bytes: number): Promise<void> {
  let grown = (await memoryInUse()) - before
  for (let tries = 0; grown >= bytes && tries < 100; tries += 1) {
    await sleep(100)
    grown = (await memoryInUse()) - before
  }
  assert.ok(grown < bytes, `${String(grown)} bytes more are in use`)
}
