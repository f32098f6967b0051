// The server of docs/in-your-app.md, pasted: whom it answers what, and in which order things happen.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { claims, mint } from '../support/tokens.js'
import { makeApp } from '../support/installed-app.js'

const page = readFileSync(new URL('../../docs/in-your-app.md', import.meta.url), 'utf8')
const [, program = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? []
const KEY = 'the-secret-that-the-issuer-signs-with'
const now = Math.floor(Date.now() / 1000)
const jwtTokenString = mint(claims({ iat: now, exp: now + 600 }), { key: KEY })
const ORIGIN = 'https://app.example'

async function start() {
  const app = makeApp()
  writeFileSync(join(app.folder, 'app.mjs'), program)
  app.install('cors')
  const { port, end } = await app.start(`env SIGNING_KEY=${KEY} node app.mjs`)
  return { url: `http://127.0.0.1:${port}`, end }
}

test('the server answers pages, programs and browsers of another origin', async () => {
  const { url } = await start()
  const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { origin: ORIGIN, ...headers } })

  const preflight = await ask(
    '/me',
    { 'access-control-request-method': 'GET', 'access-control-request-headers': 'jwttokenstring' },
    { method: 'OPTIONS' },
  )
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'jwttokenstring')
  assert.equal((await ask('/health')).status, 200)

  const me = await ask('/me', { jwtTokenString })
  assert.equal(((await me.json()) as { identities: [{ id: string }] }).identities[0].id, '24601')

  const refused = await ask('/me', { accept: '*/*' })
  assert.equal(refused.status, 401)
  assert.equal(refused.headers.get('access-control-allow-origin'), ORIGIN)
  assert.match(refused.headers.get('access-control-expose-headers') ?? '', /WWW-Authenticate/)
  assert.equal(((await refused.json()) as { error_code: string }).error_code, 'InvalidParameter')

  const forPeople = await ask('/me', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
  assert.deepEqual([forPeople.status, forPeople.headers.has('www-authenticate')], [401, true])
  assert.match(await forPeople.text(), /^<!doctype html><p>Please <a href="\/login">sign in<\/a>/)

  const json = { 'content-type': 'application/json' }
  const post = (headers: Record<string, string>, body: string) =>
    ask('/notes', { ...json, ...headers }, { method: 'POST', body })
  assert.equal((await post({ jwtTokenString }, '{"text":"x"}')).status, 201)
  // The body of a stranger is not read: broken JSON is a 401, not a 400.
  assert.equal((await post({}, '{')).status, 401)
  assert.equal((await post({ jwtTokenString }, '{')).status, 400)
})

test('the server ends when it has answered what it began', async () => {
  const { url, end } = await start()
  const slow = request(`${url}/notes`, {
    method: 'POST',
    agent: false,
    headers: { jwtTokenString, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
  })
  slow.write('{"text":')
  const answered = once(slow, 'response') as Promise<[{ statusCode: number }]>
  // The slow request has been begun when one that came after it has been answered.
  assert.equal((await fetch(`${url}/health`, { headers: { connection: 'close' } })).status, 200)
  const code = end('SIGTERM')
  await assert.rejects(async () => {
    for (;;) await fetch(`${url}/health`, { headers: { connection: 'close' } })
  }, TypeError)
  slow.end('"x"}')
  assert.equal((await answered)[0].statusCode, 201)
  assert.equal(await code, 0)
})
