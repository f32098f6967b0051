// Runs every part in processes of its own, writes what was measured to results/, and from it the charts and tables.
// npm start [http] [calls] [providers] [memory] [jwks] [stores] [--try]
//   --try: a few rounds of each, whose tables are printed and nothing is written
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { describeRun, writeResult } from './results.mjs'
import { writeAll } from './render.mjs'
import { lowestDecile, rounded } from './statistics.mjs'
import { tables } from './tables.mjs'

if (!existsSync(new URL('../dist/esm/index.js', import.meta.url))) {
  console.error(
    'What is measured is the package as built, and there is no dist/: run `npm run bench` in the root.',
  )
  process.exit(1)
}

const args = process.argv.slice(2)
const isTrial = args.includes('--try')
if (isTrial) process.env.BENCH_TRY = '1'
const chosen = args.filter((arg) => !arg.startsWith('--'))

/** Runs a file with arguments; resolves with what it sends. */
async function run(file, ...args) {
  console.error(`running ${file} ${args.join(', ')}`)
  const child = fork(new URL(file, import.meta.url), args, { execArgv: ['--expose-gc'] })
  let sent
  child.once('message', (message) => {
    sent = message
  })
  const [status] = await once(child, 'exit')
  if (status !== 0 || !sent) throw new Error(`${file} ${args.join(' ')} ended with ${status}`)
  return sent
}

const NEIGHBOURS = [
  'fast-jwt, cache on',
  'fast-jwt, cache off',
  'express-oauth2-jwt-bearer',
  'express-jwt',
  'passport-jwt',
].map((guard) => [guard, 'RS256', 'bearer'])
const OURS = ['custom-jwt-auth', 'RS256', 'jwtTokenString']
const SEEN = [
  ['setting req.user', 'RS256', 'bearer'],
  ['custom-jwt-auth', 'HS256', 'jwtTokenString'],
  OURS,
  ['custom-jwt-auth', 'RS256', 'session'],
  ...NEIGHBOURS,
]
const NEW = [OURS, ...NEIGHBOURS]
/** What is asked of the guards, by the age of the token. */
const COMPARED = { seen: SEEN, new: NEW }
const OURS_ALONE = { 'new-user': [OURS], 'bad-signature': [OURS], expired: [OURS], missing: [OURS] }

/**
 * The rounds of every guard, a part of them at a time, so that all of them meet the same machine.
 * @returns for each guard what it is, and all of its rounds
 */
async function inTurn(file, guards, passes) {
  const all = Object.entries(guards).flatMap(([token, list]) =>
    list.map(([guard, algorithm, credential]) => ({
      about: { token, guard, algorithm, credential },
      rounds: [],
    })),
  )
  for (let pass = 0; pass < (isTrial ? 1 : passes); pass += 1)
    for (const { about, rounds } of all)
      rounds.push(...(await run(file, about.guard, about.algorithm, about.credential, about.token)))
  return all
}

const NEIGHBOUR_PACKAGES = [
  'express-jwt',
  'passport',
  'passport-jwt',
  'express-oauth2-jwt-bearer',
  'fast-jwt',
]

const parts = {
  http: {
    packages: NEIGHBOUR_PACKAGES,
    async measure() {
      const all = await inTurn('throughput.mjs', COMPARED, 1)
      return all.map(({ about, rounds }) => {
        const of = (measure) => lowestDecile(rounds.map(measure))
        const bare = of((round) => round.bare.cpu)
        const adds = of((round) => round.guarded.cpu) - bare
        const lost = 1 - of((round) => round.bare.elapsed) / of((round) => round.guarded.elapsed)
        const verify = about.token === 'new' ? of((round) => round.verifying.cpu) - bare : undefined
        return {
          ...about,
          bareRequest: rounded(bare),
          guardAdds: rounded(adds),
          ofRequest: rounded(adds / bare),
          throughputLost: rounded(lost),
          ...(verify && { rawVerifyAdds: rounded(verify), rawVerifies: rounded(adds / verify) }),
        }
      })
    },
  },
  calls: {
    packages: NEIGHBOUR_PACKAGES,
    async measure() {
      const all = await inTurn('calls.mjs', { ...COMPARED, ...OURS_ALONE }, 2)
      const rows = all.map(({ about, rounds }) => {
        const of = (measure) => lowestDecile(rounds.map(measure))
        const [call, request, verify] = [of((r) => r.call), of((r) => r.request), of((r) => r.verify)]
        return {
          ...about,
          microseconds: rounded(call),
          bareRequest: rounded(request),
          ofRequest: rounded(call / request),
          rawVerify: rounded(verify),
          rawVerifies: rounded(call / verify),
        }
      })
      // Processes meet different moments of the machine: what they took in raw verifications of their own is compared.
      return rows.map((row) => {
        const isOurs = ({ token, guard, algorithm, credential }) =>
          token === row.token && String([guard, algorithm, credential]) === String(OURS)
        return { ...row, timesOurs: rounded(row.rawVerifies / rows.find(isOurs).rawVerifies) }
      })
    },
  },
  providers: { packages: [], measure: () => run('providers.mjs') },
  memory: {
    packages: [],
    async measure() {
      const cases = [
        'shown to an empty middleware',
        'of 1,000 users',
        'of 1,000,000 users, none of whom exists',
      ]
      const results = []
      for (const tokens of cases) results.push({ tokens, ...(await run('memory.mjs', tokens)) })
      return results
    },
  },
  jwks: {
    packages: ['jwks-rsa'],
    measure: async () => ({ calls: await run('jwks.mjs', 'calls'), flood: await run('jwks.mjs', 'flood') }),
  },
  stores: {
    packages: ['libsql', 'pg'],
    async measure() {
      const stores = [await run('stores.mjs', 'SQLite')]
      if (process.env.POSTGRES_URL) stores.push(await run('stores.mjs', 'PostgreSQL'))
      else console.error('PostgreSQL is left out: POSTGRES_URL is not set')
      return stores
    },
  },
}

for (const part of chosen.length > 0 ? chosen : Object.keys(parts)) {
  if (!parts[part]) throw new Error(`there is no part ${part}: ${Object.keys(parts).join(', ')}`)
  const { packages, measure } = parts[part]
  const finish = describeRun(part, packages)
  const result = finish(await measure())
  console.log(`\n${tables[part](result)}`)
  if (!isTrial) writeResult(part, result)
}
if (!isTrial) writeAll()
