// The CPU time of one call of one guard, without HTTP, in short loops that take turns with one raw crypto.verify and one
// bare Express request. Sends what each of the three took in each round.
// calls.mjs GUARD ALGORITHM CREDENTIAL seen|new|new-user|bad-signature|expired|missing
import { createPublicKey, verify } from 'node:crypto'
import { logIn, neighbors, ours, setUser } from './guards.mjs'
import {
  anonymous,
  bearer,
  cpuMicroseconds,
  cpuOfCalls,
  listenApp,
  startLoad,
  thirdParty,
} from './measure.mjs'
import { rounds } from './statistics.mjs'
import { mintHs256, mintMany, mintRs256, PUBLIC_PEM, signedParts, withBadSignature } from './tokens.mjs'

const ROUNDS = rounds(20)
/** Enough to fill all memory for tokens, so that new ones meet it as it is after a while of work. */
const WARM_UP_ROUNDS = rounds(10)
const LOOPS = 30
const CALLS = 50
const ALL_CALLS = (WARM_UP_ROUNDS + ROUNDS) * LOOPS * CALLS
/** More than any cache here remembers: by the time one comes again, it was forgotten. */
const NEW_TOKENS = 6000

const [name, algorithm, credential, age] = process.argv.slice(2)
const guard = await { ...neighbors, 'custom-jwt-auth': ours, 'setting req.user': () => setUser }[name](
  algorithm,
)
const mint = algorithm === 'HS256' ? mintHs256 : mintRs256
const makeTokens = {
  seen: () => mintMany(mint, 100, { users: 100 }),
  new: () => mintMany(mint, NEW_TOKENS, { users: 300 }),
  'new-user': () => mintMany(mint, ALL_CALLS, { users: ALL_CALLS }),
  'bad-signature': async () => (await makeTokens.new()).map(withBadSignature),
  expired: () => mintMany(mint, NEW_TOKENS, { users: 300, secondsToLive: -30 }),
  missing: () => makeTokens.seen(),
}
const refusals = {
  'bad-signature': 'TOKEN_SIGNATURE',
  expired: 'TOKEN_EXPIRED',
  missing: 'CREDENTIALS_MISSING',
}
const headersOf = age === 'missing' ? anonymous : credential === 'jwtTokenString' ? thirdParty : bearer
const tokens = await makeTokens[age]()
const sent = (credential === 'session' ? await logIn(guard, tokens) : tokens).map(headersOf)
let number = 0
const some = () => Array.from({ length: CALLS }, () => sent[number++ % sent.length])

const publicKey = createPublicKey(PUBLIC_PEM)
const prepared = (await mintMany(mintRs256, LOOPS * CALLS, { users: 300 })).map(signedParts)
function rawVerify(loop) {
  const start = cpuMicroseconds()
  for (const { text, signature } of prepared.slice(loop * CALLS, (loop + 1) * CALLS))
    if (!verify('sha256', text, publicKey, signature)) throw new Error('a signature was found bad')
  return (cpuMicroseconds() - start) / CALLS
}

const bare = await listenApp()
const load = startLoad(sent.slice(0, 100))
const costs = []
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  const sums = { call: 0, verify: 0, request: 0 }
  for (let loop = 0; loop < LOOPS; loop += 1) {
    sums.verify += rawVerify(loop)
    sums.call += await cpuOfCalls(guard, some(), refusals[age])
    sums.request += (await load.round(bare, CALLS)).cpu
  }
  if (round >= 0)
    costs.push({ call: sums.call / LOOPS, verify: sums.verify / LOOPS, request: sums.request / LOOPS })
}
load.stop()

process.send(costs)
process.disconnect()
process.exit()
