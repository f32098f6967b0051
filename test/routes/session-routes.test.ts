import assert from 'node:assert/strict'
import connect from 'connect'
import express, { type Express } from 'express'
import type { RequestListener } from 'node:http'
import test from 'node:test'
import { memoryStore } from 'custom-jwt-auth'
import { BASE, DELETE_USER, LOGIN, PROFILE, SESSION, startApp, type TestApp } from '../support/app.js'
import { send, type Answer } from '../support/client.js'
import { frameworks } from '../support/frameworks.js'
import { payloadOf } from '../support/payload.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET } from '../support/tokens.js'

const OBJECT_ID = /^[0-9a-f]{24}$/
const metadataFields = [{ name: 'name' }, { name: 'role' }]

function link(app: TestApp, token: string, access: string): Promise<Answer> {
  const headers = { Authorization: `Bearer ${access}` }
  return app.send(`${LOGIN}?link=true`, { method: 'POST', headers, body: { token } })
}

test('a login answers two tokens, the user and the device, and nothing else', async (t) => {
  const app = await startApp(t)
  const { status, headers, body } = await app.login()
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(Object.keys(body), ['access_token', 'refresh_token', 'user_id', 'device_id'])
  assert.match(body.user_id, OBJECT_ID)
  assert.match(body.device_id, OBJECT_ID)
  assert.equal((await app.auth.users.get(body.user_id))?.identities[0]?.id, '24601')
})

test('a login creates the user whether or not the endpoints do', async (t) => {
  const app = await startApp(t, { autoCreateUser: false })
  assert.equal((await app.me(mint())).status, 401)
  assert.equal(app.lastCode(), 'USER_NOT_FOUND')
  const { user_id: id } = await app.loggedIn()
  assert.equal((await app.me(mint())).body.id, id)
})

test('each login refreshes the metadata and the date of the last one', async (t) => {
  const app = await startApp(t, { metadataFields })
  const { user_id: id, access_token: access } = await app.loggedIn(
    mint(claims({ name: 'Jean', role: 'mayor' })),
  )
  app.clock.advance(60)
  const renamed = mint(claims({ name: 'Monsieur Madeleine' }))
  assert.equal((await app.loggedIn(renamed)).user_id, id)
  const user = await app.auth.users.get(id)
  assert.deepEqual(user?.data, { name: 'Monsieur Madeleine' })
  assert.deepEqual([user.creation_date, user.last_authentication_date], [NOW, NOW + 60])
  // The session of the first login sees the same person.
  assert.deepEqual((await app.meBearer(access)).body.data, { name: 'Monsieur Madeleine' })
})

test("a login keeps the client's own device id when it is one", async (t) => {
  const app = await startApp(t)
  const id = '59fdd02846244cdae5369ebf'
  for (const deviceId of [id, id.toUpperCase(), { $oid: id }]) {
    const { device_id, access_token, refresh_token } = await app.loggedIn(mint(), { device: { deviceId } })
    assert.equal(device_id, id)
    assert.equal(payloadOf(access_token).baas_device_id, id)
    assert.equal(payloadOf(refresh_token).baas_device_id, id)
  }
  const none = [undefined, null, '', 'x', '0'.repeat(24), `${id}0`, 1, [id], { $oid: 1 }, { $ne: id }, true]
  const made = new Set<string>()
  for (const deviceId of none)
    made.add((await app.loggedIn(mint(), { device: { deviceId, platform: 'node' } })).device_id)
  assert.equal(made.size, none.length)
  for (const device of made) assert.match(device, OBJECT_ID)
  assert.ok(!made.has(id) && !made.has('0'.repeat(24)))
})

test('the profile is the user, with user_id and domain_id', async (t) => {
  const app = await startApp(t, { metadataFields, customData: () => ({ color: 'red' }) })
  const { user_id: id, access_token: access } = await app.loggedIn(mint(claims({ name: 'Jean' })))
  const { status, headers, body } = await app.bearer('GET', PROFILE, access)
  assert.equal(status, 200)
  assert.equal(headers['cache-control'], 'no-store')
  assert.deepEqual(body, {
    id,
    type: 'normal',
    data: { name: 'Jean' },
    custom_data: { color: 'red' },
    identities: [{ id: '24601', provider_type: 'custom-token', data: { name: 'Jean' } }],
    user_id: id,
    domain_id: payloadOf(access).baas_domain_id,
  })
  assert.match(String(body.domain_id), OBJECT_ID)
})

test('a refresh answers a new access token and nothing else, also when the third-party token has expired', async (t) => {
  const app = await startApp(t)
  const { access_token: first, refresh_token: refresh } = await app.loggedIn()
  app.clock.advance(7200)
  assert.equal((await app.meBearer(first)).status, 401)
  assert.equal((await app.me(mint())).status, 401)
  const { status, body } = await app.bearer('POST', SESSION, refresh)
  assert.equal(status, 201)
  assert.deepEqual(Object.keys(body), ['access_token'])
  assert.equal(payloadOf(body.access_token).exp, NOW + 7200 + 1800)
  assert.equal((await app.meBearer(body.access_token)).status, 200)
  // The public clients keep the refresh token that they have.
  assert.equal((await app.bearer('POST', SESSION, refresh)).status, 201)
})

test('the custom data is loaded anew at each login and refresh, and is in the access token', async (t) => {
  let visits = 0
  const app = await startApp(t, { customData: async () => Promise.resolve({ visits: ++visits }) })
  const { access_token: first, refresh_token: refresh } = await app.loggedIn()
  assert.deepEqual(payloadOf(first).user_data, { visits: 1 })
  const { body } = await app.bearer('POST', SESSION, refresh)
  assert.deepEqual(payloadOf(body.access_token).user_data, { visits: 2 })
  // What a request shows is loaded after that, and then remembered.
  assert.deepEqual((await app.meBearer(body.access_token)).body.custom_data, { visits: 3 })
  assert.deepEqual((await app.bearer('GET', PROFILE, first)).body.custom_data, { visits: 3 })
})

test('a logout ends its own session at once, with an answer that has neither body nor content type', async (t) => {
  const app = await startApp(t)
  const [one, two] = [await app.loggedIn(), await app.loggedIn()]
  for (const { access_token: access } of [one, two]) assert.equal((await app.meBearer(access)).status, 200)
  const { status, headers, text } = await app.bearer('DELETE', SESSION, one.refresh_token)
  assert.equal(status, 204)
  assert.equal(text, '')
  assert.equal(headers['content-type'], undefined)
  assert.equal(headers['content-length'], undefined)

  assert.equal((await app.bearer('POST', SESSION, one.refresh_token)).status, 401)
  assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
  assert.equal((await app.bearer('DELETE', SESSION, one.refresh_token)).status, 401)
  assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
  for (const path of ['/api/me', PROFILE]) {
    assert.equal((await app.bearer('GET', path, one.access_token)).status, 401)
    assert.equal(app.lastCode(), 'SESSION_INVALID')
    assert.equal((await app.bearer('GET', path, two.access_token)).status, 200)
  }
  assert.equal((await app.bearer('POST', SESSION, two.refresh_token)).status, 201)
})

test('deleting the user ends all sessions, and a later login is a new account', async (t) => {
  const app = await startApp(t, { autoCreateUser: false, metadataFields })
  const one = await app.loggedIn(mint(claims({ name: 'Jean', role: 'mayor' })))
  const two = await app.loggedIn()
  await app.me(mint())
  const { status, headers, text } = await app.bearer('DELETE', DELETE_USER, one.access_token)
  assert.deepEqual([status, text, headers['content-type']], [204, '', undefined])

  assert.equal(await app.auth.users.get(one.user_id), undefined)
  for (const { access_token: access, refresh_token: refresh } of [one, two]) {
    assert.equal((await app.meBearer(access)).status, 401)
    assert.equal((await app.bearer('GET', PROFILE, access)).status, 401)
    assert.equal((await app.bearer('DELETE', DELETE_USER, access)).status, 401)
    assert.equal(app.lastCode(), 'SESSION_INVALID')
    assert.equal((await app.bearer('POST', SESSION, refresh)).status, 401)
    assert.equal(app.lastCode(), 'REFRESH_TOKEN_INVALID')
  }
  assert.equal((await app.me(mint())).status, 401)
  assert.equal(app.lastCode(), 'USER_NOT_FOUND')

  app.clock.advance(10)
  const again = await app.loggedIn()
  assert.equal((await app.auth.users.get(again.user_id))?.creation_date, NOW + 10)
  assert.equal((await app.meBearer(one.access_token)).status, 401)
})

test('a login with link=true adds the identity to the account of the caller', async (t) => {
  const app = await startApp(t, { metadataFields })
  const first = mint(claims({ sub: 'one', name: 'Jean', role: 'mayor' }))
  const second = mint(claims({ sub: 'two', name: 'Madeleine' }))
  const { user_id: id, access_token: access, refresh_token: refresh, device_id } = await app.loggedIn(first)
  assert.deepEqual((await app.meBearer(access)).body.data, { name: 'Jean', role: 'mayor' })

  const { status, body } = await link(app, second, access)
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body), ['access_token', 'refresh_token', 'user_id', 'device_id'])
  assert.deepEqual([body.user_id, body.device_id], [id, device_id])
  assert.equal(payloadOf(body.access_token).iss, payloadOf(access).iss)

  const user = (await app.meBearer(access)).body
  assert.deepEqual(user.data, { name: 'Madeleine', role: 'mayor' })
  assert.deepEqual(user.identities, [
    { id: 'one', provider_type: 'custom-token', data: { name: 'Jean', role: 'mayor' } },
    { id: 'two', provider_type: 'custom-token', data: { name: 'Madeleine' } },
  ])
  for (const token of [first, second]) {
    assert.equal((await app.loggedIn(token)).user_id, id)
    assert.equal((await app.me(token)).body.id, id)
  }
  // Again, with other metadata: refreshed, not doubled.
  assert.equal((await link(app, mint(claims({ sub: 'two', name: 'Fabre' })), access)).status, 200)
  const { identities, data } = (await app.meBearer(access)).body
  assert.equal((identities as unknown[]).length, 2)
  assert.deepEqual(data, { name: 'Fabre', role: 'mayor' })
  // The session is the one from before.
  assert.equal((await app.bearer('DELETE', SESSION, refresh)).status, 204)
  assert.equal((await app.meBearer(body.access_token)).status, 401)
})

test('linking an identity of another user is refused and changes nothing', async (t) => {
  const app = await startApp(t, { metadataFields })
  const jean = await app.loggedIn(mint(claims({ sub: 'jean' })))
  const javert = await app.loggedIn(mint(claims({ sub: 'javert', name: 'Javert' })))
  const { status, body } = await link(app, mint(claims({ sub: 'javert', name: 'stolen' })), jean.access_token)
  assert.equal(status, 409)
  assert.equal(app.lastCode(), 'IDENTITY_TAKEN')
  assert.equal(body.error, 'a user already exists with the specified provider')
  assert.equal((await app.auth.users.get(jean.user_id))?.identities.length, 1)
  assert.deepEqual((await app.auth.users.get(javert.user_id))?.data, { name: 'Javert' })
  assert.equal((await app.meBearer(jean.access_token)).status, 200)
})

test('linking needs a good access token, and never falls back to a login', async (t) => {
  const app = await startApp(t)
  const { user_id: id, access_token: access, refresh_token: refresh } = await app.loggedIn()
  const other = mint(claims({ sub: 'other' }))
  for (const [token, code] of [
    ['junk', 'SESSION_INVALID'],
    [refresh, 'SESSION_INVALID'],
    [mint(), 'SESSION_INVALID'],
  ] as const) {
    assert.equal((await link(app, other, token)).status, 401)
    assert.equal(app.lastCode(), code)
  }
  assert.equal((await app.send(`${LOGIN}?link=true`, { method: 'POST', body: { token: other } })).status, 401)
  assert.equal(app.lastCode(), 'CREDENTIALS_MISSING')
  assert.equal((await link(app, 'a.b.c', 'junk')).status, 401)
  assert.equal(app.lastCode(), 'SESSION_INVALID')
  await app.auth.users.disable(id)
  assert.equal((await link(app, other, access)).status, 401)
  assert.equal(app.lastCode(), 'USER_DISABLED')
  app.clock.advance(1800)
  assert.equal((await link(app, mint(claims({ sub: 'other' })), access)).status, 401)
  assert.equal(app.lastCode(), 'SESSION_INVALID')
  assert.equal((await app.auth.users.list()).users.length, 1)
})

test('whatever is wrong with what is to be linked is no 401, which is said of sessions alone', async (t) => {
  const app = await startApp(t)
  const { access_token: access } = await app.loggedIn()
  const wrong = 'invalid custom auth token: '
  for (const [token, status, code, error] of [
    ['a.b.c', 400, 'TOKEN_MALFORMED', `${wrong}token is malformed`],
    [mint(claims({ exp: NOW })), 400, 'TOKEN_EXPIRED', `${wrong}token is expired`],
    [mint(claims(), { key: OTHER_SECRET }), 400, 'TOKEN_SIGNATURE', `${wrong}signature is invalid`],
  ] as const) {
    const { body, headers, ...answer } = await link(app, token, access)
    assert.deepEqual([answer.status, app.lastCode()], [status, code])
    assert.deepEqual(body, { error, error_code: 'AuthError', link: '' })
    assert.equal(headers['www-authenticate'], undefined)
  }
  const anonymous = `${LOGIN.replace('custom-token', 'anon-user')}?link=true`
  const { status, body } = await app.bearer('POST', anonymous, access)
  assert.deepEqual([status, body.error_code, app.lastCode()], [400, 'AuthError', 'PROVIDER_UNKNOWN'])
})

test('two Apps share a host, each with routes and sessions of its own', async (t) => {
  const other = 'other-fghij'
  const [one, two] = [await startApp(t), await startApp(t, { appId: other, audience: APP_ID })]
  for (const mount of [express, connect] as (() => Express)[]) {
    const app = mount()
    for (const { auth } of [one, two]) app.use(auth.sessionRoutes())
    const server = await listen(app as RequestListener)
    t.after(() => server.close())
    for (const [appId, mine] of [
      [APP_ID, one],
      [other, two],
    ] as const) {
      const path = LOGIN.replace(APP_ID, appId)
      const { body } = await send(server.url + path, { method: 'POST', body: { token: mint() } })
      const bearer = (method: string, of: string, token: string) =>
        send(server.url + of, { method, headers: { Authorization: `Bearer ${token}` } })
      assert.equal((await bearer('GET', PROFILE, body.access_token)).body.user_id, body.user_id)
      assert.ok(await mine.auth.users.get(body.user_id))
      assert.equal((await bearer('POST', SESSION, body.refresh_token)).status, 201)
      assert.equal((await send(`${server.url}${BASE}/app/${appId}/location`, {})).status, 200)
      const unserved = await bearer('GET', `${BASE}/app/${appId}/functions`, body.access_token)
      assert.equal(unserved.body.error_code, 'NotFound')
      assert.equal((await bearer('DELETE', DELETE_USER, body.access_token)).status, 204)
    }
    assert.equal((await send(server.url + LOGIN.replace(APP_ID, 'nobody'), { method: 'POST' })).status, 404)
  }
})

test('link=false, or a bearer token alone, is a login like any other', async (t) => {
  const app = await startApp(t)
  const { user_id: id, access_token: access } = await app.loggedIn()
  for (const query of ['', '?link=false', '?link=', '?links=true']) {
    const { status, body } = await app.send(LOGIN + query, {
      method: 'POST',
      headers: { Authorization: `Bearer ${access}` },
      body: { token: mint(claims({ sub: 'other' })) },
    })
    assert.equal(status, 200)
    assert.notEqual(body.user_id, id)
  }
})

for (const [name, build] of Object.entries(frameworks))
  test(`a session lives its whole life in ${name}`, async (t) => {
    const app = await startApp(t, {}, build)
    const { access_token: access, refresh_token: refresh } = await app.loggedIn()
    assert.equal((await app.bearer('GET', PROFILE, access)).status, 200)
    const { body } = await app.bearer('POST', SESSION, refresh)
    assert.equal((await link(app, mint(claims({ sub: 'two' })), body.access_token)).status, 200)
    assert.equal((await app.bearer('DELETE', SESSION, refresh)).status, 204)
    const { access_token: second } = await app.loggedIn()
    assert.equal((await app.bearer('DELETE', DELETE_USER, second)).status, 204)
    assert.equal((await app.bearer('GET', PROFILE, second)).body.error_code, 'InvalidSession')
  })

test('the routes work below a path of the app, and behind a body parser of its own', async (t) => {
  for (const parse of [express.json(), express.urlencoded({ extended: true })]) {
    const { auth } = await startApp(t)
    const server = await listen(express().use(parse).use('/v1', auth.sessionRoutes()) as RequestListener)
    t.after(() => server.close())
    const post = {
      method: 'POST',
      body: { token: mint(), options: { device: { deviceId: 'ab'.repeat(12) } } },
    }
    const { status, body } = await send(`${server.url}/v1${LOGIN}`, post)
    assert.equal(status, 200)
    assert.equal(body.device_id, 'ab'.repeat(12))
    const headers = { Authorization: `Bearer ${body.refresh_token}` }
    assert.equal((await send(`${server.url}/v1${SESSION}`, { method: 'POST', headers })).status, 201)
    assert.equal((await send(`${server.url}/v1${LOGIN}`, { method: 'POST', body: {} })).status, 400)
    // Beside the path, the app answers.
    assert.equal((await send(server.url + LOGIN, post)).headers['content-type'], 'text/html; charset=utf-8')
  }
})

test('a switched-off provider refuses third-party tokens, while sessions go on', async (t) => {
  const store = memoryStore()
  const on = await startApp(t, { store })
  const { access_token: access, refresh_token: refresh } = await on.loggedIn()
  const off = await startApp(t, { store, disabled: true })
  for (const [answer, status] of [
    [await off.login(), 401],
    [await off.me(mint()), 401],
    [await link(off, mint(), access), 400],
  ] as const) {
    assert.equal(answer.status, status)
    assert.equal(off.lastCode(), 'PROVIDER_DISABLED')
  }
  assert.equal((await off.meBearer(access)).status, 200)
  assert.equal((await off.bearer('POST', SESSION, refresh)).status, 201)
})

test('the routes answer HEAD as GET without a body', async (t) => {
  const app = await startApp(t)
  const { access_token: access } = await app.loggedIn()
  for (const path of [`${BASE}/app/${APP_ID}/location`, PROFILE]) {
    const [get, head] = [await app.bearer('GET', path, access), await app.bearer('HEAD', path, access)]
    assert.deepEqual([head.status, head.text], [200, ''])
    assert.equal(head.headers['content-length'], get.headers['content-length'])
  }
})

test('an unknown path tells a client first that its session is over', async (t) => {
  const app = await startApp(t)
  const { access_token: access, refresh_token: refresh } = await app.loggedIn()
  const codes = async (...tokens: string[]) => {
    const all = []
    for (const token of tokens) {
      await app.bearer('POST', `${BASE}/functions/call`, token)
      all.push(app.lastCode())
    }
    return all
  }
  assert.deepEqual(await codes(access, refresh), ['ROUTE_NOT_FOUND', 'ROUTE_NOT_FOUND'])
  await app.bearer('DELETE', SESSION, refresh)
  assert.deepEqual(await codes(access, refresh, 'junk'), [
    'SESSION_INVALID',
    'REFRESH_TOKEN_INVALID',
    'SESSION_INVALID',
  ])
})
