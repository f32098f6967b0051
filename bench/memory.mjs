// A million different valid tokens pushed through one guard, and what the process has grown by since it was new.
// memory.mjs CASE
import { ours } from './guards.mjs'
import { cpuOfCalls, thirdParty } from './measure.mjs'
import { mintHs256 } from './tokens.mjs'

const TOKENS = process.env.BENCH_TRY ? 20_000 : 1_000_000
const WARM_UP = TOKENS / 10

const empty = (_req, _res, next) => next()
const cases = {
  'shown to an empty middleware': { guard: empty, users: 1000 },
  'of 1,000 users': { guard: ours('HS256'), users: 1000 },
  'of 1,000,000 users, none of whom exists': {
    guard: ours('HS256', { autoCreateUser: false }),
    users: TOKENS,
    code: 'USER_NOT_FOUND',
  },
}
const { guard, users, code } = cases[process.argv[2]]

function usage() {
  globalThis.gc()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapUsed, rss }
}

// Making tokens and requests takes room as well: what that needs is there before the count begins.
for (let number = 0; number < WARM_UP; number += 1)
  await cpuOfCalls(empty, [thirdParty(mintHs256('user-0', number))])
const before = usage()
let peak = 0
for (let number = 0; number < TOKENS; number += 1) {
  await cpuOfCalls(guard, [thirdParty(mintHs256(`user-${number % users}`, number))], code)
  if (number % 10_000 === 0) peak = Math.max(peak, process.memoryUsage.rss())
}
const after = usage()
// The guard was alive all the time, with what it remembers.
await cpuOfCalls(guard, [thirdParty(mintHs256('user-0', TOKENS))], code)

process.send({
  heapUsed: after.heapUsed - before.heapUsed,
  rss: after.rss - before.rss,
  peak: peak - before.rss,
})
process.disconnect()
process.exit()
