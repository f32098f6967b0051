import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import type { RequestListener } from 'node:http'
import express from 'express'
import { errorHandler, type User } from 'custom-jwt-auth'
import { SESSION, startApp, type Options, type TestApp } from '../support/app.js'
import { send } from '../support/client.js'
import { frameworks } from '../support/frameworks.js'
import { listen } from '../support/server.js'
import {
  APP_ID,
  claims,
  mint,
  NOW,
  OTHER_SECRET,
  rsaKeys,
  SECRET,
  SESSION_SECRET,
  withSegment,
} from '../support/tokens.js'
import { asyncStore } from '../support/wrapped-store.js'

const JEAN = {
  user_data: {
    name: 'Jean Valjean',
    aliases: ['Monsieur Madeleine', 'Ultime Fauchelevent', 'Urbain Fabre'],
  },
}
const DATA = { name: JEAN.user_data.name, aliases: JEAN.user_data.aliases }
const metadataFields = [{ name: 'user_data.name', required: true }, { name: 'user_data.aliases' }]

describe('the guard', () => {
  for (const [name, build] of Object.entries(frameworks)) {
    test(`serves ${name}: a user, a refusal, nobody`, async (t) => {
      const app = await startApp(t, { metadataFields }, build)
      const token = mint(claims(JEAN))
      const { access_token: access, user_id: id } = await app.loggedIn(token)
      const user = {
        id,
        type: 'normal',
        data: DATA,
        custom_data: {},
        identities: [{ id: '24601', provider_type: 'custom-token', data: DATA }],
      }
      for (const answer of [await app.me(token), await app.meBearer(access)]) {
        assert.equal(answer.status, 200)
        assert.deepEqual(answer.body, user)
        assert.deepEqual(app.seen.pop(), user)
      }
      for (const answer of [
        await app.me(mint(claims(JEAN), { key: OTHER_SECRET })),
        await app.meBearer('x'),
      ]) {
        assert.equal(answer.status, 401)
        assert.match(String(answer.headers['www-authenticate']), /^Bearer /)
        assert.deepEqual(Object.keys(answer.body), ['error', 'error_code', 'link'])
      }
      assert.equal((await app.send('/api/me')).status, 401)
      assert.equal(app.seen.length, 0)

      const optional = await startApp(t, { metadataFields, credentialsRequired: false }, build)
      assert.equal((await optional.send('/api/me')).status, 200)
      assert.deepEqual(optional.seen, [undefined])
    })

    test(`serves ${name} from a store that answers with promises`, async (t) => {
      const app = await startApp(t, { store: asyncStore() }, build)
      const { access_token: access } = await app.loggedIn()
      const answers = [
        await app.me(mint()),
        await app.meBearer(access),
        await app.me('x'),
        await app.meBearer('x'),
      ]
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 401, 401],
      )
    })
  }
})

test('optional credentials may be missing, never wrong', async (t) => {
  const app = await startApp(t, { credentialsRequired: false })
  const anonymous = await app.send('/api/me')
  assert.deepEqual(anonymous.body, { anonymous: true })
  assert.equal((await app.send('/api/me', { headers: { Authorization: 'Basic eDp5' } })).status, 200)
  assert.deepEqual(app.seen, [undefined, undefined])
  assert.deepEqual(new Set(app.logger.lines.map(({ level }) => level)), new Set(['debug']))

  for (const headers of [
    { jwtTokenString: '' },
    { jwtTokenString: mint(claims({ exp: NOW - 1 })) },
    { jwtTokenString: mint(claims(), { key: OTHER_SECRET }) },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer junk' },
  ])
    assert.equal((await app.send('/api/me', { headers })).status, 401, JSON.stringify(headers))
  assert.equal(app.seen.length, 2)
})

test('what the handler behind the guard throws is neither caught nor handed to it as an error', async (t) => {
  const { auth } = await startApp(t, { credentialsRequired: false })
  const server = await listen((req, res) => {
    const calls: unknown[] = []
    try {
      auth(req, res, (error) => {
        calls.push(error)
        throw new Error('a mistake in the app')
      })
    } catch (error) {
      res.end(`${String(error)}, ${calls.length} call, ${typeof calls[0]}`)
    }
  })
  t.after(() => server.close())
  for (const headers of [{}, { jwtTokenString: mint() }]) {
    const { text } = await send(server.url, { headers })
    assert.equal(text, 'Error: a mistake in the app, 1 call, undefined')
  }
})

test('userOf() is the user, or a refusal that says what is missing', async (t) => {
  const { logger, send } = await startApp(t, { credentialsRequired: false }, ({ auth }) => {
    const app = express()
    app.set('env', 'test')
    app.get('/guarded', auth, (req, res) => res.json(auth.userOf(req).identities[0]?.id))
    app.get('/forgotten', (req, res) => res.json(auth.userOf(req)))
    app.use(errorHandler())
    return app as RequestListener
  })
  const headers = { jwtTokenString: mint() }
  assert.equal((await send('/guarded', { headers })).text, '"24601"')
  for (const [path, outgoing, got] of [
    ['/guarded', {}, 'neither'],
    ['/forgotten', {}, 'neither'],
    ['/forgotten', { headers }, 'no user'],
  ] as const) {
    const answer = await send(path, outgoing)
    assert.equal(answer.status, 401)
    assert.match(String(answer.headers['www-authenticate']), /^Bearer /)
    const { fields } = logger.lines.at(-1) as { fields: { code?: string; expected?: string; got?: string } }
    assert.deepEqual([fields.code, fields.got], ['CREDENTIALS_MISSING', got])
    if (got === 'neither')
      assert.equal(fields.expected, 'the header jwtTokenString, or Authorization: Bearer')
  }
})

test('every method is guarded, OPTIONS and HEAD too', async (t) => {
  const app = await startApp(t)
  const token = mint()
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    assert.equal((await app.send('/api/me', { method })).status, 401, method)
    assert.equal(
      (await app.send('/api/me', { method, headers: { jwtTokenString: 'x' } })).status,
      401,
      method,
    )
    assert.equal(app.seen.length, 0, method)
    assert.equal(
      (await app.send('/api/me', { method, headers: { jwtTokenString: token } })).status,
      200,
      method,
    )
    assert.equal(app.seen.splice(0).length, 1, method)
  }
})

test('what two requests share cannot be changed', async (t) => {
  const app = await startApp(t, {
    metadataFields,
    customData: () => ({ color: 'red', born: new Date(0), nested: { list: [1, { deep: true }] } }),
  })
  const { access_token: access } = await app.loggedIn(mint(claims(JEAN)))
  for (const request of [() => app.me(mint(claims(JEAN))), () => app.meBearer(access)]) {
    const first = await request()
    const [user] = app.seen.splice(0)
    assertFrozen(user, 'req.user')
    assert.throws(() => Object.assign(user ?? {}, { id: 'someone else' }), TypeError)
    assert.throws(() => (user?.data.aliases as string[]).push('Javert'), TypeError)
    assert.throws(() => (user?.identities as unknown as object[]).pop(), TypeError)
    const second = await request()
    assert.equal(second.text, first.text)
  }
})

test('simultaneous requests of different users each get their own user', async (t) => {
  for (const store of [undefined, asyncStore()]) {
    const app = await startApp(t, { metadataFields: [{ name: 'n' }], ...(store && { store }) })
    const numbers = Array.from({ length: 60 }, (_, index) => index % 20)
    const answers = await Promise.all(numbers.map((n) => app.me(mint(claims({ sub: `user ${n}`, n })))))
    for (const [index, { body }] of answers.entries())
      assert.deepEqual(
        [(body as unknown as User).identities[0]?.id, (body as unknown as User).data],
        [`user ${numbers[index] ?? ''}`, { n: numbers[index] }],
      )
  }
})

test('an RS256 token of the issuer is a user, one of a stranger is nobody', async (t) => {
  const { privateKey, publicPem } = rsaKeys()
  const app = await startApp(t, { signingAlgorithm: 'RS256', signingKeys: [publicPem] })
  assert.equal((await app.me(mint(claims(), { key: privateKey }))).status, 200)
  const stranger = rsaKeys('stranger').privateKey
  await assertRefused(app, app.me(mint(claims(), { key: stranger })), 'TOKEN_SIGNATURE')
  // The public key as an HMAC secret (algorithm confusion).
  await assertRefused(app, app.me(mint(claims(), { key: publicPem })), 'TOKEN_ALGORITHM')
})

const caches: Record<string, Options['cache']> = {
  'with caches': {},
  'without caches': { tokens: false, users: false },
}
for (const [name, cache = {}] of Object.entries(caches)) {
  test(`bearerJwt takes both kinds of bearer token, each with its own keys and rules, ${name}`, async (t) => {
    const app = await startApp(t, { bearerJwt: true, cache })
    const jwt = mint()
    const { access_token: access, refresh_token: refresh } = await app.loggedIn(jwt)
    // Twice, because the second time a cache may answer.
    for (const round of ['first', 'again']) {
      for (const token of [jwt, access]) assert.equal((await app.meBearer(token)).status, 200, round)
      await assertRefused(app, app.meBearer(refresh), 'SESSION_INVALID')
      await assertRefused(app, app.meBearer(withSegment(access, 2, 'AAAA')), 'SESSION_INVALID')
      await assertRefused(app, app.meBearer(withSegment(jwt, 2, 'AAAA')), 'TOKEN_SIGNATURE')
      // The payload says which keys may verify a token; the keys of the other kind are of no use.
      const sessionClaims = payloadOf(access)
      await assertRefused(app, app.meBearer(mint(sessionClaims, { key: SECRET })), 'SESSION_INVALID')
      await assertRefused(app, app.meBearer(mint(claims(), { key: SESSION_SECRET })), 'TOKEN_SIGNATURE')
      // LESSONS 25: a typ that an issuer writes, as Guardian does, makes no session token of its tokens.
      for (const typ of ['access', 'refresh']) {
        const guardian = mint({ ...claims(), typ })
        for (const send of [app.me, app.meBearer, app.login]) assert.equal((await send(guardian)).status, 200)
        await assertRefused(
          app,
          app.meBearer(mint({ ...claims(), typ }, { key: SESSION_SECRET })),
          'TOKEN_SIGNATURE',
        )
      }
      await assertRefused(app, app.meBearer('junk'), 'TOKEN_SEGMENTS')
      await assertRefused(app, app.meBearer(''), 'TOKEN_SEGMENTS')
    }
    app.clock.advance(1800)
    await assertRefused(app, app.meBearer(access), 'SESSION_INVALID')
    assert.equal((await app.meBearer(jwt)).status, 200)
    app.clock.advance(1800)
    await assertRefused(app, app.meBearer(jwt), 'TOKEN_EXPIRED')
  })

  test(`a session token is never a third-party token, nor the reverse, ${name}`, async (t) => {
    for (const bearerJwt of [false, true]) {
      const app = await startApp(t, { cache, bearerJwt })
      const { access_token: access, refresh_token: refresh } = await app.loggedIn()
      await app.meBearer(access)
      for (const token of [access, refresh]) {
        await assertRefused(app, app.me(token), 'TOKEN_SIGNATURE')
        await assertRefused(app, app.login(token), 'TOKEN_SIGNATURE')
        // The same claims, complete with an audience, signed by the issuer.
        const forged = mint({ ...claims(), ...payloadOf(token), aud: APP_ID })
        await assertRefused(app, app.me(forged), 'TOKEN_SESSION')
        await assertRefused(app, app.login(forged), 'TOKEN_SESSION')
        await assertRefused(app, app.meBearer(forged), 'SESSION_INVALID')
      }
      // A third-party token's claims under the session key.
      const crossed = mint(claims(), { key: SESSION_SECRET })
      await assertRefused(app, app.me(crossed), 'TOKEN_SIGNATURE')
      assert.equal((await app.meBearer(crossed)).status, 401)
    }
  })
}

test('without bearerJwt a third-party token is not a bearer token, and says so', async (t) => {
  const app = await startApp(t)
  await assertRefused(app, app.meBearer(mint()), 'SESSION_INVALID')
  assert.match((await app.meBearer(mint())).headers['www-authenticate'] ?? '', /jwtTokenString/)
  // What only expired was a session's: nothing else is to be tried.
  const { access_token: access } = await app.loggedIn()
  app.clock.advance(1800)
  assert.doesNotMatch((await app.meBearer(access)).headers['www-authenticate'] ?? '', /jwtTokenString/)
  const bare = await startApp(t, { session: undefined, bearerJwt: false } as unknown as Options)
  await assertRefused(bare, bare.meBearer(mint()), 'SESSION_NOT_CONFIGURED')
  assert.match((await bare.meBearer(mint())).text, /jwtTokenString/)
  const { fields } = bare.logger.lines.at(-1) ?? {}
  assert.match(JSON.stringify(fields), /bearerJwt/)
})

test('without sessions bearerJwt is on, and takes third-party tokens alone', async (t) => {
  const app = await startApp(t, { session: undefined } as unknown as Options)
  assert.equal((await app.meBearer(mint())).status, 200)
  assert.equal((await app.meBearer(mint({ ...claims(), typ: 'access' }))).status, 200)
  const session = mint({ ...claims(), typ: 'access', baas_domain_id: 'x' })
  await assertRefused(app, app.meBearer(session), 'SESSION_NOT_CONFIGURED')
  // A token longer than any session token of ours is not looked into. No header is as long: it comes another way.
  for (const [length, code] of [
    [16_384, 'SESSION_NOT_CONFIGURED'],
    [16_385, 'TOKEN_TOO_LONG'],
  ] as const)
    await assert.rejects(app.auth.authenticate(session.padEnd(length, 'A')), { code })
})

test("one app's session is nobody in another app, also when they share the session key", async (t) => {
  const one = await startApp(t)
  const two = await startApp(t, { appId: 'other-fghij', audience: APP_ID })
  const { access_token: access, refresh_token: refresh } = await one.loggedIn()
  assert.deepEqual([(await two.meBearer(access)).status, two.lastCode()], [403, 'SESSION_OTHER_APP'])
  // The session routes leave it to what comes next, and that is the guard here.
  assert.deepEqual(
    [(await two.bearer('POST', SESSION, refresh)).status, two.lastCode()],
    [403, 'SESSION_OTHER_APP'],
  )
})

test('two guards on the same app share nothing', async (t) => {
  const one = await startApp(t)
  const two = await startApp(t, { signingKeys: [OTHER_SECRET] })
  assert.equal((await one.me(mint())).status, 200)
  await assertRefused(two, two.me(mint()), 'TOKEN_SIGNATURE')
})

async function assertRefused(app: TestApp, answer: Promise<{ status: number }>, code: string): Promise<void> {
  const { status } = await answer
  assert.deepEqual([status, app.lastCode()], [401, code])
}

function payloadOf(token: string): object {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object
}

/** Frozen through and through, and of plain JSON: a Date or a Map could be changed though it is frozen. */
function assertFrozen(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return
  assert.ok(Object.isFrozen(value), `${path} is not frozen`)
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  assert.ok(isPlain, `${path} is not plain JSON`)
  for (const [key, inner] of Object.entries(value)) assertFrozen(inner, `${path}.${key}`)
}
