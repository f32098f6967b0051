// The server of docs/authorization.md, pasted: which token may what.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeApp } from '../support/installed-app.js'
import { claims, mint } from '../support/tokens.js'

const page = readFileSync(new URL('../../docs/authorization.md', import.meta.url), 'utf8')
const [, program = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? []
const [, challenge = ''] = /^```text\nWWW-Authenticate: (.*?)\n```$/ms.exec(page) ?? []
const KEY = 'the-secret-that-the-issuer-signs-with'
const now = Math.floor(Date.now() / 1000)

const rows: readonly [method: string, path: string, claims: object, status: number][] = [
  ['GET', '/orders', { scope: 'read:orders' }, 200],
  ['GET', '/orders', { scp: ['write:orders', 'read:orders'] }, 200],
  ['GET', '/orders', { scope: 'read:orders-of-others' }, 403],
  ['DELETE', '/orders', { scope: 'read:orders', scp: 'delete:orders' }, 200],
  ['DELETE', '/orders', { scope: 'read:orders' }, 403],
  ['POST', '/refunds', { realm_access: { roles: ['viewer', 'clerk'] } }, 200],
  ['POST', '/refunds', { realm_access: { roles: ['viewer'] } }, 403],
  ['POST', '/refunds', { 'realm_access.roles': ['clerk'] }, 403],
  ['GET', '/beta', { plan: 'pro' }, 200],
  ['GET', '/beta', { plan: 'free' }, 403],
  ['GET', '/beta', {}, 403],
  ['GET', '/admin/users', { role: 'admin', scope: 'admin' }, 200],
  ['GET', '/admin/users', { role: 'admin' }, 403],
  ['GET', '/admin/users', { scope: 'admin' }, 403],
]

test('each token of one user may what it says itself', async () => {
  const app = makeApp()
  writeFileSync(join(app.folder, 'app.mjs'), program)
  app.install()
  const { port } = await app.start(`env SIGNING_KEY=${KEY} node app.mjs`)
  const ask = (method: string, path: string, headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers })
  for (const [method, path, held, status] of rows) {
    const jwtTokenString = mint(claims({ iat: now, exp: now + 600, ...held }), { key: KEY })
    const answer = await ask(method, path, { jwtTokenString })
    assert.equal(answer.status, status, `${method} ${path} with ${JSON.stringify(held)}`)
    if (status === 403)
      assert.equal(((await answer.json()) as { error_code: string }).error_code, 'AuthError')
    if (status === 403 && method === 'DELETE') assert.equal(answer.headers.get('www-authenticate'), challenge)
  }
  assert.equal((await ask('GET', '/orders', {})).status, 401)
})
