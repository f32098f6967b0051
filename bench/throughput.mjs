// One guard beside a bare Express app, in one process, over real HTTP. They take short turns, so that both meet the
// same noise.  throughput.mjs GUARD ALGORITHM CREDENTIAL
import { logIn, neighbours, ours, setUser } from './guards.mjs'
import { bearer, listenApp, spread, startLoad, thirdParty } from './measure.mjs'
import { mintHs256, mintMany, mintRs256 } from './tokens.mjs'

const ROUNDS = 150
const WARM_UP_ROUNDS = 30
const REQUESTS = 400

const [name, algorithm, credential] = process.argv.slice(2)
const guards = { ...neighbours, 'custom-jwt-auth': ours, 'setting req.user': () => setUser }
const guard = await guards[name](algorithm)
const tokens = await mintMany(algorithm === 'HS256' ? mintHs256 : mintRs256, 100, { users: 100 })
const sent = credential === 'session' ? await logIn(guard, tokens) : tokens
const load = startLoad(sent.map(credential === 'jwtTokenString' ? thirdParty : bearer))

const bare = await listenApp()
const guarded = await listenApp(guard)
const rounds = []
for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
  const taken = new Map()
  for (const app of round % 2 === 0 ? [bare, guarded] : [guarded, bare])
    taken.set(app, await load.round(app, REQUESTS))
  if (round >= 0) rounds.push({ bare: taken.get(bare), guarded: taken.get(guarded) })
}
load.stop()

process.send({
  bare: spread(rounds.map((round) => round.bare.cpu)),
  guarded: spread(rounds.map((round) => round.guarded.cpu)),
  cpu: spread(rounds.map((round) => round.guarded.cpu / round.bare.cpu - 1)),
  throughput: spread(rounds.map((round) => 1 - round.bare.elapsed / round.guarded.elapsed)),
})
process.disconnect()
process.exit()
