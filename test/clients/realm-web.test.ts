// The public client of the original service, unmodified: an app that moves here changes its base URL and nothing else.
import assert from 'node:assert/strict'
import { beforeEach, test, type TestContext } from 'node:test'
import {
  customJwtAuth,
  errorHandler,
  memoryStore,
  type CustomJwtAuthOptions,
  type SigningKey,
} from 'custom-jwt-auth'
import express from 'express'
import { App, Credentials, UserState, getEnvironment } from 'realm-web'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET, SECRET, SESSION_SECRET } from '../support/tokens.js'

const ACCESS_TOKEN_SECONDS = 1800
const DAY = 86_400
const BASE_PATH = '/api/client/v2.0'

interface ServiceOptions {
  /** Options of the guard that differ from {@link GUARD}. */
  readonly guard?: Partial<Pick<CustomJwtAuthOptions, 'autoCreateUser' | 'customData' | 'store'>>
  /** Where the session routes are mounted. */
  readonly prefix?: string
}

const GUARD = {
  appId: APP_ID,
  signingAlgorithm: 'HS256',
  signingKeys: [SECRET] as SigningKey[],
  metadataFields: [{ name: 'user_data.name', fieldName: 'name' }, { name: 'town' }],
  session: { signingKeys: [SESSION_SECRET] },
} as const

/** A listening server with a clock of its own, which writes down every request and the status of its answer. */
async function startService(t: TestContext, { guard, prefix = '' }: ServiceOptions = {}) {
  const time = { now: NOW }
  const auth = customJwtAuth({ ...GUARD, ...guard, clock: () => time.now * 1000 })
  const requests: string[] = []
  const app = express()
  app.use((req, res, next) => {
    const { method, originalUrl } = req
    res.on('finish', () => requests.push(`${method} ${originalUrl} ${String(res.statusCode)}`))
    next()
  })
  // An endpoint of the app's own where the client looks for it, before the session routes close the base path.
  app.post(`${BASE_PATH}/app/:appId/functions/call`, auth, express.json(), (req, res) => {
    const { name } = req.body as { name: string }
    res.json(`${name} for ${req.user?.id ?? 'nobody'}`)
  })
  app.use(prefix, auth.sessionRoutes())
  app.use(errorHandler())
  const server = await listen(app)
  t.after(() => server.close())
  return {
    auth,
    time,
    baseUrl: server.url + prefix,
    /** The requests since the last call. */
    wire: () => requests.splice(0),
  }
}

const LOCATION = `GET ${BASE_PATH}/app/${APP_ID}/location`
const LOG_IN = `POST ${BASE_PATH}/app/${APP_ID}/auth/providers/custom-token/login`
const LINK = `${LOG_IN}?link=true`
const PROFILE = `GET ${BASE_PATH}/auth/profile`
const REFRESH = `POST ${BASE_PATH}/auth/session`
const LOG_OUT = `DELETE ${BASE_PATH}/auth/session`
const DELETE = `DELETE ${BASE_PATH}/auth/delete`
const CALL = `POST ${BASE_PATH}/app/${APP_ID}/functions/call`

const token = (others: object = {}) => mint(claims({ user_data: { name: 'Jean Valjean' }, ...others }))
const credentials = (others: object = {}) => Credentials.jwt(token(others))

/** The client, on the device of its own that `storage` stands for. */
function openApp(baseUrl: string, storage?: ReturnType<typeof getEnvironment>['defaultStorage']) {
  return new App({ id: APP_ID, baseUrl, ...(storage && { storage }) })
}

async function logIn(t: TestContext, options: ServiceOptions = {}) {
  const service = await startService(t, options)
  const app = openApp(service.baseUrl)
  const user = await app.logIn(credentials())
  return { ...service, app, user, login: service.wire() }
}

// What the client keeps between visits, it keeps by app id: each test begins on a new device.
beforeEach(() => {
  getEnvironment().defaultStorage.clear()
})

test('realm-web logs in with a JWT and reads profile and identities', async (t) => {
  const { auth, app, user, login } = await logIn(t)
  assert.deepEqual(login, [`${LOCATION} 200`, `${LOG_IN} 200`, `${PROFILE} 200`])
  assert.equal(user.state, UserState.Active)
  assert.equal(app.currentUser, user)
  assert.match(user.id, /^[0-9a-f]{24}$/)
  assert.match(String(user.deviceId), /^[0-9a-f]{24}$/)
  assert.deepEqual(user.profile, { name: 'Jean Valjean' })
  assert.deepEqual(user.identities, [{ id: '24601', providerType: 'custom-token' }])
  assert.deepEqual((await auth.users.get(user.id))?.identities, [
    { id: '24601', provider_type: 'custom-token', data: { name: 'Jean Valjean' } },
  ])
})

test('realm-web sees changed metadata after its next login', async (t) => {
  const { app, user } = await logIn(t)
  const again = await app.logIn(credentials({ user_data: { name: 'Monsieur Madeleine' } }))
  assert.equal(again, user)
  assert.deepEqual(user.profile, { name: 'Monsieur Madeleine' })
})

test('realm-web sends the device id that it was given, and keeps it', async (t) => {
  const { app, user, baseUrl } = await logIn(t)
  const { deviceId } = user
  await user.logOut()
  await app.logIn(credentials())
  assert.equal(user.deviceId, deviceId)
  const reopened = openApp(baseUrl)
  assert.equal((await reopened.logIn(credentials())).deviceId, deviceId)
})

test('realm-web reads custom data from the access token, and new custom data after a refresh', async (t) => {
  let customData: object | undefined = { favouriteColour: 'blå', address: { town: 'Montreuil-sur-Mer' } }
  const { user } = await logIn(t, { guard: { customData: () => customData } })
  assert.deepEqual(user.customData, { favouriteColour: 'blå', address: { town: 'Montreuil-sur-Mer' } })
  customData = { favouriteColour: 'red' }
  assert.deepEqual(await user.refreshCustomData(), { favouriteColour: 'red' })
  customData = undefined
  assert.deepEqual(await user.refreshCustomData(), {})
})

test('realm-web refreshes an expired access token by itself, and the call succeeds', async (t) => {
  const { time, user, wire } = await logIn(t)
  const { accessToken, refreshToken } = user
  time.now += ACCESS_TOKEN_SECONDS - 1
  await user.refreshProfile()
  assert.deepEqual(wire(), [`${PROFILE} 200`])
  time.now += 1
  await user.refreshProfile()
  assert.deepEqual(wire(), [`${PROFILE} 401`, `${REFRESH} 201`, `${PROFILE} 200`])
  assert.notEqual(user.accessToken, accessToken)
  assert.equal(user.refreshToken, refreshToken)
  assert.equal(user.state, UserState.Active)
})

test("realm-web refreshes an expired access token for an endpoint of the app's own", async (t) => {
  const { time, user, wire } = await logIn(t)
  time.now += ACCESS_TOKEN_SECONDS
  assert.equal(await user.callFunction('greet'), `greet for ${user.id}`)
  assert.deepEqual(wire(), [`${CALL} 401`, `${REFRESH} 201`, `${CALL} 200`])
})

test('realm-web makes many calls at once with an expired access token, and all succeed', async (t) => {
  const { time, user, wire } = await logIn(t)
  time.now += ACCESS_TOKEN_SECONDS
  const answers = await Promise.all(Array.from({ length: 10 }, () => user.callFunction('greet')))
  assert.deepEqual(new Set(answers), new Set([`greet for ${user.id}`]))
  assert.equal(wire().filter((line) => line === `${CALL} 200`).length, 10)
})

test('realm-web stays logged in for sixty days, and is logged out after them', async (t) => {
  const { time, app, user, wire } = await logIn(t)
  time.now += 60 * DAY - 1
  await user.refreshProfile()
  wire()
  time.now += ACCESS_TOKEN_SECONDS
  await assert.rejects(user.refreshProfile(), {
    statusCode: 401,
    errorCode: 'InvalidSession',
    error: 'invalid session: failed to find refresh token',
  })
  assert.deepEqual(wire(), [`${PROFILE} 401`, `${REFRESH} 401`])
  assert.equal(user.state, UserState.LoggedOut)
  assert.equal(app.currentUser, null)
})

test('realm-web is logged out cleanly when its sessions are revoked, and can log in again', async (t) => {
  const { auth, app, user, wire } = await logIn(t)
  assert.equal(await auth.users.revokeSessions(user.id), 1)
  await assert.rejects(user.refreshProfile(), {
    statusCode: 401,
    errorCode: 'InvalidSession',
    error: 'invalid session: failed to find refresh token',
  })
  assert.deepEqual(wire(), [`${PROFILE} 401`, `${REFRESH} 401`])
  assert.equal(user.state, UserState.LoggedOut)
  assert.equal(user.accessToken, null)
  assert.equal(user.refreshToken, null)
  assert.equal(app.currentUser, null)
  assert.equal(await app.logIn(credentials()), user)
  assert.equal(user.state, UserState.Active)
})

test('realm-web logs out without an error when its sessions were revoked before', async (t) => {
  const { auth, user, wire } = await logIn(t)
  await auth.users.revokeSessions(user.id)
  await user.logOut()
  assert.deepEqual(wire(), [`${LOG_OUT} 401`])
  assert.equal(user.state, UserState.LoggedOut)
})

test('realm-web logs out, and both of its tokens are dead', async (t) => {
  const { baseUrl, app, user, wire } = await logIn(t)
  const { accessToken, refreshToken } = user
  await user.logOut()
  assert.deepEqual(wire(), [`${LOG_OUT} 204`])
  assert.equal(user.state, UserState.LoggedOut)
  assert.equal(app.currentUser, null)
  const send = (method: string, path: string, bearer: string | null) =>
    fetch(baseUrl + BASE_PATH + path, { method, headers: { authorization: `Bearer ${String(bearer)}` } })
  assert.equal((await send('GET', '/auth/profile', accessToken)).status, 401)
  assert.equal((await send('POST', '/auth/session', refreshToken)).status, 401)
})

test('realm-web deletes the user', async (t) => {
  const { auth, app, user, wire } = await logIn(t)
  await app.deleteUser(user)
  // The client deletes the session after the account, and takes it well that the session went with the account.
  assert.deepEqual(wire(), [`${DELETE} 204`, `${LOG_OUT} 401`])
  assert.equal(user.state, UserState.Removed)
  assert.equal(app.currentUser, null)
  assert.equal(await auth.users.get(user.id), undefined)
})

test('realm-web links a second identity, which signs in to the same user from then on', async (t) => {
  const { app, user, wire } = await logIn(t)
  await user.linkCredentials(credentials({ sub: '9430', user_data: undefined, town: 'Digne' }))
  assert.deepEqual(wire(), [`${LINK} 200`, `${PROFILE} 200`])
  assert.deepEqual(user.identities, [
    { id: '24601', providerType: 'custom-token' },
    { id: '9430', providerType: 'custom-token' },
  ])
  assert.deepEqual(user.profile, { name: 'Jean Valjean', town: 'Digne' })
  await user.logOut()
  assert.equal((await app.logIn(credentials({ sub: '9430' }))).id, user.id)
})

test('realm-web links with an expired access token after a refresh of its own', async (t) => {
  const { time, user, wire } = await logIn(t)
  time.now += ACCESS_TOKEN_SECONDS
  await user.linkCredentials(credentials({ sub: '9430' }))
  assert.deepEqual(wire(), [`${LINK} 401`, `${REFRESH} 201`, `${LINK} 200`, `${PROFILE} 200`])
})

test('realm-web is told that another user owns the identity to link, and stays logged in', async (t) => {
  const { app, user, wire } = await logIn(t)
  const owner = await app.logIn(credentials({ sub: '9430' }))
  wire()
  await assert.rejects(user.linkCredentials(credentials({ sub: '9430' })), {
    statusCode: 409,
    errorCode: 'AuthError',
    error: 'a user already exists with the specified provider',
  })
  assert.deepEqual(wire(), [`${LINK} 409`])
  await user.refreshProfile()
  assert.deepEqual(user.identities, [{ id: '24601', providerType: 'custom-token' }])
  assert.notEqual(owner.id, user.id)
  assert.deepEqual(owner.identities, [{ id: '9430', providerType: 'custom-token' }])
})

test('realm-web is told that a token to link is no good', async (t) => {
  const { user, wire } = await logIn(t)
  await assert.rejects(user.linkCredentials(Credentials.jwt(mint(claims(), { key: OTHER_SECRET }))), {
    statusCode: 400,
    errorCode: 'AuthError',
    error: 'invalid custom auth token: signature is invalid',
  })
  assert.deepEqual(wire(), [`${LINK} 400`])
  assert.equal(user.state, UserState.Active)
})

const wrongTokens: [string, string, string][] = [
  ['of two segments', 'a.b', 'token contains an invalid number of segments'],
  ['signed with another key', mint(claims(), { key: OTHER_SECRET }), 'signature is invalid'],
  ['for another app', token({ aud: 'other-app' }), `'"${APP_ID}"' not present in 'aud' claim`],
  [
    'with a number as its audience',
    token({ aud: 5 }),
    "'aud' must be a string or array of strings containing the clientAppId",
  ],
  ['that expired', token({ exp: NOW }), 'token is expired'],
]

for (const [what, wrong, reason] of wrongTokens)
  test(`realm-web surfaces message and code of the refusal of a token ${what}`, async (t) => {
    const { baseUrl, wire } = await startService(t)
    const app = openApp(baseUrl)
    const error = `invalid custom auth token: ${reason}`
    await assert.rejects(app.logIn(Credentials.jwt(wrong)), {
      message: `Request failed (POST ${baseUrl}${LOG_IN.slice(5)}): ${error} (status 401 Unauthorized)`,
      statusCode: 401,
      errorCode: 'AuthError',
      error,
      link: '',
    })
    assert.deepEqual(wire(), [`${LOCATION} 200`, `${LOG_IN} 401`])
    assert.equal(app.currentUser, null)
  })

test('realm-web surfaces what else a login can be refused for', async (t) => {
  const refusesEverybody = () => {
    throw new Error('the galleys')
  }
  const { baseUrl } = await startService(t, { guard: { autoCreateUser: refusesEverybody } })
  const app = openApp(baseUrl)
  await assert.rejects(app.logIn(Credentials.jwt('')), {
    statusCode: 400,
    errorCode: 'MissingParameter',
    error: "missing parameter: 'token'",
  })
  await assert.rejects(app.logIn(Credentials.anonymous()), {
    statusCode: 401,
    errorCode: 'AuthProviderNotFound',
    error: "authentication provider not found: only 'custom-token' is here",
  })
  await assert.rejects(app.logIn(credentials()), {
    statusCode: 401,
    errorCode: 'AuthError',
    error: 'user creation was refused',
  })
  await assert.rejects(new App({ id: 'other-app', baseUrl }).logIn(credentials()), {
    statusCode: 404, // the server's own: other Apps are other routes' to answer
  })
})

test('realm-web is told that its user is disabled, keeps its tokens, and goes on once enabled', async (t) => {
  const { auth, app, user, wire } = await logIn(t)
  const disabled = { statusCode: 401, errorCode: 'UserDisabled', error: 'user disabled' }
  await auth.users.disable(user.id)
  await assert.rejects(user.refreshProfile(), disabled)
  await assert.rejects(user.refreshAccessToken(), disabled)
  await assert.rejects(user.callFunction('greet'), disabled)
  await assert.rejects(app.logIn(credentials()), disabled)
  assert.deepEqual(wire(), [`${PROFILE} 401`, `${REFRESH} 401`, `${CALL} 401`, `${LOG_IN} 401`])
  await auth.users.enable(user.id)
  await user.refreshProfile()
  assert.equal(user.state, UserState.Active)
})

test('realm-web stays logged in while the store is down', async (t) => {
  let down = false
  const store = memoryStore()
  const findSession = (id: string) => {
    if (down) throw new Error('connection refused')
    return store.findSession(id)
  }
  const { time, user, wire } = await logIn(t, { guard: { store: { ...store, findSession } } })
  time.now += ACCESS_TOKEN_SECONDS
  down = true
  await assert.rejects(user.refreshProfile(), {
    statusCode: 503,
    errorCode: 'InternalServerError',
    error: 'temporarily unavailable, try again later',
  })
  assert.deepEqual(wire(), [`${PROFILE} 401`, `${REFRESH} 503`])
  assert.equal(user.state, UserState.Active)
  down = false
  await user.refreshProfile()
  assert.equal(user.state, UserState.Active)
})

test('realm-web finds everything below the prefix that the session routes are mounted at', async (t) => {
  const prefix = '/realm/v1'
  const { user, login, wire } = await logIn(t, { prefix })
  const below = (line: string) => line.replace(BASE_PATH, prefix + BASE_PATH)
  assert.deepEqual(login, [`${LOCATION} 200`, `${LOG_IN} 200`, `${PROFILE} 200`].map(below))
  await user.logOut()
  assert.deepEqual(wire(), [below(`${LOG_OUT} 204`)])
})

test('realm-web on two devices has one user and two sessions, revoked one by one or all at once', async (t) => {
  const { auth, baseUrl } = await startService(t)
  const { defaultStorage } = getEnvironment()
  const [phone, desk] = ['phone', 'desk'].map((name) => openApp(baseUrl, defaultStorage.prefix(name)))
  assert(phone && desk)
  const [onPhone, onDesk] = [await phone.logIn(credentials()), await desk.logIn(credentials())]
  assert.notEqual(onPhone, onDesk)
  assert.equal(onPhone.id, onDesk.id)
  assert.notEqual(onPhone.deviceId, onDesk.deviceId)
  assert.equal((await auth.users.list()).users.length, 1)

  await onPhone.logOut()
  await onDesk.refreshProfile()
  assert.equal(onDesk.state, UserState.Active)

  await phone.logIn(credentials())
  assert.equal(await auth.users.revokeSessions(onDesk.id), 2)
  await assert.rejects(onPhone.refreshProfile(), { errorCode: 'InvalidSession' })
  await assert.rejects(onDesk.refreshProfile(), { errorCode: 'InvalidSession' })
  assert.deepEqual([onPhone.state, onDesk.state], [UserState.LoggedOut, UserState.LoggedOut])
})
