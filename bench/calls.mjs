// The CPU time of one call of each guard, without HTTP. The guards take turns call by call, as one call follows other
// work in a server: what runs in a loop of its own has warmer caches than any request will see.
import { createPublicKey, verify } from 'node:crypto'
import { logIn, neighbours, ours, setUser } from './guards.mjs'
import {
  anonymous,
  bearer,
  callAll,
  cpuMicroseconds,
  cpuOfCall,
  listenApp,
  spread,
  startLoad,
  thirdParty,
} from './measure.mjs'
import { mintHs256, mintMany, mintRs256, PUBLIC_PEM, withBadSignature } from './tokens.mjs'

const ROUNDS = 6
const WARM_UP_ROUNDS = 2
const CALLS = 1500

const seenHs256 = await mintMany(mintHs256, 100, { users: 100 })
const seenRs256 = await mintMany(mintRs256, 100, { users: 100 })
// More than the memory for tokens holds, so that new ones meet it as it is after a while of work: full.
const older = await mintMany(mintRs256, 5000, { users: 300, secondsToLive: 3600 })
const ofKnownUsers = await mintMany(mintRs256, CALLS, { users: 300 })
const ofNewUsers = await mintMany(mintRs256, CALLS, { users: CALLS, name: 'new-user' })
const expired = await mintMany(mintRs256, CALLS, { users: 300, secondsToLive: -30 })
const forged = ofKnownUsers.map(withBadSignature)

const publicKey = createPublicKey(PUBLIC_PEM)
const signatures = ofKnownUsers.map((token) => {
  const end = token.lastIndexOf('.')
  return [Buffer.from(token.slice(0, end)), Buffer.from(token.slice(end + 1), 'base64url')]
})
function rawVerify(index) {
  const [text, signature] = signatures[index]
  const start = cpuMicroseconds()
  const good = verify('sha256', text, publicKey, signature)
  const spent = cpuMicroseconds() - start
  if (!good) throw new Error('a signature was found bad')
  return spent
}

const oursHs256 = ours('HS256')
const oursRs256 = ours('RS256')
const sessions = await logIn(oursRs256, seenRs256)
const call = (guard, tokens, headersOf, code) => (index) =>
  cpuOfCall(guard, headersOf(tokens[index % tokens.length]), code)

/** Each says once a round how to make the call number so and so. */
const contestants = {
  'nothing: the clock itself': () => call((_req, _res, next) => next(), seenRs256, thirdParty),
  'raw crypto.verify': () => rawVerify,
  'setting req.user, no more': () => call(setUser, seenRs256, thirdParty),
  'seen before | custom-jwt-auth, HS256': async () => {
    await callAll(oursHs256, seenHs256, thirdParty)
    return call(oursHs256, seenHs256, thirdParty)
  },
  'seen before | custom-jwt-auth, RS256': async () => {
    await callAll(oursRs256, seenRs256, thirdParty)
    return call(oursRs256, seenRs256, thirdParty)
  },
  'seen before | custom-jwt-auth, session token': async () => {
    await callAll(oursRs256, sessions, bearer)
    return call(oursRs256, sessions, bearer)
  },
}
const filled = async () => {
  const guard = ours('RS256')
  await callAll(guard, older, thirdParty)
  return guard
}
Object.assign(contestants, {
  'never seen | custom-jwt-auth, RS256, known user': async () => call(await filled(), ofKnownUsers, thirdParty),
  'never seen | custom-jwt-auth, RS256, new user': async () => call(await filled(), ofNewUsers, thirdParty),
  'refused | custom-jwt-auth, bad signature': () => call(oursRs256, forged, thirdParty, 'TOKEN_SIGNATURE'),
  'refused | custom-jwt-auth, expired': () => call(oursRs256, expired, thirdParty, 'TOKEN_EXPIRED'),
  'refused | custom-jwt-auth, no credentials': () => call(oursRs256, seenRs256, anonymous, 'CREDENTIALS_MISSING'),
})
for (const [name, make] of Object.entries(neighbours)) {
  const guard = await make('RS256')
  contestants[`seen before | ${name}, RS256`] = async () => {
    await callAll(guard, seenRs256, bearer)
    return call(guard, seenRs256, bearer)
  }
  contestants[`never seen | ${name}, RS256`] = async () => {
    const unused = await make('RS256')
    await callAll(unused, seenRs256, bearer)
    return call(unused, ofKnownUsers, bearer)
  }
}

const bare = await listenApp()
const load = startLoad(seenRs256.map(thirdParty))
const means = Object.fromEntries(['bare Express request', ...Object.keys(contestants)].map((name) => [name, []]))
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  const sums = {}
  const ready = []
  for (const [name, prepare] of Object.entries(contestants)) {
    sums[name] = 0
    ready.push([name, await prepare()])
  }
  for (let index = 0; index < CALLS; index += 1)
    for (const [name, callNumber] of ready) sums[name] += await callNumber(index)
  const request = (await load.round(bare, 2 * CALLS)).cpu
  if (round < 0) continue
  const clock = sums['nothing: the clock itself'] / CALLS
  means['bare Express request'].push(request)
  for (const [name, sum] of Object.entries(sums)) means[name].push(sum / CALLS - clock)
}
load.stop()

process.send(Object.fromEntries(Object.entries(means).map(([name, values]) => [name, spread(values)])))
process.disconnect()
process.exit()
