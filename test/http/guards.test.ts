// What the token of a request allows, over HTTP.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import express from 'express'
import { customJwtAuth, errorHandler, requireClaims, requireScopes, type Middleware } from 'custom-jwt-auth'
import { LOGIN } from '../support/app.js'
import { send } from '../support/client.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, SECRET, SESSION_SECRET } from '../support/tokens.js'

/** An app with one guarded route, and one whose guard comes before authentication. */
async function start(t: TestContext, guard: Middleware) {
  const auth = customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    autoCreateUser: true,
    session: { signingKeys: [SESSION_SECRET] },
    clock: () => NOW * 1000,
  })
  const app = express()
  app.use(auth.sessionRoutes())
  app.get('/guarded', auth, guard, (_req, res) => void res.json({ passed: true }))
  app.get('/too-early', guard, auth, (_req, res) => void res.json({ passed: true }))
  app.use(errorHandler())
  const server = await listen(app)
  t.after(() => Promise.all([server.close(), auth.close()]))
  const get = (headers: Record<string, string>, path = '/guarded') => send(server.url + path, { headers })
  return {
    ask: (others: object, path?: string) => get({ jwtTokenString: mint(claims(others)) }, path),
    async askWithSession(others: object) {
      const { body } = await send(server.url + LOGIN, {
        method: 'POST',
        body: { token: mint(claims(others)) },
      })
      return get({ Authorization: `Bearer ${body.access_token}` })
    },
  }
}

test('requireScopes: all of them, in scope or scp, as text or as a list', async (t) => {
  const { ask } = await start(t, requireScopes('read:a', 'read:b'))
  for (const good of [
    { scope: 'read:a read:b x' },
    { scope: ['read:a', 'read:b'] },
    { scp: ['read:a'], scope: 'read:b' },
  ])
    assert.equal((await ask(good)).status, 200, JSON.stringify(good))
  for (const [bad, missing] of [
    [{}, 'read:a read:b'],
    [{ scope: 1 }, 'read:a read:b'],
    [{ scope: 'read:a' }, 'read:b'],
    [{ scp: { 'read:a': 1 } }, 'read:a read:b'],
    [{ scope: 'read:ab read:b' }, 'read:a'],
    [{ scope: 'READ:A read:b' }, 'read:a'],
  ] as const) {
    const { status, headers, body } = await ask(bad)
    assert.equal(status, 403)
    assert.deepEqual(body, {
      error: `the token lacks the scope ${missing}`,
      error_code: 'AuthError',
      link: '',
    })
    const challenge = 'Bearer realm="custom-jwt-auth", error="insufficient_scope", scope="read:a read:b"'
    assert.equal(headers['www-authenticate'], challenge)
  }
})

test('requireClaims: one of the values, nested, in lists, and own keys alone', async (t) => {
  const { ask } = await start(t, requireClaims({ 'realm_access.roles': ['admin', 'clerk'], 'a\\.b': true }))
  assert.equal((await ask({ realm_access: { roles: ['x', 'clerk'] }, 'a.b': true })).status, 200)
  assert.equal((await ask({ realm_access: { roles: 'admin' }, 'a.b': [false, true] })).status, 200)
  for (const bad of [
    {},
    { realm_access: { roles: ['x'] }, 'a.b': true },
    { realm_access: { roles: 'admin' }, 'a.b': 'true' },
    { realm_access: [{ roles: 'admin' }], 'a.b': true },
  ]) {
    const { status, headers } = await ask(bad)
    assert.equal(status, 403, JSON.stringify(bad))
    assert.equal(headers['www-authenticate'], 'Bearer realm="custom-jwt-auth", error="insufficient_scope"')
  }
  const { ask: askForPrototype } = await start(t, requireClaims({ '__proto__.constructor.name': 'Object' }))
  assert.equal((await askForPrototype({})).status, 403)
})

test('a session is told why it is refused, and nobody passes before authentication', async (t) => {
  const allowed = { scope: 'a', role: 'a' }
  for (const guard of [requireScopes('a'), requireClaims({ role: 'a' })]) {
    const { ask, askWithSession } = await start(t, guard)
    assert.equal((await ask(allowed)).status, 200)
    const refused = await askWithSession(allowed)
    assert.equal(refused.status, 403)
    assert.match(refused.text, /a session has no claims: send the token of the issuer/)
    assert.equal((await ask(allowed, '/too-early')).status, 401)
  }
})

test('roles do not leak between the tokens of one user', async (t) => {
  const { ask } = await start(t, requireClaims({ role: 'admin' }))
  const answers = []
  for (const role of [undefined, 'admin', undefined, 'admin', 'clerk'])
    answers.push((await ask({ role })).status)
  assert.deepEqual(answers, [403, 200, 403, 200, 403])
})

test('wrong use fails at start-up', () => {
  for (const wrong of [[], [''], ['a b'], ['"'], [1], [undefined], [['a']]])
    assert.throws(() => requireScopes(...(wrong as never as [string])), { code: 'CONFIGURATION_INVALID' })
  for (const wrong of [
    undefined,
    null,
    {},
    { '': 1 },
    { a: [] },
    { a: null },
    { a: '' },
    { a: NaN },
    { 'a..b': 1 },
  ])
    assert.throws(() => requireClaims(wrong as never), { code: 'CONFIGURATION_INVALID' })
})
