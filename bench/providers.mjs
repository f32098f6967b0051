// Whether the number of providers changes the cost of a request: one, ten and a thousand, listed or found by a function. The
// calls of all guards take turns, and the lowest decile of their rounds counts. Every tenant has a key and a person of its own.
import { createHmac, randomBytes } from 'node:crypto'
import { customJwtAuth } from '../dist/esm/index.js'
import { cpuOfCalls, thirdParty } from './measure.mjs'
import { lowestDecile, rounded, rounds } from './statistics.mjs'
import { APP_ID } from './tokens.mjs'

const ROUNDS = rounds(300)
const CALLS = 200

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const secrets = Array.from({ length: 1000 }, () => randomBytes(32).toString('hex'))
const issuerOf = (index) => `https://tenant-${index}.example/`

function mint(index, number) {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuerOf(index), aud: APP_ID, sub: `user-${number}`, iat: now - 60, exp: now + 7200 }
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${text}.${createHmac('sha256', secrets[index]).update(text).digest('base64url')}`
}

const provider = (index) => ({
  issuer: issuerOf(index),
  signingAlgorithm: 'HS256',
  signingKeys: [secrets[index]],
})
const listed = (count) => ({
  providers: Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, provider(index)])),
})
const found = (count) => {
  const byIssuer = new Map(Array.from({ length: count }, (_, index) => [issuerOf(index), index]))
  return { providers: (iss) => (byIssuer.has(iss) ? provider(byIssuer.get(iss)) : undefined) }
}

const guards = {
  'one, without providers': [provider(0), 1],
  'one, listed': [listed(1), 1],
  'ten, listed': [listed(10), 10],
  '1000, listed, of which ten sign in': [listed(1000), 10],
  '1000, listed': [listed(1000), 1000],
  '1000, found by a function, of which ten sign in': [found(1000), 10],
  '1000, found by a function': [found(1000), 1000],
}

const cases = Object.entries(guards).map(([name, [options, tenants]]) => {
  const guard = customJwtAuth({ appId: APP_ID, autoCreateUser: true, ...options })
  const tokens = Array.from({ length: 1000 }, (_, number) => thirdParty(mint(number % tenants, number)))
  return { name, guard, tokens, costs: [] }
})
for (let round = -10; round < ROUNDS; round += 1)
  for (const { guard, tokens, costs } of cases) {
    const from = (Math.abs(round) * CALLS) % tokens.length
    const cost = await cpuOfCalls(guard, tokens.slice(from, from + CALLS))
    if (round >= 0) costs.push(cost)
  }

const [first] = cases.map(({ costs }) => lowestDecile(costs))
process.send(
  cases.map(({ name, costs }) => {
    const microseconds = lowestDecile(costs)
    return { providers: name, microseconds: rounded(microseconds), ratio: rounded(microseconds / first) }
  }),
)
process.disconnect()
process.exit()
