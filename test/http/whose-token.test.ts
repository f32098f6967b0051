// Each answer is that of its own token, whatever other tokens of the same user said, and whatever is remembered.
import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import {
  customJwtAuth,
  memoryStore,
  type CustomJwtAuthOptions,
  type RequestAuth,
  type Store,
} from 'custom-jwt-auth'
import { NOW as LATER } from '../../lib/testing/store-contract/support.js'
import { PROFILE, startApp, type Options } from '../support/app.js'
import { listen } from '../support/server.js'
import { send } from '../support/client.js'
import { APP_ID, claims, mint, NOW, SECRET, SESSION_SECRET } from '../support/tokens.js'
import { databases } from '../stores/databases.js'
import { startMachine } from '../stores/machines.js'
import { openStore } from '../stores/open-store.js'

const metadataFields = [{ name: 'role' }]
const times = (iat: number) => ({ iat, exp: iat + 3600 })
const roleOf = (answer: { body: unknown }) => (answer.body as { data: { role?: string } }).data.role
const CACHES: Record<string, CustomJwtAuthOptions['cache']> = {
  'with caches': { tokens: { max: 100 }, users: { max: 100 } },
  'without remembered tokens': { tokens: false },
  'without the user cache': { users: false },
  'without caches': { tokens: false, users: false },
}

const stores: { name: string; skip: string | false; open: (t: TestContext) => Store }[] = [
  { name: 'the memory', skip: false, open: () => memoryStore() },
  ...databases.map(({ name, skip, newPlace }) => ({
    name,
    skip,
    open(t: TestContext) {
      const { store, close } = openStore(newPlace())
      t.after(close)
      return store
    },
  })),
]

for (const { name, skip, open } of stores)
  describe(`on ${name}`, { skip }, () => {
    for (const [caches, cache] of Object.entries(CACHES))
      test(`a plain and an administrator's token in turn, ${caches}`, async (t) => {
        const app = await startApp(t, { store: open(t), metadataFields, cache } as Options)
        // Later than the database's own clock, by which MongoDB removes expired sessions.
        app.clock.advance(LATER - app.clock.now())
        const tokens = [
          { role: undefined, token: mint(claims({ ...times(LATER - 1) })) },
          { role: 'admin', token: mint(claims({ ...times(LATER - 2), role: 'admin' })) },
        ]
        const rounds = caches === 'with caches' ? 500 : 10
        for (let round = 0; round < rounds; round += 1)
          for (const { role, token } of tokens) {
            const answer = await app.me(token)
            assert.equal(answer.status, 200)
            assert.equal(roleOf(answer), role)
            const [identity] = answer.body.identities as { data: { role?: string } }[]
            assert.equal(identity?.data.role, role)
          }
      })

    test('after a demotion, the older token raises neither the stored role nor that of a session', async (t) => {
      const app = await startApp(t, { store: open(t), metadataFields })
      app.clock.advance(LATER - app.clock.now())
      const admin = mint(claims({ ...times(LATER - 20), role: 'admin' }))
      const plain = mint(claims({ ...times(LATER - 10), role: 'plain' }))
      const begun = await app.loggedIn(admin)
      const { user_id: id } = begun
      const rolesOfSession = async (access: string) => [
        roleOf(await app.bearer('GET', PROFILE, access)),
        roleOf(await app.meBearer(access)),
        (await app.auth.users.get(id))?.data.role,
      ]
      assert.deepEqual(await rolesOfSession(begun.access_token), ['admin', 'admin', 'admin'])
      assert.equal(roleOf(await app.me(plain)), 'plain')
      for (let round = 0; round < 3; round += 1) {
        assert.equal(roleOf(await app.me(admin)), 'admin')
        assert.deepEqual(await rolesOfSession(begun.access_token), ['plain', 'plain', 'plain'])
        const again = await app.loggedIn(admin)
        assert.deepEqual(await rolesOfSession(again.access_token), ['plain', 'plain', 'plain'])
        app.clock.advance(31) // what is cached has ended
      }
    })
  })

for (const { name, skip, newPlace } of databases)
  test(`two processes on ${name} answer by the token that they are shown`, { skip }, async (t) => {
    const machines = [startMachine(), startMachine()]
    t.after(() => Promise.all(machines.map((machine) => machine.end())))
    const place = newPlace()
    for (const machine of machines) {
      await machine.deploy(place, { session: { signingKeys: [SESSION_SECRET] } })
      await machine.ask('setClock', LATER)
    }
    const named = (name: string, iat: number) => ({ name, token: mint(claims({ ...times(iat), name })) })
    const tokens = [named('old', LATER - 20), named('new', LATER - 10)]
    const [one = assert.fail(), two = assert.fail()] = machines
    const { access_token: access } = await one.logIn(tokens[1]?.token ?? '')
    const nameOf = ({ body }: { body: unknown }) => (body as { data: { name?: string } }).data.name
    for (let round = 0; round < 250; round += 1)
      await Promise.all(
        machines.flatMap((machine) =>
          tokens.map(async (own) => {
            assert.equal(nameOf(await machine.me(own.token)), own.name)
          }),
        ),
      )
    await two.logIn(tokens[0]?.token ?? '')
    for (const machine of machines) assert.equal(nameOf(await machine.meBearer(access)), 'new')

    // A stranger's link, used at both, removed at one, while the account is deleted and made again at the other.
    const [owner, stranger] = [
      tokens[1]?.token ?? '',
      mint(claims({ ...times(LATER - 10), sub: 'stranger' })),
    ]
    await one.link(stranger, access)
    const idOf = ({ body }: { body: unknown }) => (body as { id?: string }).id
    const id = idOf(await one.me(owner))
    for (const machine of machines) assert.equal(idOf(await machine.me(stranger)), id)
    const { access_token: theirs } = await two.logIn(stranger)
    await one.ask('unlink', id ?? '', { subject: 'stranger' })
    await two.ask('administer', 'delete', id ?? '')
    assert.equal(idOf(await one.logIn(owner).then(() => one.me(owner))), id)
    for (const machine of machines) await machine.ask('setClock', LATER + 31)
    for (const machine of machines) {
      assert.equal(idOf(await machine.me(owner)), id)
      assert.notEqual(idOf(await machine.me(stranger)), id)
      assert.equal((await machine.meBearer(theirs)).status, 401)
    }
  })

describe('data', () => {
  test('a token without iat counts from its first use, and not anew with each', async (t) => {
    const app = await startApp(t, { metadataFields })
    const undated = (role: string) => mint(claims({ iat: undefined, role }))
    const [first, second] = [undated('first'), undated('second')]
    const { access_token: access } = await app.loggedIn(first)
    app.clock.advance(1)
    for (const [token, role] of [
      [second, 'second'],
      [first, 'second'],
      [second, 'second'],
    ] as const) {
      await app.loggedIn(token)
      assert.equal(roleOf(await app.meBearer(access)), role)
      app.clock.advance(1)
    }
  })

  test('a token of one linked identity does not show what another says', async (t) => {
    const app = await startApp(t, { metadataFields })
    const [plain, admin] = [mint(claims()), mint(claims({ sub: 'linked', role: 'admin' }))]
    const { access_token: access } = await app.loggedIn(plain)
    const headers = { Authorization: `Bearer ${access}` }
    const path = `/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login?link=true`
    assert.equal((await app.send(path, { method: 'POST', headers, body: { token: admin } })).status, 200)
    const answer = await app.me(plain)
    assert.deepEqual(answer.body.data, {})
    assert.deepEqual(
      (answer.body.identities as { data: unknown }[]).map(({ data }) => data),
      [{}, { role: 'admin' }],
    )
    assert.equal(roleOf(await app.me(admin)), 'admin')
    assert.equal(roleOf(await app.meBearer(access)), 'admin')
  })
})

describe('req.auth', () => {
  async function startAuth(t: TestContext, options: Options = {}) {
    const auth = customJwtAuth({
      appId: APP_ID,
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
      session: { signingKeys: [SESSION_SECRET] },
      autoCreateUser: true,
      clock: () => NOW * 1000,
      ...options,
    } as CustomJwtAuthOptions)
    const seen: (RequestAuth | undefined)[] = []
    const routes = auth.sessionRoutes()
    const server = await listen((req: IncomingMessage & { auth?: RequestAuth }, res) => {
      routes(req, res, () => {
        auth(req, res, (error) => {
          seen.push(req.auth)
          res.writeHead(error === undefined ? 200 : 401).end('{}')
        })
      })
    })
    t.after(() => server.close())
    const ask = async (headers: Record<string, string>) => {
      await send(server.url, { headers })
      return seen.at(-1)
    }
    return { url: server.url, ask }
  }

  test("has the claims of this request's token, frozen, and the same claims for a remembered token", async (t) => {
    const { ask } = await startAuth(t)
    const given = claims({ scope: 'read:orders', realm_access: { roles: ['clerk'] }, exp: NOW + 100 })
    const headers = { jwtTokenString: mint(given) }
    const auth = await ask(headers)
    assert.deepEqual(auth, { kind: 'custom-token', provider: undefined, claims: given, expiresAt: NOW + 100 })
    const roles = (auth?.claims?.realm_access as { roles: string[] }).roles
    assert.ok([auth, auth?.claims, roles].every(Object.isFrozen))
    assert.equal((await ask(headers))?.claims, auth?.claims)
    const other = await ask({ jwtTokenString: mint(claims({ scope: 'none' })) })
    assert.equal(other?.claims?.scope, 'none')
  })

  test('ends with the token, not with the tolerance, and at its greatest age', async (t) => {
    const token = mint(claims({ iat: NOW - 10, exp: NOW + 100 }))
    const tolerant = await startAuth(t, { clockToleranceSeconds: 30 })
    assert.equal((await tolerant.ask({ jwtTokenString: token }))?.expiresAt, NOW + 100)
    const aged = await startAuth(t, { maxTokenAgeSeconds: 60 })
    assert.equal((await aged.ask({ jwtTokenString: token }))?.expiresAt, NOW + 50)
  })

  test('has no claims for a session, which ends with its access token', async (t) => {
    const { url, ask } = await startAuth(t)
    const path = `${url}/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`
    const { body } = await send(path, { method: 'POST', body: { token: mint() } })
    const auth = await ask({ Authorization: `Bearer ${body.access_token}` })
    const expected = { kind: 'session', provider: undefined, claims: undefined, expiresAt: NOW + 1800 }
    assert.deepEqual(auth, expected)
    assert.ok(Object.isFrozen(auth))
  })

  test('is undefined where nobody is known', async (t) => {
    const { ask } = await startAuth(t, { credentialsRequired: false })
    assert.equal(await ask({}), undefined)
    assert.equal(await ask({ jwtTokenString: 'not.a.token' }), undefined)
  })
})
