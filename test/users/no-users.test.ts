// users: false: the user is made from the token alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import {
  ConfigurationError,
  customJwtAuth,
  errorHandler,
  memoryStore,
  requireScopes,
  requireUser,
  type CustomJwtAuthOptions,
} from 'custom-jwt-auth'
import { send } from '../support/client.js'
import { listen } from '../support/server.js'
import { refusalOf } from '../support/refused-options.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET, SECRET, SESSION_SECRET } from '../support/tokens.js'

const GOOD = {
  appId: APP_ID,
  signingAlgorithm: 'HS256',
  signingKeys: [SECRET],
  metadataFields: [{ name: 'role' }],
  users: false,
  clock: () => NOW * 1000,
} as const satisfies CustomJwtAuthOptions

test('req.user is what the token in hand says, with and without the cache of tokens', async (t) => {
  for (const cache of [{}, { tokens: false }] as const) {
    const auth = customJwtAuth({ ...GOOD, cache })
    const app = express()
    app.set('env', 'test') // keeps Express from printing refusals
    app.get('/me', auth, (req, res) => res.json(auth.userOf(req)))
    app.get('/open', auth.optional, (req, res) => res.json(req.user ?? null))
    app.get('/scoped', auth, requireScopes('read'), (_req, res) => res.json({}))
    app.get(
      '/admin',
      auth,
      requireUser(({ data }) => data.role === 'admin'),
      (_req, res) => res.json({}),
    )
    const server = await listen(app.use(errorHandler()))
    t.after(() => Promise.all([server.close(), auth.close()]))
    await auth.ready()
    const get = async (path: string, token: string) => {
      const { status, body } = await send(server.url + path, {
        headers: { Authorization: `Bearer ${token}` },
      })
      return { status, body }
    }

    const plain = mint(claims({ scope: 'read' }))
    const admin = mint(claims({ role: 'admin' }))
    // As the user of the same subject has it where users are kept.
    const kept = customJwtAuth({ ...GOOD, users: true, autoCreateUser: true })
    const { user } = await kept.authenticate(plain)
    await kept.close()
    const asToken = (data: object) => ({ ...user, data, identities: [{ ...user.identities[0], data }] })
    for (const round of [1, 2]) {
      assert.deepEqual(await get('/me', plain), { status: 200, body: asToken({}) }, String(round))
      assert.deepEqual(await get('/me', admin), { status: 200, body: asToken({ role: 'admin' }) })
      assert.deepEqual(await get('/open', plain), { status: 200, body: asToken({}) })
      assert.equal((await get('/scoped', plain)).status, 200)
      assert.equal((await get('/scoped', admin)).status, 403)
      assert.equal((await get('/admin', plain)).status, 403)
      assert.equal((await get('/admin', admin)).status, 200)
    }
    const other = await get('/me', mint(claims({ sub: 'another' })))
    assert.match(String(other.body.id), /^[0-9a-f]{24}$/)
    assert.notEqual(other.body.id, user.id)
    for (const bad of ['', 'junk', mint(claims({ exp: NOW - 60 })), mint(claims(), { key: OTHER_SECRET })])
      assert.equal((await get('/me', bad)).status, 401)
  }
})

test('the user is frozen, and the ids of two providers differ', async (t) => {
  const { signingAlgorithm, metadataFields, appId, users, clock } = GOOD
  const provider = (issuer: string, key: string) =>
    ({ issuer, signingAlgorithm, signingKeys: [key], metadataFields }) as const
  const auth = customJwtAuth({
    appId,
    users,
    clock,
    providers: { a: provider('https://a', SECRET), b: provider('https://b', OTHER_SECRET) },
  })
  t.after(() => auth.close())
  const role = ['x']
  const a = await auth.authenticate(mint(claims({ iss: 'https://a', role })))
  const b = await auth.authenticate(mint(claims({ iss: 'https://b', role }), { key: OTHER_SECRET }))
  assert.notEqual(a.user.id, b.user.id)
  assert.deepEqual(b.user.identities, [
    { id: '24601', provider_type: 'custom-token', provider_id: 'b', data: { role } },
  ])
  for (const part of [a.user, a.user.data, a.user.data.role, a.user.identities[0]])
    assert.ok(Object.isFrozen(part))
})

test('a generateUserId of the app makes the ids; what is not an id is a 503', async (t) => {
  const asked: string[] = []
  const generateUserId = ({ subject }: { subject: string }) => {
    asked.push(subject)
    if (subject === 'later') return Promise.reject(new Error('asked elsewhere')) as unknown as string
    return subject.padEnd(24, '0')
  }
  const auth = customJwtAuth({ ...GOOD, generateUserId })
  t.after(() => auth.close())
  asked.length = 0 // start-up tries the function
  for (let count = 0; count < 3; count += 1)
    assert.equal((await auth.authenticate(mint(claims()))).user.id, '246010000000000000000000')
  assert.deepEqual(asked, ['24601'], 'once for a token that is remembered')
  const cause = new TypeError('generateUserId must return 24 lowercase hex characters')
  for (const sub of ['no hex', 'later']) {
    const refused = auth.authenticate(mint(claims({ sub })))
    await assert.rejects(refused, { code: 'USER_ID_UNAVAILABLE', status: 503, cause })
  }
})

test('explain looks for nobody', async (t) => {
  const auth = customJwtAuth(GOOD)
  t.after(() => auth.close())
  const { ok, checks } = await auth.explain(mint(claims()))
  assert.equal(ok, true)
  assert.ok(checks.every(({ name, pass }) => name !== 'user' && pass))
})

test('every method of auth.users rejects, and says why', async (t) => {
  const auth = customJwtAuth(GOOD)
  const kept = customJwtAuth({ ...GOOD, users: true })
  t.after(() => Promise.all([auth.close(), kept.close()]))
  const methods = Object.entries(auth.users) as [string, () => Promise<unknown>][]
  assert.deepEqual(methods.map(([name]) => name).sort(), Object.keys(kept.users).sort())
  for (const [name, method] of methods)
    await assert.rejects(method(), (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.equal(error.problems[0]?.option, `users.${name}`)
      return true
    })
  assert.throws(() => auth.sessionRoutes(), ConfigurationError)
})

test('start-up refuses what needs users', () => {
  const options = {
    ...GOOD,
    store: memoryStore(),
    session: { signingKeys: [SESSION_SECRET] },
    autoCreateUser: false,
    customData: () => ({}),
    generateUserId: 'random',
    maxIdentities: 5,
    cache: { users: {} },
  }
  const { problems } = refusalOf(options)
  const named = [
    'store',
    'session',
    'autoCreateUser',
    'customData',
    'maxIdentities',
    'cache.users',
    'generateUserId',
  ]
  assert.deepEqual(
    problems.map(({ option }) => option),
    named,
  )
  assert.match(problems[0]?.fix ?? '', /^Leave it out, or leave out users: false$/)
  const without = Object.fromEntries(Object.keys(options).map((name) => [name, undefined]))
  customJwtAuth({ ...without, ...GOOD, cache: { users: false } })
})
