// The recipes of docs/other-ways-in.md, each a file as the page has it: node recipes.mjs NAME refuses one and takes one.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import guard from './guard.cjs'

const { headers, mint, options } = guard
const token = headers.jwttokenstring
const expiredToken = mint({ exp: 1 })
process.env.SIGNING_KEY = options.signingKeys[0]

/** Asks without and with the token: a 401 with its challenge, then the user. */
async function askTwice(ask) {
  const refused = await ask({})
  assert.equal(refused.status, 401)
  assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer/)
  const accepted = await ask(headers)
  assert.equal(accepted.status, 200)
  assert.match(await accepted.text(), /"[0-9a-f]{24}"/)
}

const listen = async (server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `127.0.0.1:${server.address().port}`
}
const graphql = (url) => (sent) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...sent },
    body: JSON.stringify({ query: '{ me }' }),
  })

const checks = {
  async ws({ server }) {
    const { WebSocket } = await import('ws')
    const host = await listen(server)
    const stranger = new WebSocket(`ws://${host}`)
    stranger.on('error', () => {})
    const [, refused] = await once(stranger, 'unexpected-response')
    assert.deepEqual([refused.statusCode, /^Bearer/.test(refused.headers['www-authenticate'])], [401, true])
    const known = new WebSocket(`ws://${host}`, { headers })
    const [message] = await once(known, 'message')
    assert.match(String(message), /"[0-9a-f]{24}"/)
  },

  async 'socket-io'({ server }) {
    const { io } = await import('socket.io-client')
    const host = await listen(server)
    for (const auth of [{}, { token: 'x' }, { token: { headers: {} } }]) {
      const stranger = io(`http://${host}`, { reconnection: false, auth })
      const [error] = await once(stranger, 'connect_error')
      assert.equal(error.data.status, 401)
      stranger.close()
    }
    for (const sent of [{ auth: { token } }, { extraHeaders: headers }]) {
      const known = io(`http://${host}`, { reconnection: false, ...sent })
      const [me] = await once(known, 'me')
      assert.match(me.id, /^[0-9a-f]{24}$/)
    }
  },

  async fastify({ app }) {
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    await askTwice((sent) => fetch(`${url}/me`, { headers: sent }))
  },

  hono: ({ app }) => askTwice((sent) => app.request('/me', { headers: sent })),

  route: ({ GET }) => askTwice((sent) => GET(new Request('https://app.example/api/me', { headers: sent }))),

  lambda: ({ handler }) =>
    askTwice(async (sent) => {
      const { statusCode, headers: answered, body } = await handler({ headers: sent })
      return new Response(body, { status: statusCode, headers: answered })
    }),

  async yoga({ server }) {
    await askTwice(graphql(`http://${await listen(server)}/graphql`))
  },

  async apollo({ server, context }) {
    const { startStandaloneServer } = await import('@apollo/server/standalone')
    const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' }, context })
    await askTwice(graphql(url))
  },

  async cookie({ app }) {
    const url = `http://${await listen(createServer(app.set('env', 'test')))}`
    const ours = { origin: 'https://app.example' }
    const theirs = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const ask = (method, path, sent) => fetch(url + path, { method, headers: sent })
    await askTwice((sent) => ask('GET', '/me', sent))

    const signedIn = await ask('POST', '/sign-in', { ...ours, ...headers })
    const [set] = signedIn.headers.getSetCookie()
    assert.match(set, /; HttpOnly; Secure; SameSite=Lax$/)
    const cookie = set.split(';')[0]
    for (const [method, path, sent, status] of [
      ['GET', '/me', {}, 200],
      ['GET', '/me', theirs, 200], // a link from there; the answer is not readable there
      ['POST', '/orders', ours, 201],
      ['POST', '/orders', theirs, 401],
      ['POST', '/orders', { origin: 'null' }, 401],
      ['POST', '/orders', {}, 401],
      ['POST', '/orders', { ...theirs, ...headers }, 201], // a header is sent on purpose
      ['POST', '/sign-in', theirs, 401],
      ['POST', '/sign-out', theirs, 401],
      ['POST', '/sign-out', ours, 204],
    ]) {
      const answer = await ask(method, path, { cookie, ...sent })
      assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(sent)}`)
      // Nobody else signs people out.
      assert.equal(answer.headers.getSetCookie().length, status === 204 ? 1 : 0, path)
    }
    const expired = await ask('GET', '/me', { cookie: `token=${expiredToken}` })
    assert.deepEqual([expired.status, /^token=;/.test(expired.headers.getSetCookie()[0])], [401, true])
  },

  async nest({ SignedIn }) {
    const { Controller, Get, Module, Req, UseGuards } = await import('@nestjs/common')
    const { NestFactory } = await import('@nestjs/core')
    class Me {
      me(req) {
        return req.user
      }
    }
    Req()(Me.prototype, 'me', 0)
    Get()(Me.prototype, 'me', Object.getOwnPropertyDescriptor(Me.prototype, 'me'))
    for (const decorate of [Controller('me'), UseGuards(SignedIn)]) decorate(Me)
    class App {}
    Module({ controllers: [Me] })(App)
    const app = await NestFactory.create(App, { logger: false })
    await app.listen(0, '127.0.0.1')
    const url = await app.getUrl()
    await askTwice((sent) => fetch(`${url}/me`, { headers: sent }))
  },
}

const [, , name] = process.argv
await checks[name](await import(`./${name}.mjs`))
process.exit()
