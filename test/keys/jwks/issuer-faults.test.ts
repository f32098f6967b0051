// An issuer that misbehaves is never the user's fault: 503 with the cause in the log, in time, and nothing left behind.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { JwksOptions } from 'custom-jwt-auth'
import { startApp, type TestApp } from '../../support/app.js'
import { eventually } from '../../support/eventually.js'
import { assertFreed, memoryInUse } from '../../support/heap.js'
import { flood, issuerFaults, manyKeys, SLOW_SECONDS, soundIssuer } from '../../support/issuer-faults.js'
import { remoteVerifier } from '../../support/remote-verifier.js'
import { answerWith, jwksOf, startIssuer, type ScriptedIssuer } from '../../support/scripted-issuer.js'
import { claims, mint, NOW, rsaKeys } from '../../support/tokens.js'

const token = mint(claims(), { key: rsaKeys('a').privateKey, header: { kid: 'a' } })

const start = (t: TestContext, { jwkUri }: ScriptedIssuer, jwks: JwksOptions = {}): Promise<TestApp> =>
  startApp(t, { jwkUri, jwks })

/** What the log says of the newest failure. */
function loggedCause({ logger }: TestApp): string {
  const { err } = logger.lines.findLast(({ fields }) => fields.code === 'KEYS_UNAVAILABLE')?.fields ?? {}
  return err instanceof Error ? err.message : assert.fail('the log has no cause')
}

describe('an issuer that', { concurrency: 4 }, () => {
  for (const [what, { answer, cause, slow }] of Object.entries(issuerFaults))
    test(`${what}: 503 with the cause in the log, and as soon as it recovers, 200`, async (t) => {
      const issuer = await startIssuer(t, answer)
      const app = await start(t, issuer, { timeoutSeconds: slow ? SLOW_SECONDS : 60 })
      const began = performance.now()
      const { status, headers, body } = await app.me(token)
      const took = performance.now() - began
      assert.deepEqual([status, headers['retry-after'], body.error_code], [503, '5', 'InternalServerError'])
      assert.equal(app.lastCode(), 'KEYS_UNAVAILABLE')
      assert.match(loggedCause(app), cause)
      assert.ok(took < 6000, `it took ${String(took)} ms`)
      await eventually(async () => (await issuer.connections()) === 0)

      issuer.answer = soundIssuer
      app.clock.advance(5)
      assert.equal((await app.me(token)).status, 200)

      issuer.answer = answer
      app.clock.advance(600)
      assert.equal((await app.me(token)).status, 200, 'the key is known')
      await app.auth.close()
      await eventually(async () => (await issuer.connections()) === 0)
    })
})

test('a fourth key is not a fault, and a 21st is not with jwks.maxKeys', async (t) => {
  for (const [count, jwks] of [[4], [20], [21, { maxKeys: 21 }]] as const) {
    const issuer = await startIssuer(t, manyKeys(count))
    const app = await start(t, issuer, jwks)
    for (const kid of ['k0', `k${String(count - 1)}`]) {
      const mine = mint(claims(), { key: rsaKeys('a').privateKey, header: { kid } })
      assert.equal((await app.me(mine)).status, 200)
    }
  }
})

test('a redirect on the same host is not a fault', async (t) => {
  const issuer = await startIssuer(t, (req, res) => {
    if (req.url === '/jwks') res.writeHead(308, { location: '/keys' }).end()
    else answerWith(jwksOf('a'))(req, res)
  })
  const app = await start(t, issuer)
  assert.equal((await app.me(token)).status, 200)
})

test('nothing of a token is ever in what the issuer is asked', async (t) => {
  const issuer = await startIssuer(t, soundIssuer)
  const app = await start(t, issuer)
  const kid = '../../x?y=z#/\u00e9'
  const odd = mint(claims({ iss: 'https://evil.example', jku: 'https://evil.example' }), {
    key: rsaKeys('a').privateKey,
    header: { kid, jku: 'https://evil.example/jwks', x5u: 'https://evil.example/x', jwk: { kty: 'RSA' } },
  })
  assert.equal((await app.me(odd)).status, 401)
  assert.deepEqual(
    issuer.requests.map(({ url, method, headers }) => [url, method, Object.keys(headers).sort()]),
    [['/jwks', 'GET', ['accept', 'accept-encoding', 'connection', 'host', 'user-agent']]],
  )
})

test('jwks.headers and jwks.fetch are used', async (t) => {
  const issuer = await startIssuer(t, (req, res) => {
    if (req.headers['x-api-key'] === 'k') soundIssuer(req, res)
    else res.writeHead(403).end()
  })
  let calls = 0
  const counted: typeof fetch = (input, init) => {
    calls += 1
    return fetch(input, init)
  }
  for (const jwks of [{ headers: { 'x-api-key': 'k' } }, { headers: { 'x-api-key': 'k' }, fetch: counted }]) {
    const app = await start(t, issuer, jwks)
    assert.equal((await app.me(token)).status, 200)
  }
  assert.equal(calls, 1)
})

test('600 MB of bodies that nobody wanted leaves no memory behind', async (t) => {
  const issuer = await startIssuer(t, flood)
  const { verdict, keys } = remoteVerifier(issuer.jwkUri)
  t.after(() => {
    keys.close()
  })
  assert.equal(await verdict(token, NOW), 'KEYS_UNAVAILABLE')
  const before = await memoryInUse()
  for (let times = 1; times <= 5; times += 1)
    assert.equal(await verdict(token, NOW + 5 * times), 'KEYS_UNAVAILABLE')
  assert.equal(issuer.requests.length, 12)
  await assertFreed(before, 4_000_000)
})

test('after close() no fault leaves a timer or a socket: a process that met all of them ends by itself', async (t) => {
  const faults = Object.values(issuerFaults)
  const issuer = await startIssuer(t, (req, res) => {
    const [, index = ''] = /^\/(\d+)/.exec(req.url ?? '') ?? []
    faults[Number(index)]?.answer(req, res)
  })
  const script = fileURLToPath(new URL('../../support/meet-issuers.ts', import.meta.url))
  const uris = faults.map((_, index) => `${issuer.url}/${String(index)}`)
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', script, ...uris], {
    timeout: 240_000,
  })
  assert.deepEqual(JSON.parse(stdout), { refused: 2 * uris.length, left: [] })
  await eventually(async () => (await issuer.connections()) === 0)
})
