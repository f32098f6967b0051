// One guard beside a bare Express app, in one process, over real HTTP. They take short turns, so that all meet the same
// noise, and all get the same requests. Sends what each app took in each round.
// throughput.mjs GUARD ALGORITHM CREDENTIAL seen|new
import { createPublicKey, verify } from 'node:crypto'
import { logIn, neighbors, ours, setUser } from './guards.mjs'
import { bearer, listenApp, startLoad, thirdParty } from './measure.mjs'
import { rounds } from './statistics.mjs'
import { mintHs256, mintMany, mintRs256, PUBLIC_PEM, signedParts } from './tokens.mjs'

const ROUNDS = rounds(150)
const WARM_UP_ROUNDS = rounds(30)
const REQUESTS = 400
/** More than any cache here remembers: by the time one comes again, it was forgotten. */
const NEW_TOKENS = 6000

const [name, algorithm, credential, age] = process.argv.slice(2)
const guards = { ...neighbors, 'custom-jwt-auth': ours, 'setting req.user': () => setUser }
const guard = await guards[name](algorithm)
const count = age === 'new' ? NEW_TOKENS : 100
const tokens = await mintMany(algorithm === 'HS256' ? mintHs256 : mintRs256, count, { users: 100 })
const sent = credential === 'session' ? await logIn(guard, tokens) : tokens
const load = startLoad(sent.map(credential === 'jwtTokenString' ? thirdParty : bearer))

const apps = { bare: await listenApp(), guarded: await listenApp(guard) }
if (age === 'new') apps.verifying = await listenApp(rawVerify())
const costs = []
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  const taken = {}
  const names = Object.keys(apps)
  for (const app of round % 2 === 0 ? names : names.reverse())
    taken[app] = await load.round(apps[app], REQUESTS)
  if (round >= 0) costs.push(taken)
}
load.stop()

process.send(costs)
process.disconnect()
process.exit()

/** Middleware of one raw signature verification, with all that it needs prepared. */
function rawVerify() {
  const key = createPublicKey(PUBLIC_PEM)
  const prepared = tokens.map(signedParts)
  let number = 0
  return (_req, _res, next) => {
    const { text, signature } = prepared[number++ % prepared.length]
    next(verify('sha256', text, key, signature) ? undefined : new Error('a signature was found bad'))
  }
}
