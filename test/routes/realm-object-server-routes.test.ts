// PROTOCOL §8, with tokens as source document 003 makes them. The clients' requests, and what they read of the answers,
// are those of realm-js 3 (lib/user-methods.js), realm-java 5 (AuthenticateRequest, Token), realm-cocoa 3
// (RLMJSONModels) and realm-dotnet 3 (AuthenticationHelper).
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import connect from 'connect'
import express from 'express'
import { customJwtAuth, issuers, memoryStore, type ErrorCode } from 'custom-jwt-auth'
import { LOGIN, SESSION, startApp, type Options, type TestApp } from '../support/app.js'
import type { Answer } from '../support/client.js'
import { expressApp, frameworks, type BuildApp } from '../support/frameworks.js'
import { payloadOf } from '../support/payload.js'
import { mint, NOW, OTHER_SECRET, rsaKeys } from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'

const { privateKey, publicPem } = rsaKeys()
const preset = issuers.realmObjectServer({ publicKey: publicPem })
const REALM_JS = { 'Content-Type': 'application/json;charset=utf-8', Accept: 'application/json' }

interface TokenDocument {
  readonly token: string
  readonly token_data: {
    readonly identity: string
    readonly is_admin: boolean
    readonly expires: number
    readonly access: readonly string[]
    readonly path?: string
  }
}

const withExpress: BuildApp = (parts) =>
  express().use(parts.auth.realmObjectServerRoutes()).use(expressApp(parts)) as RequestListener

const startOldApp = (t: TestContext, options: Options = {}, build = withExpress): Promise<TestApp> =>
  startApp(t, { ...preset, ...options } as Options, build)

/** A token of the user's own authentication server. */
const jwt = (others: object = {}): string =>
  mint({ userId: '24601', iat: NOW, exp: NOW + 3600, ...others }, { key: privateKey })

const post = (app: TestApp, body: string | object, headers: object = REALM_JS): Promise<Answer> =>
  app.send('/auth', { method: 'POST', headers: { ...headers }, body })

const logIn = (app: TestApp, data: unknown = jwt()): Promise<Answer> =>
  post(app, { data, provider: 'jwt', user_info: {}, app_id: '' })

const openRealm = (app: TestApp, data: unknown, path: unknown = '/~/x'): Promise<Answer> =>
  post(app, { data, path, provider: 'realm', app_id: '' })

/** A login that must succeed. */
async function loggedIn(app: TestApp, token?: string): Promise<TokenDocument> {
  const { status, body } = await logIn(app, token)
  assert.equal(status, 200)
  return body.refresh_token as unknown as TokenDocument
}

/** An opened realm, which must succeed. */
async function opened(app: TestApp, refreshToken: string, path?: string): Promise<TokenDocument> {
  const { status, body } = await openRealm(app, refreshToken, path)
  assert.equal(status, 200)
  return body.access_token as unknown as TokenDocument
}

const TYPES: Readonly<Record<number, string>> = {
  601: 'https://docs.realm.io/server/troubleshoot/errors#invalid-parameters',
  602: 'https://docs.realm.io/server/troubleshoot/errors#missing-parameters',
  611: 'https://docs.realm.io/server/troubleshoot/errors#invalid-credentials',
}

function assertProblem(answer: Answer, status: number, code: number, title: RegExp | string): void {
  const { body, headers, text } = answer
  assert.equal(answer.status, status, text)
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(Object.keys(body), ['type', 'title', 'status', 'code'])
  assert.deepEqual([body.status, body.code, body.type], [status, code, TYPES[code] ?? 'about:blank'])
  if (typeof title === 'string') assert.equal(body.title, title)
  else assert.match(String(body.title), title)
  assert.equal(headers['www-authenticate']?.startsWith('Bearer '), status === 401 || undefined)
  assert.equal(headers['retry-after'], status === 503 ? '5' : undefined)
}

function assertRefused(app: TestApp, answer: Answer, code: ErrorCode, title: RegExp | string): void {
  assertProblem(answer, 401, 611, title)
  assert.equal(app.lastCode(), code)
}

describe('the two requests of an old client', () => {
  test('log in with a JWT and open a realm, on the users and sessions of the guard', async (t) => {
    const app = await startOldApp(t)
    const login = await logIn(app, jwt({ isAdmin: true, name: 'ignored' }))
    assert.equal(login.status, 200)
    assert.equal(login.headers['content-type'], 'application/json')
    assert.equal(login.headers['cache-control'], 'no-store')
    assert.deepEqual(Object.keys(login.body), ['refresh_token'])
    const refresh = login.body.refresh_token as unknown as TokenDocument
    assert.deepEqual(refresh.token_data, {
      identity: '24601',
      is_admin: true,
      expires: payloadOf(refresh.token).exp,
      access: ['refresh'],
    })

    const realm = await openRealm(app, refresh.token)
    assert.equal(realm.status, 200)
    assert.equal(realm.headers['content-type'], 'application/json')
    assert.deepEqual(Object.keys(realm.body), ['access_token'])
    const access = realm.body.access_token as unknown as TokenDocument
    assert.deepEqual(access.token_data, {
      identity: '24601',
      is_admin: true,
      expires: NOW + 1800,
      path: '/24601/x',
      access: ['download', 'upload'],
    })

    const { body: me } = await app.meBearer(access.token)
    const identities = [{ id: '24601', provider_type: 'custom-token', data: { isAdmin: true } }]
    assert.deepEqual(me.identities, identities)
    const { users } = await app.auth.users.list()
    assert.deepEqual(
      users.map(({ id }) => id),
      [me.id],
    )
  })

  test('work with the headers and bodies of realm-java and of realm-dotnet', async (t) => {
    const app = await startOldApp(t)
    const java = { 'Content-Type': 'application/json; charset=utf-8', Accept: 'application/json' }
    const dotnet = { ...java, Accept: 'application/json, application/problem+json' }
    for (const [headers, more] of [
      [java, { app_id: '', user_info: {} }],
      [dotnet, { app_id: '' }],
    ] as const) {
      const login = await post(app, { provider: 'jwt', data: jwt(), ...more }, headers)
      const { token: data } = login.body.refresh_token as unknown as TokenDocument
      const realm = await post(app, { provider: 'realm', data, path: '/~/x', ...more }, headers)
      assert.equal(realm.status, 200)
    }
  })

  test('can be repeated: one user, and a session for each login', async (t) => {
    const app = await startOldApp(t)
    const [one, two] = [await loggedIn(app), await loggedIn(app)]
    await opened(app, one.token)
    await opened(app, one.token)
    assert.notEqual(payloadOf(one.token).baas_id, payloadOf(two.token).baas_id)
    assert.equal((await app.auth.users.list()).users.length, 1)
  })

  test('create the user whether or not the endpoints do', async (t) => {
    const app = await startOldApp(t, { autoCreateUser: false })
    await opened(app, (await loggedIn(app)).token)
  })

  test('say that a user is an administrator when isAdmin is true, and nothing like it', async (t) => {
    const app = await startOldApp(t)
    for (const [isAdmin, expected] of [
      [true, true],
      [false, false],
      [undefined, false],
      [null, false],
      ['true', false],
      [1, false],
    ] as const) {
      const { token, token_data } = await loggedIn(app, jwt({ isAdmin }))
      assert.equal(token_data.is_admin, expected)
      assert.equal((await opened(app, token)).token_data.is_admin, expected)
    }
  })

  test('resolve ~ at the beginning of a path to the user, and no other', async (t) => {
    const app = await startOldApp(t)
    const { token } = await loggedIn(app, jwt({ userId: "$& $' jean|valjean" }))
    for (const [path, resolved] of [
      ['/~/x', "/$& $' jean|valjean/x"],
      ['/~', "/$& $' jean|valjean"],
      ['/~/~/x', "/$& $' jean|valjean/~/x"],
      ['/shared', '/shared'],
      ['/a/~/x', '/a/~/x'],
      ['/~x/y', '/~x/y'],
    ] as const)
      assert.equal((await opened(app, token, path)).token_data.path, resolved)
  })

  test('name the user by its first identity, also after a login with a linked one', async (t) => {
    const app = await startOldApp(t)
    const { token } = await loggedIn(app)
    const headers = { Authorization: `Bearer ${(await opened(app, token)).token}` }
    const body = { token: jwt({ userId: 'madeleine' }) }
    assert.equal((await app.send(`${LOGIN}?link=true`, { method: 'POST', headers, body })).status, 200)
    const linked = await loggedIn(app, jwt({ userId: 'madeleine' }))
    assert.equal(linked.token_data.identity, '24601')
    assert.equal((await opened(app, linked.token)).token_data.identity, '24601')
  })
})

describe('the session of an old client', () => {
  test('outlives the JWT, whose expiry is looked at in the login alone', async (t) => {
    const app = await startOldApp(t)
    const token = jwt({ exp: NOW + 60 })
    const refresh = await loggedIn(app, token)
    app.clock.advance(65)
    assertRefused(
      app,
      await logIn(app, token),
      'TOKEN_EXPIRED',
      /^invalid custom auth token: token is expired$/,
    )
    app.clock.advance(7200)
    const access = await opened(app, refresh.token)
    assert.equal(access.token_data.expires, app.clock.now() + 1800)
    assert.equal((await app.meBearer(access.token)).status, 200)
  })

  test('is a session as any other: the session routes refresh it, and log it out', async (t) => {
    const app = await startOldApp(t)
    const { token } = await loggedIn(app)
    const access = await opened(app, token)
    assert.equal((await app.bearer('POST', SESSION, token)).status, 201)
    assert.equal((await app.bearer('DELETE', SESSION, token)).status, 204)
    const message = 'invalid session: failed to find refresh token'
    assertRefused(app, await openRealm(app, token), 'REFRESH_TOKEN_INVALID', message)
    assert.equal((await app.meBearer(access.token)).status, 401)
  })

  test('can have been begun by the session routes', async (t) => {
    const app = await startOldApp(t)
    const { refresh_token: token } = await app.loggedIn(jwt())
    assert.equal((await opened(app, token)).token_data.identity, '24601')
  })

  type End = (app: TestApp, userId: string) => Promise<unknown> | undefined
  const ends: Readonly<Record<string, [End, ErrorCode, string]>> = {
    'is revoked': [
      ({ auth }, id) => auth.users.revokeSessions(id),
      'REFRESH_TOKEN_INVALID',
      'invalid session: failed to find refresh token',
    ],
    'belongs to a user who was deleted': [
      ({ auth }, id) => auth.users.delete(id),
      'REFRESH_TOKEN_INVALID',
      'invalid session: failed to find refresh token',
    ],
    'belongs to a user who is disabled': [
      ({ auth }, id) => auth.users.disable(id),
      'USER_DISABLED',
      'user disabled',
    ],
    'has reached its end': [
      ({ clock }) => {
        clock.advance(60 * 86_400)
        return undefined
      },
      'REFRESH_TOKEN_INVALID',
      'invalid session: failed to find refresh token',
    ],
  }
  for (const [situation, [end, code, title]] of Object.entries(ends))
    test(`opens nothing when it ${situation}: 611`, async (t) => {
      const app = await startOldApp(t)
      const { token } = await loggedIn(app)
      await end(app, String(payloadOf(token).sub))
      assertRefused(app, await openRealm(app, token), code, title)
    })
})

describe('what is refused', () => {
  test('a JWT that the guard would refuse, with 611 and the reason', async (t) => {
    const app = await startOldApp(t)
    const prefix = 'invalid custom auth token:'
    const claims = { userId: '24601', exp: NOW + 60 }
    for (const [token, code] of [
      [jwt({ exp: NOW - 5 }), 'TOKEN_EXPIRED'],
      [jwt({ exp: undefined }), 'TOKEN_DATE_INVALID'],
      [jwt({ userId: undefined, sub: '24601' }), 'TOKEN_SUBJECT'],
      [mint(claims, { key: rsaKeys('another').privateKey }), 'TOKEN_SIGNATURE'],
      [mint(claims, { key: OTHER_SECRET }), 'TOKEN_ALGORITHM'],
      ['junk', 'TOKEN_SEGMENTS'],
      ['x'.repeat(9000), 'TOKEN_TOO_LONG'],
    ] as const)
      assertRefused(app, await logIn(app, token), code, new RegExp(`^${prefix} .`))
    assert.deepEqual((await app.auth.users.list()).users, [])
  })

  test('a user who is disabled, a provider that is, and whom the hook refuses, with 611', async (t) => {
    const app = await startOldApp(t)
    await app.auth.users.disable(String(payloadOf((await loggedIn(app)).token).sub))
    assertRefused(app, await logIn(app), 'USER_DISABLED', 'user disabled')
    const disabled = await startOldApp(t, { disabled: true })
    assertRefused(disabled, await logIn(disabled), 'PROVIDER_DISABLED', /is disabled$/)
    const autoCreateUser = (): never => {
      throw new Error('not on the list')
    }
    const choosy = await startOldApp(t, { autoCreateUser })
    assertRefused(choosy, await logIn(choosy), 'USER_CREATION_REFUSED', 'user creation was refused')
  })

  test('anything but a refresh token of this app for a realm, with 611', async (t) => {
    const app = await startOldApp(t)
    const { token } = await loggedIn(app)
    const access = await opened(app, token)
    const stranger = await startOldApp(t, { appId: 'another-app' })
    for (const data of ['junk', jwt(), access.token, (await loggedIn(stranger)).token, 'x'.repeat(5_000)])
      assertRefused(app, await openRealm(app, data), 'REFRESH_TOKEN_INVALID', /^invalid session: /)
    assertRefused(app, await logIn(app, token), 'TOKEN_ALGORITHM', /^invalid custom auth token: /)
  })

  test('a request that lacks a parameter, with 602 and its name', async (t) => {
    const app = await startOldApp(t)
    const { token: data } = await loggedIn(app)
    for (const [body, name] of [
      [{}, 'provider'],
      [{ data, app_id: '' }, 'provider'],
      [{ provider: '', data }, 'provider'],
      [{ provider: null, data }, 'provider'],
      [{ provider: 'jwt', app_id: '' }, 'data'],
      [{ provider: 'jwt', data: null }, 'data'],
      [{ provider: 'jwt', data: ' ' }, 'data'],
      // What User.authenticate() of the first realm-js 2 sends.
      [{ provider: 'jwt', token: jwt(), app_id: '' }, 'data'],
      [{ provider: 'realm', path: '/~/x' }, 'data'],
      [{ provider: 'realm', data }, 'path'],
    ] as const) {
      assertProblem(await post(app, body), 400, 602, `missing parameter: '${name}'`)
      assert.equal(app.lastCode(), 'PARAMETER_MISSING')
    }
    const nothing = await app.send('/auth', { method: 'POST' })
    assertProblem(nothing, 400, 602, "missing parameter: 'provider'")
  })

  test('a body that is not a JSON object, with 602', async (t) => {
    const app = await startOldApp(t)
    for (const body of ['{', 'null', '1', '"text"', '{"provider":"jwt"', 'provider=jwt']) {
      assertProblem(await post(app, body), 400, 602, 'the request body is not valid JSON')
      assert.equal(app.lastCode(), 'BODY_INVALID')
    }
  })

  test('a provider that is not here, and a parameter of another type, with 601', async (t) => {
    const app = await startOldApp(t)
    const unknown = "invalid parameter: 'provider' must be 'jwt' or 'realm'"
    for (const provider of ['password', 'nickname', 'anonymous', 'JWT', 'constructor'])
      assertProblem(await post(app, { provider, data: jwt() }), 400, 601, unknown)
    for (const body of [
      { provider: 1, data: jwt() },
      [],
      { provider: 'jwt', data: { $ne: null } },
      { provider: 'jwt', data: [jwt()] },
      { provider: 'realm', data: (await loggedIn(app)).token, path: ['/~/x'] },
    ])
      assertProblem(await post(app, body), 400, 601, /^invalid parameter: .* must be (?:a string|an object)$/)
    assert.equal(app.lastCode(), 'PARAMETER_INVALID')
  })

  test('another content type with 415, and a body over the limit with 413', async (t) => {
    const app = await startOldApp(t)
    const body = JSON.stringify({ provider: 'jwt', data: jwt() })
    for (const headers of [{}, { 'Content-Type': 'text/plain' }])
      assertProblem(await post(app, body, headers), 415, 415, 'the request body must be application/json')
    const pad = 'x'.repeat(13_000)
    assertProblem(await post(app, { provider: 'jwt', data: pad }), 413, 413, 'the request body is too large')
  })
})

test('a store or a hook that fails is 503 with Retry-After, never 401, and says nothing of itself', async (t) => {
  const fail = (): never => {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432')
  }
  let isDown = false
  const store = wrapStore((_verb, call) => (isDown ? fail() : call()))
  const app = await startOldApp(t, { store, cache: { users: false } })
  const { token } = await loggedIn(app)
  isDown = true
  const title = 'temporarily unavailable, try again later'
  for (const answer of [await logIn(app), await openRealm(app, token)]) {
    assertProblem(answer, 503, 503, title)
    assert.equal(app.lastCode(), 'STORE_UNAVAILABLE')
  }
  isDown = false
  await opened(app, token)

  const unloaded = await startOldApp(t, { customData: fail })
  assertProblem(await logIn(unloaded), 503, 503, title)
  assert.equal(unloaded.lastCode(), 'CUSTOM_DATA_UNAVAILABLE')
})

describe('the routes', () => {
  const mounts: Readonly<Record<string, [BuildApp, prefix: string]>> = {
    Express: [withExpress, ''],
    'Express, below a path': [
      (parts) =>
        express().use('/ros', parts.auth.realmObjectServerRoutes()).use(expressApp(parts)) as RequestListener,
      '/ros',
    ],
    Connect: [
      (parts) =>
        connect()
          .use(parts.auth.realmObjectServerRoutes())
          .use((frameworks.Connect ?? expressApp)(parts)),
      '',
    ],
    'a bare node:http handler': [
      (parts) => {
        const routes = parts.auth.realmObjectServerRoutes()
        const rest = expressApp(parts)
        return (req, res) => {
          routes(req, res, () => {
            rest(req, res)
          })
        }
      },
      '',
    ],
  }

  for (const [name, [build, prefix]] of Object.entries(mounts))
    test(`serve POST /auth in ${name}, and leave the rest to the app`, async (t) => {
      const app = await startOldApp(t, {}, build)
      const send = (path: string, body: object) => app.send(prefix + path, { method: 'POST', body })
      const login = await send('/auth', { provider: 'jwt', data: jwt() })
      const { token: data } = login.body.refresh_token as unknown as TokenDocument
      const realm = await send('/auth', { provider: 'realm', data, path: '/~/x' })
      const access = realm.body.access_token as unknown as TokenDocument
      assert.equal((await app.meBearer(access.token)).status, 200)
      assertProblem(await send('/auth', {}), 400, 602, "missing parameter: 'provider'")

      for (const method of ['GET', 'PUT', 'DELETE'])
        assert.equal((await app.send(`${prefix}/auth`, { method })).status, 404)
      assert.equal((await send('/auth/revoke', { token: data })).status, 404)
      assert.deepEqual(Object.keys((await send('/auth/revoke', {})).body), [])
    })

  test('need the option session: start-up says so', () => {
    const without = customJwtAuth({ appId: 'myapp-abcde', ...preset, store: memoryStore() })
    assert.throws(() => without.realmObjectServerRoutes(), {
      name: 'ConfigurationError',
      problems: [
        { option: 'session', problem: 'is not set', fix: 'Set session.signingKeys to have session routes' },
      ],
    })
  })
})
