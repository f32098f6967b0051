// auth.authenticate: the guard for what is not an Express request.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, test } from 'node:test'
import type { AuthError, CredentialSource } from 'custom-jwt-auth'
import { startApp, type Options, type TestApp } from '../support/app.js'
import { send } from '../support/client.js'
import { listen } from '../support/server.js'
import { claims, mint, NOW, OTHER_SECRET } from '../support/tokens.js'

const web = 'https://app.example/'
/** Every form of a request that has one header. */
const forms: Readonly<Record<string, (name: string, value: string) => CredentialSource>> = {
  'headers alone': (name, value) => ({ headers: { [name.toLowerCase()]: value } }),
  'headers in their own case': (name, value) => ({ headers: { [name]: value } }),
  'a list of values': (name, value) => ({ headers: { [name]: [value] } }),
  'a value with spaces behind it': (name, value) => ({ headers: { [name]: `${value}  ` } }),
  'a list of which one is a text': (name, value) => ({ headers: { [name]: [5, value, null] } }),
  'rawHeaders too': (name, value) => ({
    headers: { [name.toLowerCase()]: value },
    rawHeaders: ['Host', 'x', name, value],
  }),
  'a Request': (name, value) => new Request(web, { headers: { [name]: value } }),
  Headers: (name, value) => new Headers({ [name]: value }),
  'a Map of headers': (name, value) => ({ headers: new Map([[name, value]]) }),
}

async function refusal(app: TestApp, source: unknown): Promise<string> {
  const error = await app.auth.authenticate(source as CredentialSource).then(
    () => assert.fail('it was let in'),
    (reason: unknown) => reason as AuthError,
  )
  assert.equal(app.lastCode(), error.code)
  return `${error.status} ${error.code}`
}

describe('auth.authenticate', () => {
  test('takes an issuer’s token and a session from every form of a request, and alone', async (t) => {
    const app = await startApp(t)
    const token = mint()
    const { access_token: access, user_id: id } = await app.loggedIn(token)
    for (const [name, form] of Object.entries(forms)) {
      const { user, auth } = await app.auth.authenticate(form('jwtTokenString', token))
      assert.deepEqual([user.id, auth.kind, auth.expiresAt], [id, 'custom-token', NOW + 3600], name)
      assert.equal(auth.claims?.sub, '24601')
      const session = await app.auth.authenticate(form('Authorization', `Bearer ${access}`))
      assert.deepEqual([session.user.id, session.auth.kind, session.auth.claims], [id, 'session', undefined])
    }
    for (const [source, kind] of [
      [token, 'custom-token'],
      [` ${token}\n`, 'custom-token'],
      [access, 'session'],
    ]) {
      const { user, auth } = await app.auth.authenticate(source)
      assert.deepEqual([user.id, auth.kind], [id, kind])
    }
  })

  test('takes a bearer token of the issuer where the guard does', async (t) => {
    const source = { headers: { authorization: `Bearer ${mint()} ` } }
    const { auth } = await (await startApp(t, { bearerJwt: true })).auth.authenticate(source)
    assert.equal(auth.kind, 'custom-token')
    assert.equal(await refusal(await startApp(t), source), '401 SESSION_INVALID')
    assert.equal(
      await refusal(
        await startApp(t, { session: undefined, bearerJwt: false } as unknown as Options),
        source,
      ),
      '401 SESSION_NOT_CONFIGURED',
    )
  })

  test('takes a request of node:http, without Express', async (t) => {
    const app = await startApp(t)
    const server = await listen((req, res) => {
      app.auth.authenticate(req).then(
        ({ user }) => res.end(user.id),
        (error: AuthError) => res.writeHead(error.status, error.headers).end(error.code),
      )
    })
    t.after(() => server.close())
    const ask = (headers: Record<string, string | string[]>) => send(server.url, { headers })
    assert.deepEqual(await ask({ jwtTokenString: mint() }).then(({ status }) => status), 200)
    const missing = await ask({})
    assert.deepEqual([missing.status, missing.headers['www-authenticate'] !== undefined], [401, true])
    assert.equal((await ask({ jwtTokenString: [mint(), mint()] })).status, 400)
  })

  const refusals: readonly [what: string, source: () => unknown, answer: string][] = [
    ['a forged token', () => mint(claims(), { key: OTHER_SECRET }), '401 TOKEN_SIGNATURE'],
    [
      'an expired token',
      () => new Headers({ jwttokenstring: mint(claims({ exp: 5 })) }),
      '401 TOKEN_EXPIRED',
    ],
    ['what is not a token', () => 'x', '401 TOKEN_SEGMENTS'],
    ['a token with its scheme', () => `Bearer ${mint()}`, '401 TOKEN_MALFORMED'],
    ['an endless text', () => '.'.repeat(1_000_000), '401 TOKEN_TOO_LONG'],
    [
      'one header in two cases',
      () => ({ headers: { jwtTokenString: mint(), JWTTOKENSTRING: mint() } }),
      '400 CREDENTIALS_DUPLICATED',
    ],
    [
      'a header with two values',
      () => ({ headers: { authorization: ['Bearer a', 'Bearer b'] } }),
      '400 CREDENTIALS_DUPLICATED',
    ],
    ...[
      undefined,
      null,
      5,
      true,
      [],
      {},
      [['a']],
      new Map([[1, 2]]),
      { headers: null },
      { headers: 5 },
      { headers: { jwtTokenString: 5, authorization: { toString: 1 } } },
      { headers: [], rawHeaders: 'jwtTokenString' },
      { headers: JSON.parse('{"__proto__":{"jwttokenstring":"x"}}') as unknown },
      { headers: {}, rawHeaders: [1, 2] },
      { headers: {}, rawHeaders: [{ length: 13 }, 'x'] },
      { headers: {}, rawHeaders: ['Host', 'x', { length: 13 }, 'x'] },
      { headers: {}, rawHeaders: { length: Number.MAX_VALUE } },
      { headers: [['jwtTokenString', 'x']] },
      { headers: { get: 'x' } },
      { headers: { get: () => 'x' } },
    ].map((source): [string, () => unknown, string] => [
      `no credential: ${JSON.stringify(source) ?? 'undefined'}`,
      () => source,
      '401 CREDENTIALS_MISSING',
    ]),
  ]
  for (const [what, source, answer] of refusals)
    test(`refuses ${what}: ${answer}`, async (t) => {
      const app = await startApp(t, { credentialsRequired: false })
      assert.equal(await refusal(app, source()), answer)
    })

  test('reads a client’s JSON in time that grows with its length alone, whatever poses as headers there', async (t) => {
    const app = await startApp(t)
    const inCases = (count: number) => {
      const names = Array.from({ length: count }, (_, at) =>
        at.toString(2).padStart(13, '0').replaceAll('0', 'a').replaceAll('1', 'A'),
      )
      return { headers: Object.fromEntries(names.map((name) => [name, 'x'])) }
    }
    assert.equal(await refusal(app, inCases(8000)), '401 CREDENTIALS_MISSING')
    const before = process.cpuUsage()
    for (let again = 0; again < 10; again += 1) await refusal(app, inCases(8000))
    const { user } = process.cpuUsage(before)
    assert.ok(user < 10 * 300_000, `${String(user)} µs`) // lists that were copied for each took 6 s
  })

  test('reads as many headers as Node does, and no more', async (t) => {
    const app = await startApp(t)
    const after = (count: number): CredentialSource => ({
      headers: Object.fromEntries([
        ...Array.from({ length: count }, (_, at) => [`x-${String(at)}`, 'x']),
        ['jwtTokenString', mint()],
      ]) as Record<string, string>,
    })
    assert.equal((await app.auth.authenticate(after(1999))).auth.kind, 'custom-token')
    assert.equal(await refusal(app, after(2000)), '401 CREDENTIALS_MISSING')
  })

  test('refuses an empty token', async (t) => {
    for (const source of ['', '  ']) assert.match(await refusal(await startApp(t), source), /^401 TOKEN_/)
  })

  test('has one req.auth for a token, however often it comes', async (t) => {
    const { auth } = await startApp(t)
    const [first, again] = [await auth.authenticate(mint()), await auth.authenticate(mint())]
    assert.ok(Object.isFrozen(first.auth))
    assert.equal(again.auth, first.auth)
  })

  test('is heard of as the guard is', async (t) => {
    const app = await startApp(t)
    const heard: unknown[] = []
    const listener = (message: unknown): void => {
      heard.push((message as { userId?: string; code?: string }).code ?? 'authenticated')
    }
    for (const name of ['authenticated', 'rejected']) {
      subscribe(`custom-jwt-auth:${name}`, listener)
      t.after(() => unsubscribe(`custom-jwt-auth:${name}`, listener))
    }
    await app.auth.authenticate(mint())
    await refusal(app, 'x')
    assert.deepEqual(heard, ['authenticated', 'TOKEN_SEGMENTS'])
  })
})
