// The CPU time of one call of one guard, without HTTP, in short loops that take turns with one raw crypto.verify and one
// bare Express request.  calls.mjs GUARD ALGORITHM CREDENTIAL seen|new|new-user|bad-signature|expired|missing
import { createPublicKey, verify } from 'node:crypto'
import { logIn, neighbours, ours, setUser } from './guards.mjs'
import {
  anonymous,
  bearer,
  cpuMicroseconds,
  cpuOfCalls,
  listenApp,
  spread,
  startLoad,
  thirdParty,
} from './measure.mjs'
import { mintHs256, mintMany, mintRs256, PUBLIC_PEM, signedParts, withBadSignature } from './tokens.mjs'

const ROUNDS = 10
const WARM_UP_ROUNDS = 2
const LOOPS = 30
const CALLS = 50
const ALL_CALLS = LOOPS * CALLS

const [name, algorithm, credential, age] = process.argv.slice(2)
const makeGuard = { ...neighbours, 'custom-jwt-auth': ours, 'setting req.user': () => setUser }[name]
const mint = algorithm === 'HS256' ? mintHs256 : mintRs256
// As many as the memory for tokens holds, so that new ones meet it as it is after a while of work: full.
const older = await mintMany(mint, 5000, { users: 300, secondsToLive: 3600 })
const ofKnownUsers = await mintMany(mint, ALL_CALLS, { users: 300 })
const cases = {
  seen: () => mintMany(mint, 100, { users: 100 }),
  new: () => ofKnownUsers,
  'new-user': () => mintMany(mint, ALL_CALLS, { users: ALL_CALLS, name: 'new-user' }),
  'bad-signature': () => ofKnownUsers.map(withBadSignature),
  expired: () => mintMany(mint, ALL_CALLS, { users: 300, secondsToLive: -30 }),
  missing: () => ofKnownUsers,
}
const refusals = {
  'bad-signature': 'TOKEN_SIGNATURE',
  expired: 'TOKEN_EXPIRED',
  missing: 'CREDENTIALS_MISSING',
}
const headersOf = age === 'missing' ? anonymous : credential === 'jwtTokenString' ? thirdParty : bearer
const tokens = await cases[age]()

/** A guard that has worked for a while, and what to send it. */
async function prepare() {
  const guard = await makeGuard(algorithm)
  const sent = credential === 'session' ? await logIn(guard, tokens) : tokens
  const shown = age === 'seen' ? sent : older
  await cpuOfCalls(guard, shown.map(credential === 'jwtTokenString' ? thirdParty : bearer))
  return { guard, sent }
}

const publicKey = createPublicKey(PUBLIC_PEM)
const prepared = (await mintMany(mintRs256, ALL_CALLS, { users: 300 })).map(signedParts)
function rawVerify(loop) {
  const start = cpuMicroseconds()
  for (const { text, signature } of prepared.slice(loop * CALLS, (loop + 1) * CALLS))
    if (!verify('sha256', text, publicKey, signature)) throw new Error('a signature was found bad')
  return (cpuMicroseconds() - start) / CALLS
}

const bare = await listenApp()
const load = startLoad(ofKnownUsers.map(thirdParty))
const rounds = []
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  const { guard, sent } = await prepare()
  const sums = { call: 0, verify: 0, request: 0 }
  for (let loop = 0; loop < LOOPS; loop += 1) {
    const some = Array.from({ length: CALLS }, (_, index) => sent[(loop * CALLS + index) % sent.length])
    sums.verify += rawVerify(loop)
    sums.call += await cpuOfCalls(guard, some.map(headersOf), refusals[age])
    sums.request += (await load.round(bare, CALLS)).cpu
  }
  if (round >= 0) rounds.push(sums)
}
load.stop()

const over = (measure) => spread(rounds.map(measure))
process.send({
  call: over(({ call }) => call / LOOPS),
  inVerifies: over(({ call, verify }) => call / verify),
  inRequests: over(({ call, request }) => call / request),
})
process.disconnect()
process.exit()
