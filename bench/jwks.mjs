// Keys from an issuer: what they cost a request beside keys that are written down, and what a flood of invented kids
// does, to this package and to jwks-rsa with its own cache and rate limit.  jwks.mjs calls|flood
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { createServer, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { mock } from 'node:test'
import { JwksClient } from 'jwks-rsa'
import { customJwtAuth } from '../dist/esm/index.js'
import { lowestDecile, rounded, rounds } from './statistics.mjs'

const APP_ID = 'myapp-abcde'
const START = 1_700_000_000

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const pairs = ['key-1', 'key-2'].map((kid) => ({
  kid,
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }),
}))

function mint({ kid, privateKey }, subject) {
  const claims = { aud: APP_ID, sub: subject, iat: START, exp: START + 86_400 }
  const text = `${encode({ alg: 'RS256', typ: 'JWT', kid })}.${encode(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`
}

/** An issuer on loopback that counts how often it is asked. */
async function startIssuer() {
  const issuer = { published: [pairs[0]], fetches: 0, answering: 0 }
  const server = createServer((_req, res) => {
    issuer.fetches += 1
    issuer.answering += 1
    res.on('close', () => {
      issuer.answering -= 1
    })
    const keys = issuer.published.map(({ kid, publicKey }) => ({
      ...publicKey.export({ format: 'jwk' }),
      kid,
      use: 'sig',
      alg: 'RS256',
    }))
    res.end(JSON.stringify({ keys }))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  return Object.assign(issuer, {
    url: `http://127.0.0.1:${port}/`,
    close: () => server.close(),
  })
}

const socket = new Socket()

function makeRequest(token) {
  const req = new IncomingMessage(socket)
  req.rawHeaders.push('jwtTokenString', token)
  req.headers.jwttokenstring = token
  return req
}

/** Resolves with undefined, or with what the guard refuses with. */
const callGuard = (guard, token) => new Promise((resolve) => guard(makeRequest(token), {}, resolve))

/** CPU microseconds of one call of each guard, in rounds that take turns. */
async function measureCalls() {
  const issuer = await startIssuer()
  const common = { appId: APP_ID, autoCreateUser: true, clock: () => START * 1000 }
  const fixed = {
    ...common,
    signingAlgorithm: 'RS256',
    signingKeys: [pairs[0].publicKey.export({ type: 'spki', format: 'pem' })],
  }
  const remote = { ...common, jwkUri: issuer.url }
  const off = { cache: { tokens: false } }
  const rows = [
    { call: 'a token seen before', calls: 20_000, a: customJwtAuth(fixed), b: customJwtAuth(remote) },
    {
      call: 'a token to verify',
      calls: 1000,
      a: customJwtAuth({ ...fixed, ...off }),
      b: customJwtAuth({ ...remote, ...off }),
    },
  ]
  const tokens = Array.from({ length: 50 }, (_, index) => mint(pairs[0], `user-${index}`))
  async function round(guard, calls) {
    const requests = Array.from({ length: calls }, (_, index) => makeRequest(tokens[index % tokens.length]))
    let failed
    const next = (error) => {
      failed ??= error
    }
    const { user, system } = process.cpuUsage()
    for (const request of requests) guard(request, {}, next)
    const spent = process.cpuUsage({ user, system })
    if (failed) throw failed
    return (spent.user + spent.system) / calls
  }
  const results = []
  for (const { call, calls, a, b } of rows) {
    await b.ready()
    for (const token of tokens) for (const guard of [a, b]) await callGuard(guard, token)
    for (let warmUp = 0; warmUp < 3; warmUp += 1) for (const guard of [a, b]) await round(guard, calls)
    const cpu = { a: [], b: [] }
    for (let count = 0; count < rounds(100); count += 1) {
      const order = count % 2 === 0 ? ['a', 'b'] : ['b', 'a']
      for (const key of order) cpu[key].push(await round({ a, b }[key], calls))
    }
    const [writtenDown, fromIssuer] = [lowestDecile(cpu.a), lowestDecile(cpu.b)]
    results.push({
      call,
      writtenDown: rounded(writtenDown),
      fromIssuer: rounded(fromIssuer),
      ratio: rounded(fromIssuer / writtenDown),
    })
    await b.close()
  }
  issuer.close()
  return results
}

/** What jwks-rsa does for a token, and then the verification: the least of a guard. */
function jwksRsa(url, options) {
  const client = new JwksClient({ jwksUri: url, ...options })
  return {
    async judge(token) {
      const end = token.lastIndexOf('.')
      const { kid } = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url'))
      const key = createPublicKey((await client.getSigningKey(kid)).getPublicKey())
      const signature = Buffer.from(token.slice(end + 1), 'base64url')
      return verify('sha256', Buffer.from(token.slice(0, end)), key, signature)
    },
    close: () => undefined,
  }
}

function ours(url) {
  const auth = customJwtAuth({ appId: APP_ID, jwkUri: url, autoCreateUser: true, clock: Date.now })
  return {
    judge: async (token) => (await callGuard(auth, token)) === undefined,
    close: () => auth.close(),
  }
}

const clients = [
  { client: 'custom-jwt-auth', make: ours },
  {
    client: 'jwks-rsa, cache and rateLimit (10 a minute)',
    make: (url) => jwksRsa(url, { rateLimit: true }),
  },
  { client: 'jwks-rsa, cache alone', make: (url) => jwksRsa(url, {}), kids: 10_000 },
]

const SECONDS = 60
const STEPS = 10 * SECONDS
/** When the issuer gets a new key, in steps. */
const ROTATION = 272

/** One minute of a clock of its own: invented kids all the time, ten honest tokens a second, and a rotation. */
async function flood({ client, make, kids = 100_000 }) {
  const issuer = await startIssuer()
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: START * 1000 })
  const { judge, close } = make(issuer.url)
  const turns = async (count) => {
    for (let idle = 0; idle < count; idle += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      if (issuer.answering > 0) idle = 0
    }
  }
  const failed = { known: 0, fresh: 0 }
  const sent = { known: 0, fresh: 0 }
  const open = []
  let longestWait = 0
  const ask = (kind, token) => {
    const asked = Date.now()
    sent[kind] += 1
    const judged = judge(token).catch(() => false)
    return judged.then((good) => {
      if (!good) failed[kind] += 1
      longestWait = Math.max(longestWait, (Date.now() - asked) / 1000)
    })
  }
  const rest = mint(pairs[0], 'user').split('.').slice(1).join('.')
  const settle = () => undefined
  const first = ask('known', mint(pairs[0], 'user'))
  await turns(20)
  await first
  let invented = 0
  for (let step = 0; step < STEPS; step += 1) {
    for (; invented < (kids * (step + 1)) / STEPS; invented += 1)
      judge(`${encode({ alg: 'RS256', typ: 'JWT', kid: `invented-${invented}` })}.${rest}`).then(
        settle,
        settle,
      )
    if (step === ROTATION) issuer.published = pairs
    open.push(ask('known', mint(pairs[0], `user-${step}`)))
    if (step > ROTATION) open.push(ask('fresh', mint(pairs[1], `user-${step}`)))
    await turns(20)
    mock.timers.tick((1000 * SECONDS) / STEPS)
  }
  // Who still waits has one more minute.
  for (let seconds = 0; seconds < 60; seconds += 1) {
    mock.timers.tick(1000)
    await turns(20)
  }
  await Promise.all(open)
  await close()
  mock.timers.reset()
  issuer.close()
  return {
    client,
    invented,
    fetches: issuer.fetches,
    known: { sent: sent.known, refused: failed.known },
    new: { sent: sent.fresh, refused: failed.fresh },
    longestWaitSeconds: rounded(longestWait),
  }
}

async function measureFloods() {
  const results = []
  for (const client of clients) results.push(await flood(client))
  return results
}

process.send(await { calls: measureCalls, flood: measureFloods }[process.argv[2]]())
process.disconnect()
process.exit()
