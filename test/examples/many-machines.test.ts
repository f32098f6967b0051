import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect } from 'node:net'
import { after, before, test, type TestContext } from 'node:test'
import { Pool } from 'pg'
import { LOGIN, SESSION } from '../support/app.js'
import { send, type Answer, type Outgoing } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { overhear } from '../support/secrecy.js'
import { requireServer } from '../support/servers.js'
import { claims, mint } from '../support/tokens.js'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = ''] = readBlocks('many-machines', 'sh')
const [disabled, refused] = readBlocks('many-machines', 'json').map((json): unknown => JSON.parse(json))
const [, SIGNING_KEY = ''] = /SIGNING_KEY=(\S+)/.exec(start) ?? []

const server = requireServer('POSTGRES_URL')
const skip = 'skip' in server ? server.skip : false
const admin = new Pool({ connectionString: 'url' in server ? server.url : '' })
const database = `many_machines_${randomBytes(6).toString('hex')}`
const POSTGRES_URL = 'url' in server ? Object.assign(new URL(server.url), { pathname: database }).href : ''

before(async () => {
  if (!skip) await admin.query(`CREATE DATABASE ${database}`)
})
after(async () => {
  if (!skip) await admin.query(`DROP DATABASE ${database} WITH (FORCE)`)
  await admin.end()
})

function tokenFor(sub: string, more: object = {}): string {
  const now = Math.floor(Date.now() / 1000)
  return mint(claims({ sub, iat: now, exp: now + 600, ...more }), { key: SIGNING_KEY })
}

async function startMachines(t: TestContext) {
  const example = startExample(t, start, { POSTGRES_URL })
  const [, port = ''] = await example.printed(/Listening on .* port: (\d+)/)
  return { example, port: Number(port), url: `http://127.0.0.1:${port}` }
}

/** A client of one machine: it keeps its connection, and so whom it is connected to. */
async function clientOf(t: TestContext, url: string, machine: string) {
  for (let attempt = 1; attempt <= 10; attempt += 1) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => {
      agent.destroy()
    })
    const ask = (path: string, outgoing: Outgoing = {}): Promise<Answer> =>
      send(url + path, { agent, ...outgoing })
    if ((await ask('/api/me')).headers['x-machine'] === machine) return ask
  }
  throw new Error(`machine ${machine} never answered`)
}

/** Whether nobody listens anymore. */
async function isRefused(port: number): Promise<boolean> {
  const probe = connect(port, '127.0.0.1')
  try {
    await once(probe, 'connect')
    return false
  } catch {
    return true
  } finally {
    probe.destroy()
  }
}

const CLOSING = /^Connection: close\r$/m
const answersIn = (said: string): string[] => said.split(/(?=HTTP\/1\.1 )/)

/** Whether the newest answer of a connection is its last one; undefined until all of it is there. */
function isLast(said: string): boolean | undefined {
  const [head = '', body] = (answersIn(said).at(-1) ?? '').split('\r\n\r\n')
  const [, length] = /^Content-Length: (\d+)\r?$/m.exec(head) ?? []
  return Buffer.byteLength(body ?? '') === Number(length) ? CLOSING.test(head) : undefined
}

const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

test('the machines answer in turn and as one, as the README says', { skip }, async (t) => {
  const { url } = await startMachines(t)
  const answers = (await runShell(tryIt.replace('http://localhost:3000', url))).trim().split(/\r?\n/)
  const machines = answers.filter((line) => line.startsWith('X-Machine'))
  assert.deepEqual(new Set(machines), new Set(['X-Machine: 1', 'X-Machine: 2']))
  const bodies = answers.filter((line) => line.startsWith('{')).map((line): unknown => JSON.parse(line))
  const [user, same, ...rest] = bodies
  assert.match(JSON.stringify(user), /"identities":\[\{"id":"24601"/)
  assert.deepEqual([same, ...rest], [user, disabled, refused, refused])
})

test('what one machine does, the other knows at once', { skip }, async (t) => {
  const { url, example, port } = await startMachines(t)
  const [one, two] = [await clientOf(t, url, '1'), await clientOf(t, url, '2')]
  const logIn = async (sub: string) =>
    (await one(LOGIN, { method: 'POST', body: { token: tokenFor(sub) } })).body
  const seenBy = async (ask: typeof one, token: string) => {
    const { status, body, headers } = await ask('/api/me', bearer(token))
    return [headers['x-machine'], status, body.error_code ?? body.id]
  }

  await t.test('a login', async () => {
    const { access_token: token, user_id: id } = await logIn('valjean')
    assert.deepEqual(await seenBy(two, token), ['2', 200, id])
  })

  await t.test('a logout', async () => {
    const { access_token: token, refresh_token, user_id: id } = await logIn('valjean')
    assert.deepEqual(await seenBy(one, token), ['1', 200, id])
    assert.equal((await two(SESSION, { method: 'DELETE', ...bearer(refresh_token) })).status, 204)
    assert.deepEqual(await seenBy(one, token), ['1', 401, 'InvalidSession'])
  })

  await t.test('a user who is disabled, by an administrator alone', async () => {
    const { access_token: token, user_id: id } = await logIn('cosette')
    assert.deepEqual(await seenBy(two, token), ['2', 200, id])
    const disable = (jwtTokenString: string) =>
      one(`/admin/disable/${id}`, { method: 'POST', headers: { jwtTokenString } })
    assert.equal((await disable(tokenFor('valjean'))).status, 403)
    assert.deepEqual((await disable(tokenFor('javert', { role: 'admin' }))).body, disabled)
    assert.deepEqual(await seenBy(two, token), ['2', 401, 'UserDisabled'])
  })

  await t.test('the end: what was begun is answered, and connections are not kept', async (end) => {
    const body = JSON.stringify({ token: tokenFor('marius') })
    const socket = connect(port, '127.0.0.1')
    end.after(() => socket.destroy())
    socket.write(
      `POST ${LOGIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    )
    await once(socket, 'readable')
    const code = example.stop()
    await eventually(() => isRefused(port))
    socket.write(body)
    // The port is closed a moment before the machine hears of the end: it may keep the connection for an answer more.
    // The next one is asked for when the last has come: what reaches a connection that is being closed resets it.
    let said = ''
    for await (const chunk of socket.setEncoding('utf8')) {
      said += String(chunk)
      if (isLast(said) === false) socket.write('GET /api/me HTTP/1.1\r\nHost: localhost\r\n\r\n')
    }
    const answers = answersIn(said)
    const [begun, answered, ...more] = answers.map((answer) => answer.slice(9, 12))
    assert.deepEqual([begun, answered, new Set(more)], ['100', '200', new Set(['401'])])
    assert.match(answers.at(-1) ?? '', CLOSING)
    assert.equal(await code, 0)
  })
})

test('without POSTGRES_URL nothing starts, and it says how to get a server', async (t) => {
  const command = 'npx tsx examples/many-machines/index.ts'
  const { code, output } = await startExample(t, command, { POSTGRES_URL: undefined }).ended()
  assert.equal(code, 1)
  overhear(output)
  assert.match(output, /^POSTGRES_URL is not set.*\n {2}docker compose up --wait\n {2}export POSTGRES_URL=/)
})

test('without a server nothing starts either, and it says so once, without the password', async (t) => {
  const nowhere = 'postgres://postgres:canary@127.0.0.1:9/postgres?application_name=canary'
  const { code, output } = await startExample(t, start, { POSTGRES_URL: nowhere }).ended()
  assert.equal(code, 1)
  overhear(output)
  assert.match(
    output,
    /^PostgreSQL does not answer \(ECONNREFUSED\)\. Start it, or correct POSTGRES_URL\. To have one here:\n {2}docker compose up --wait\n.*\n$/,
  )
  assert.doesNotMatch(output, /canary/)
})
