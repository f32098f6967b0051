// Five generations of clients, one table of stories: each client meets each story, and what decides is what the app
// sees of it (an answer, an error's words, being logged in or not) and how often the server was asked.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { customJwtAuth, errorHandler, type CustomJwtAuth } from 'custom-jwt-auth'
import express from 'express'
import { listen } from '../support/server.js'
import { APP_ID, mint, OTHER_SECRET, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { installOldClients, oldClients, type OldClient, type OpenOldClient } from './old-clients.js'

const BASE_PATH = '/api/client/v2.0'
const OTHER_APP = 'other-fghij'
const HALF_AN_HOUR = 1800

interface Service {
  readonly client: OldClient
  readonly auth: CustomJwtAuth
  readonly time: { ahead: number }
  /** Requests since the last call, as `POST 401 AuthError`. */
  readonly wire: () => string[]
}

/** A server of two Apps, whose clocks (not the clients') can be set ahead. */
async function startService(t: TestContext, open: OpenOldClient): Promise<Service> {
  const time = { ahead: 0 }
  const guardOf = (appId: string) =>
    customJwtAuth({
      appId,
      audience: APP_ID,
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
      autoCreateUser: true,
      session: { signingKeys: [SESSION_SECRET] },
      clock: () => Date.now() + time.ahead * 1000,
    })
  const [other, auth] = [guardOf(OTHER_APP), guardOf(APP_ID)]
  const lines: string[] = []
  const app = express()
  app.use((req, res, next) => {
    res.on('finish', () => lines.push(`${req.method} ${String(res.statusCode)}`))
    // A client that is caught in a loop is to fail its story, not to hang it.
    if (lines.length > 50) req.socket.destroy()
    else next()
  })
  // Functions of the app's own, where the clients look for them.
  app.post(`${BASE_PATH}/app/:appId/functions/call`, express.json(), (req, res, next) => {
    const { name } = req.body as { name: string }
    const guards: Partial<Record<string, CustomJwtAuth>> = { own: auth, other }
    const guard = guards[name]
    if (!guard) next()
    else
      guard(req, res, (error) => {
        if (error === undefined) res.json(req.user?.id)
        else next(error)
      })
  })
  app.use(other.sessionRoutes(), auth.sessionRoutes(), errorHandler())
  const server = await listen(app)
  await logInByHand(server.url, jwt('taken'))
  const client = await open(APP_ID, server.url)
  t.after(async () => {
    client.close()
    await server.close()
  })
  return { client, auth, time, wire: () => lines.splice(0) }
}

/** The login of somebody else. */
async function logInByHand(url: string, token: string): Promise<void> {
  const { status } = await fetch(`${url}${BASE_PATH}/app/${APP_ID}/auth/providers/custom-token/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  assert.equal(status, 200)
}

function jwt(sub = '24601', key = SECRET): string {
  const now = Math.floor(Date.now() / 1000)
  return mint({ aud: APP_ID, sub, iat: now, exp: now + 3600 }, { key })
}

/** How the promise was rejected, in the words that an app can show. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as Error).message
  }
  return 'none'
}

const TAKEN = /a user already exists with the specified provider/
const WRONG = /invalid custom auth token: signature is invalid/

type Story = (service: Service, userId: string) => Promise<void>

/** Each begins logged in. */
const stories: Readonly<Record<string, Story>> = {
  async 'calls a function'({ client, wire }, userId) {
    assert.equal(await client.call('own'), userId)
    assert.deepEqual(wire(), ['POST 200'])
  },
  async 'refreshes an expired access token, and the call succeeds'({ client, time, wire }, userId) {
    time.ahead = HALF_AN_HOUR
    assert.equal(await client.call('own'), userId)
    assert.deepEqual(wire(), ['POST 401', 'POST 201', 'POST 200'])
  },
  async 'links an identity'({ client, auth, wire }, userId) {
    await client.link(jwt('9430'))
    assert.equal(wire()[0], 'POST 200')
    assert.equal((await auth.users.get(userId))?.identities.length, 2)
    assert.equal(await client.call('own'), userId)
  },
  async 'links an identity with an expired access token'({ client, auth, time }, userId) {
    time.ahead = HALF_AN_HOUR
    // mongodb-stitch never refreshed for a link: its app sees the refusal, and any other call refreshes.
    const error = await refusal(client.link(jwt('9430')))
    if (error !== 'none') {
      assert.match(error, /invalid session/)
      assert.equal(await client.call('own'), userId)
      await client.link(jwt('9430'))
    }
    assert.equal((await auth.users.get(userId))?.identities.length, 2)
  },
  async 'is told once that an identity is taken, and stays logged in'({ client, wire }, userId) {
    assert.match(await refusal(client.link(jwt('taken'))), TAKEN)
    assert.deepEqual(wire(), ['POST 409'])
    assert.equal(await client.call('own'), userId)
  },
  async 'is told once that a token to link is wrong, and stays logged in'({ client, wire }, userId) {
    assert.match(await refusal(client.link(jwt('9430', OTHER_SECRET))), WRONG)
    assert.deepEqual(wire(), ['POST 400'])
    assert.equal(await client.call('own'), userId)
  },
  async 'is told that a token to log in with is wrong'({ client, wire }) {
    assert.match(await refusal(client.logIn(jwt('9430', OTHER_SECRET))), WRONG)
    assert.deepEqual(wire().at(-1), 'POST 401')
  },
  async 'is logged out when its session is revoked'({ client, auth, time }, userId) {
    await auth.users.revokeSessions(userId)
    time.ahead = HALF_AN_HOUR
    assert.match(await refusal(client.call('own')), /invalid session/)
    assert.equal(client.isLoggedIn(), false)
  },
  async 'is logged out by a function that does not exist, when its session is revoked'(
    { client, auth },
    userId,
  ) {
    await auth.users.revokeSessions(userId)
    assert.match(await refusal(client.call('none')), /invalid session/)
    assert.equal(client.isLoggedIn(), false)
  },
  async 'is told that a function does not exist, and stays logged in'({ client, wire }) {
    assert.match(await refusal(client.call('none')), /no such endpoint/)
    assert.deepEqual(wire(), ['POST 404'])
    assert.equal(client.isLoggedIn(), true)
  },
  async 'is told once that a function is of another App, and stays logged in'({ client, wire }) {
    assert.match(await refusal(client.call('other')), /another App/)
    assert.deepEqual(wire(), ['POST 403'])
    assert.equal(client.isLoggedIn(), true)
  },
}

installOldClients()

for (const [name, open] of Object.entries(oldClients))
  describe(name, () => {
    for (const [story, tell] of Object.entries(stories))
      test(story, async (t) => {
        const service = await startService(t, open)
        const userId = await service.client.logIn(jwt())
        assert.match(userId, /^[0-9a-f]{24}$/)
        service.wire()
        await tell(service, userId)
      })
  })
