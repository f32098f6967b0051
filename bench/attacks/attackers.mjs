// What the attacks have in common: tokens, requests, an issuer, and the process that is attacked.
import { fork } from 'node:child_process'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export const APP_ID = 'myapp-abcde'
export const ISSUER = 'https://issuer.example/'
export const SECRET = 'a-secret-of-the-issuer-0123456789abcdef'
export const LOGIN = `/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`
/** Options of a guard for tokens of {@link mint}. */
export const HS256 = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
export const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const base64url = (text) => Buffer.from(text).toString('base64url')

/** A good token; its header and claims may be JSON, with which anything goes. */
export function mint(claims = {}, { header = {}, secret = SECRET, rsa } = {}) {
  const now = Math.floor(Date.now() / 1000)
  const payload = { aud: APP_ID, sub: 'user-1', iat: now - 60, exp: now + 86_400, ...claims }
  const head = { alg: rsa ? 'RS256' : 'HS256', typ: 'JWT', ...header }
  return mintJson(JSON.stringify(payload), { header: JSON.stringify(head), secret, rsa })
}

export function mintJson(payload, { header = '{"alg":"HS256","typ":"JWT"}', secret = SECRET, rsa } = {}) {
  const text = `${base64url(header)}.${base64url(payload)}`
  const signature = rsa
    ? sign('sha256', Buffer.from(text), rsa)
    : createHmac('sha256', secret).update(text).digest()
  return `${text}.${signature.toString('base64url')}`
}

export const forged = (claims) => mint(claims, { secret: 'not-the-secret-of-the-issuer-0123456789' })

const kept = new Agent({ keepAlive: true, maxSockets: 10 })

/** A request; resolves with its status, JSON and text. */
export async function send(url, { method = 'GET', headers = {}, body, agent = kept } = {}) {
  const data =
    body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  const type =
    typeof body === 'object' && !Buffer.isBuffer(body) ? { 'content-type': 'application/json' } : {}
  const req = request(url, { method, agent, headers: { ...type, ...headers } }).end(data)
  req.on('error', () => undefined) // also after its response has begun, which fails too then
  const [res] = await once(req, 'response')
  let text = ''
  for await (const chunk of res.setEncoding('utf8')) text += chunk
  const json = /json/.test(res.headers['content-type']) && text ? JSON.parse(text) : undefined
  return { status: res.statusCode, json, text }
}

/** Node answers whatever has come in one turn of the loop. */
const BURST = 10
const STALL_MS = 3000

/**
 * Sends requests in bursts, each when those before are answered; when nobody answers, at once.
 * @param answered how many are
 */
async function inBursts(requests, sendAll, answered) {
  let isStalled = false
  for (let sent = 0; sent < requests.length; sent += BURST) {
    const since = performance.now()
    while (answered() < sent && !isStalled) {
      await wait(1)
      isStalled = performance.now() - since > STALL_MS
    }
    sendAll(requests.slice(sent, sent + BURST))
    await wait(1)
  }
}

/** Requests on connections of their own. Resolves with their answers. */
export async function flood(url, requests) {
  const answers = []
  const failures = []
  function begin(each) {
    send(url, { agent: false, ...each }).then(
      (answer) => answers.push(answer),
      (error) => failures.push(error),
    )
  }
  const ended = () => answers.length + failures.length
  await inBursts(requests, (burst) => burst.forEach(begin), ended)
  while (ended() < requests.length) await wait(10)
  if (failures.length > 0) throw failures[0]
  return answers
}

/** Requests of a token each on one connection, which waits for no answer. Resolves with how many of each status came. */
export async function pipeline(url, tokens) {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const counts = {}
  let [answered, rest] = [0, '']
  const all = new Promise((resolve, reject) => {
    socket.on('close', () => reject(new Error('the connection was closed')))
    socket.setEncoding('latin1').on('data', (chunk) => {
      const text = rest + chunk
      const end = text.lastIndexOf('HTTP/1.1 ') + 12
      for (const [, status] of text.slice(0, Math.max(end, 0)).matchAll(/HTTP\/1\.1 (\d{3})/g)) {
        counts[status] = (counts[status] ?? 0) + 1
        answered += 1
      }
      rest = end < 12 ? text.slice(-12) : text.slice(end)
      if (answered === tokens.length) resolve()
    })
  })
  const text = (token) => `GET /api/me HTTP/1.1\r\nHost: x\r\njwtTokenString: ${token}\r\n\r\n`
  await inBursts(
    tokens,
    (burst) => socket.write(burst.map(text).join('')),
    () => answered,
  )
  await all
  socket.destroy()
  return Object.entries(counts)
    .map(([status, count]) => `${count} × ${status}`)
    .join(', ')
}

/** An issuer on loopback: its key set, or what an attack has it answer. */
export async function startIssuer(answer) {
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'key-1', use: 'sig', alg: 'RS256' }]
  const server = createServer((req, res) => {
    res.setHeader('content-type', 'application/json')
    res.end(JSON.stringify(answer ? answer(req) : { keys }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** A process with the monitor in it. `url` is where it listens. */
export async function startVictim(file, args, { execArgv = [], ...options } = {}) {
  const child = fork(file, args, {
    execArgv: ['--import', new URL('monitor.mjs', import.meta.url).href, ...execArgv],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    ...options,
  })
  const exit = once(child, 'exit').then(() => undefined)
  let said = ''
  const listens = new Promise((resolve) => {
    child.stdout.on('data', (text) => {
      said += text
      if (/port: \d+/.test(said)) resolve({ url: `http://127.0.0.1:${/port: (\d+)/.exec(said)[1]}` })
    })
    child.on('message', (message) => message.url && resolve(message))
  })
  const started = await Promise.race([listens, exit])
  if (!started) throw new Error(`${file} ${args.join(' ')} ended before it listened: ${said}`)
  /** Undefined when the process has died. */
  async function ask(monitor) {
    const answer = new Promise((resolve) => {
      child.on('message', function listen(message) {
        if (!(monitor in message)) return
        child.off('message', listen)
        resolve(message[monitor])
      })
    })
    child.send({ monitor }, () => undefined) // nobody may be there anymore
    return Promise.race([answer, exit])
  }
  return {
    url: started.url,
    ask,
    exit,
    async stop() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
