// An app whose first requests all come before it has any key.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { test } from 'node:test'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import { eventually } from '../../support/eventually.js'
import { answerWith, jwksOf, startIssuer } from '../../support/scripted-issuer.js'
import { listen } from '../../support/server.js'
import { APP_ID, claims, mint, NOW, rsaKeys } from '../../support/tokens.js'

const SOCKETS = 100
const PER_SOCKET = 50 // one after the other on one connection, without waiting for answers

test('5,000 requests over HTTP wait for one fetch, and are all accepted', async (t) => {
  let arrived = 0
  const issuer = await startIssuer(t, (req, res) => {
    void eventually(() => arrived === SOCKETS * PER_SOCKET, 60).then(() => {
      answerWith(jwksOf('a', 'b'))(req, res)
    })
  })
  const auth = customJwtAuth({
    appId: APP_ID,
    jwkUri: issuer.jwkUri,
    jwks: { timeoutSeconds: 60 },
    autoCreateUser: true,
    clock: () => NOW * 1000,
  })
  const answerError = errorHandler()
  const server = await listen((req, res) => {
    arrived += 1
    auth(req, res, (error) => {
      if (error === undefined) res.end('welcome')
      else answerError(error, req, res, () => res.writeHead(500).end())
    })
  })
  t.after(async () => {
    await server.close()
    await auth.close()
  })

  const request = (index: number, more: string): string => {
    const kid = index % 2 === 0 ? 'a' : 'b'
    const token = mint(claims({ sub: `user-${String(index % 10)}` }), {
      key: rsaKeys(kid).privateKey,
      header: { kid },
    })
    return `GET / HTTP/1.1\r\nHost: localhost\r\njwtTokenString: ${token}\r\n${more}\r\n`
  }
  const requests = Array.from({ length: 10 }, (_, index) => request(index, ''))
  const last = request(0, 'Connection: close\r\n')
  const bytes = Array.from({ length: PER_SOCKET - 1 }, (_, index) => requests[index % 10]).join('') + last
  const { hostname, port } = new URL(server.url)
  const answers = await Promise.all(
    Array.from({ length: SOCKETS }, () => {
      const socket = connect(Number(port), hostname)
      socket.write(bytes)
      return readText(socket)
    }),
  )
  const statuses = answers.flatMap((answer) => answer.match(/HTTP\/1\.1 \d+/g) ?? [])
  assert.equal(statuses.length, SOCKETS * PER_SOCKET)
  assert.deepEqual([...new Set(statuses)], ['HTTP/1.1 200'])
  assert.equal(issuer.requests.length, 1)
})
