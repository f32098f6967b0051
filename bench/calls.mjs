// The CPU time of one call of each guard, without HTTP, in short loops that take turns.
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

const seenHs256 = await mintMany(mintHs256, 100, { users: 100 })
const seenRs256 = await mintMany(mintRs256, 100, { users: 100 })
// As many as the memory for tokens holds, so that new ones meet it as it is after a while of work: full.
const older = await mintMany(mintRs256, 5000, { users: 300, secondsToLive: 3600 })
const ofKnownUsers = await mintMany(mintRs256, LOOPS * CALLS, { users: 300 })
const ofNewUsers = await mintMany(mintRs256, LOOPS * CALLS, { users: LOOPS * CALLS, name: 'new-user' })
const expired = await mintMany(mintRs256, LOOPS * CALLS, { users: 300, secondsToLive: -30 })
const forged = ofKnownUsers.map(withBadSignature)

const publicKey = createPublicKey(PUBLIC_PEM)
const prepared = ofKnownUsers.map(signedParts)
function rawVerifyLoop(loop) {
  const start = cpuMicroseconds()
  for (const { text, signature } of prepared.slice(loop * CALLS, (loop + 1) * CALLS))
    if (!verify('sha256', text, publicKey, signature)) throw new Error('a signature was found bad')
  return (cpuMicroseconds() - start) / CALLS
}

const calls = (guard, tokens, headersOf, code) => (loop) => {
  const some = Array.from({ length: CALLS }, (_, index) => tokens[(loop * CALLS + index) % tokens.length])
  return cpuOfCalls(guard, some.map(headersOf), code)
}
/** Shows the guard what it shall have seen. */
async function shown(guard, tokens, headersOf) {
  await cpuOfCalls(guard, tokens.map(headersOf))
  return guard
}

const oursHs256 = ours('HS256')
const oursRs256 = ours('RS256')
const sessions = await logIn(oursRs256, seenRs256)

/** Each is made ready once a round, and then runs its loops by number. */
const contestants = {
  'raw crypto.verify': () => rawVerifyLoop,
  'setting req.user, no more': () => calls(setUser, seenRs256, thirdParty),
  'seen before: custom-jwt-auth, HS256': async () =>
    calls(await shown(oursHs256, seenHs256, thirdParty), seenHs256, thirdParty),
  'seen before: custom-jwt-auth, RS256': async () =>
    calls(await shown(oursRs256, seenRs256, thirdParty), seenRs256, thirdParty),
  'seen before: custom-jwt-auth, session token': async () =>
    calls(await shown(oursRs256, sessions, bearer), sessions, bearer),
  'never seen: custom-jwt-auth, RS256, known user': async () =>
    calls(await shown(ours('RS256'), older, thirdParty), ofKnownUsers, thirdParty),
  'never seen: custom-jwt-auth, RS256, new user': async () =>
    calls(await shown(ours('RS256'), older, thirdParty), ofNewUsers, thirdParty),
  'refused: custom-jwt-auth, bad signature': () => calls(oursRs256, forged, thirdParty, 'TOKEN_SIGNATURE'),
  'refused: custom-jwt-auth, expired': () => calls(oursRs256, expired, thirdParty, 'TOKEN_EXPIRED'),
  'refused: custom-jwt-auth, no credentials': () => calls(oursRs256, older, anonymous, 'CREDENTIALS_MISSING'),
}
for (const [name, make] of Object.entries(neighbours)) {
  const guard = await make('RS256')
  contestants[`seen before: ${name}, RS256`] = async () =>
    calls(await shown(guard, seenRs256, bearer), seenRs256, bearer)
  contestants[`never seen: ${name}, RS256`] = async () =>
    calls(await shown(await make('RS256'), seenRs256, bearer), ofKnownUsers, bearer)
}

const bare = await listenApp()
const load = startLoad(seenRs256.map(thirdParty))
contestants['bare Express request'] = () => async () => (await load.round(bare, CALLS)).cpu

const means = {}
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  const ready = []
  for (const [name, prepare] of Object.entries(contestants))
    ready.push({ name, run: await prepare(), sum: 0 })
  for (let loop = 0; loop < LOOPS; loop += 1)
    for (const contestant of ready) contestant.sum += await contestant.run(loop)
  if (round >= 0) for (const { name, sum } of ready) (means[name] ??= []).push(sum / LOOPS)
}
load.stop()

process.send(Object.fromEntries(Object.entries(means).map(([name, values]) => [name, spread(values)])))
process.disconnect()
process.exit()
