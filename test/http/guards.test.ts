// What the token of a request allows, over HTTP.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { test, type TestContext } from 'node:test'
import express from 'express'
import {
  ConfigurationError,
  customJwtAuth,
  errorHandler,
  requireClaims,
  requireScopes,
  requireUser,
  type CustomJwtAuthOptions,
  type Middleware,
} from 'custom-jwt-auth'
import { authError } from '../../lib/errors.js'
import { LOGIN, type Options } from '../support/app.js'
import { send } from '../support/client.js'
import { recordingLogger } from '../support/logger.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, SECRET, SESSION_SECRET } from '../support/tokens.js'

function raise(cause: Error): never {
  throw cause
}

/** An app with guarded routes, and one whose guard comes before authentication. */
async function start(t: TestContext, guard: Middleware, options: Options = {}) {
  const logger = recordingLogger()
  const auth = customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    autoCreateUser: true,
    session: { signingKeys: [SESSION_SECRET] },
    clock: () => NOW * 1000,
    logger,
    ...options,
  } as CustomJwtAuthOptions)
  const app = express()
  app.use(auth.sessionRoutes())
  app.get('/guarded', auth, guard, (_req, res) => void res.json({ passed: true }))
  app.get('/optional', auth.optional, guard, (_req, res) => void res.json({ passed: true }))
  app.get('/too-early', guard, auth, (_req, res) => void res.json({ passed: true }))
  app.use(errorHandler())
  const server = await listen(app)
  t.after(() => Promise.all([server.close(), auth.close()]))
  const get = (headers: Record<string, string>, path = '/guarded') => send(server.url + path, { headers })
  return {
    logger,
    get,
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

test('what other middleware leaves in req.user or req.auth is nobody of ours', async (t) => {
  const { auth, ...given } = { auth: { claims: { scope: 'a' } }, user: { id: 'x' } }
  for (const left of [{ auth }, given])
    for (const guard of [requireScopes('a'), requireUser(() => true)]) {
      const leave: Middleware = (req, _res, next) => {
        Object.assign(req, left)
        next()
      }
      const pass: Middleware = (_req, res) => res.end()
      const server = await listen(express().use(leave, guard, pass, errorHandler()))
      t.after(() => server.close())
      assert.equal((await send(server.url, {})).status, 401, JSON.stringify(left))
    }
})

test('a session is told why it is refused, and nobody passes before authentication', async (t) => {
  const allowed = { scope: 'a', role: 'a' }
  for (const [guard, scope] of [
    [requireScopes('a'), true],
    [requireClaims({ role: 'a' }), false],
  ] as const) {
    const { ask, askWithSession } = await start(t, guard)
    assert.equal((await ask(allowed)).status, 200)
    const refused = await askWithSession(allowed)
    assert.equal(refused.status, 403)
    assert.match(refused.text, /a session has no claims: send the token of the issuer/)
    assert.equal(String(refused.headers['www-authenticate']).includes('scope="a"'), scope)
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

test('requireUser: only true lets through, awaited, and a session will do', async (t) => {
  for (const [predicate, expected] of [
    [() => true, 200],
    [async () => Promise.resolve(true), 200],
    [() => false, 403],
    [async () => Promise.resolve(false), 403],
    [() => undefined, 403],
    [() => 1 as never, 403],
    [() => ({}) as never, 403],
    [async () => Promise.resolve('pro' as never), 403],
  ] as const) {
    const { ask, askWithSession } = await start(t, requireUser(predicate))
    for (const { status, headers } of [await ask({}), await askWithSession({})]) {
      assert.equal(status, expected, String(predicate))
      const challenge = 'Bearer realm="custom-jwt-auth", error="insufficient_scope"'
      assert.equal(headers['www-authenticate'], expected === 200 ? undefined : challenge)
    }
    assert.equal((await ask({}, '/too-early')).status, 401)
  }
  const options = { customData: (id: string) => ({ id }), metadataFields: [{ name: 'role' }] } as const
  const isAdmin = requireUser<{ role?: unknown }>(
    ({ id, custom_data, data }) => data.role === 'admin' && custom_data.id === id,
  )
  const { ask } = await start(t, isAdmin, options)
  assert.deepEqual([(await ask({ role: 'admin' })).status, (await ask({ role: 'clerk' })).status], [200, 403])
})

test('requireUser: a predicate that throws or hangs is a 503 with its cause in the log', async (t) => {
  const cause = new Error('connect ECONNREFUSED')
  for (const [predicate, expected] of [
    [(): boolean => raise(cause), cause],
    [async () => Promise.reject(cause), cause],
    [async () => new Promise<boolean>(() => undefined), 'Error: no answer within 1 s'],
    [() => Promise.reject(authError('STORE_UNAVAILABLE', { cause })), cause],
    [
      () => Promise.reject(authError('USER_NOT_FOUND')),
      'UnauthorizedError: invalid session: error finding user for endpoint',
    ],
  ] as const) {
    const { ask, logger } = await start(t, requireUser(predicate), { timeoutSeconds: 1 })
    const { status, headers, text } = await ask({})
    assert.deepEqual([status, headers['retry-after']], [503, '5'])
    assert.doesNotMatch(text, /ECONNREFUSED|user/)
    const { level, fields } = logger.lines.at(-1) ?? {}
    assert.deepEqual([level, fields?.code], ['error', 'PREDICATE_UNAVAILABLE'])
    assert.equal(typeof expected === 'string' ? String(fields?.err) : fields?.err, expected)
  }
})

test('guards tell the log of the guard before them what they refuse', async (t) => {
  const rejected: unknown[] = []
  const note = (event: unknown): void => void rejected.push((event as { code: unknown }).code)
  subscribe('custom-jwt-auth:rejected', note)
  t.after(() => unsubscribe('custom-jwt-auth:rejected', note))
  for (const [guard, got] of [
    [requireScopes('a')],
    [requireClaims({ role: 'a' })],
    [requireUser(() => false), 'false'],
  ] as const) {
    const { ask, get, logger } = await start(t, guard)
    await ask({})
    await get({}, '/optional')
    const refused = logger.lines.filter(({ level, fields }) => level === 'info' && fields.code)
    assert.deepEqual(
      refused.map(({ fields }) => [fields.code, fields.got]),
      [
        ['SCOPE_INSUFFICIENT', got],
        ['CREDENTIALS_MISSING', 'neither'],
      ],
    )
    // Nobody's log, but the channel is the process's.
    await get({}, '/too-early')
    assert.deepEqual(rejected.splice(0), ['SCOPE_INSUFFICIENT', 'CREDENTIALS_MISSING', 'CREDENTIALS_MISSING'])
  }
})

test('wrong use fails at start-up', () => {
  const refused = (option: string, use: () => unknown) => {
    assert.throws(use, (error) => {
      assert(error instanceof ConfigurationError)
      assert.deepEqual(
        error.problems.map((problem) => [problem.option, problem.problem.slice(0, 4)]),
        [[option, 'got ']],
      )
      return true
    })
  }
  for (const wrong of [[], [''], ['a b'], ['"'], [1], [undefined], [['a']], ['a', 'b c']])
    refused('requireScopes', () => requireScopes(...(wrong as never as [string])))
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
    { a: 1, b: '' },
    { a: ['x', ''] },
  ])
    refused('requireClaims', () => requireClaims(wrong as never))
  for (const wrong of [undefined, null, true, {}, 'admin'])
    refused('requireUser', () => requireUser(wrong as never))
})
