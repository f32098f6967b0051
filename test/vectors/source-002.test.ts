// The real key and tokens of an article about custom JWT sign-in (PROTOCOL §2, golden vector).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { startApp, type Options } from '../support/app.js'
import type { Answer } from '../support/client.js'
import { mint } from '../support/tokens.js'

interface Source {
  readonly signingKey: string
  readonly token: string
  readonly secondToken: string
  readonly errors: readonly string[]
}

const source = JSON.parse(readFileSync(new URL('source-002.json', import.meta.url), 'utf8')) as Source
const IAT = 1618673527
const EXP = 1618677127
const PREFIX = 'invalid custom auth token: '

/** An app with the article's key, at a time in epoch seconds. */
const appAt = (t: TestContext, seconds: number, options: Options = {}) =>
  startApp(t, {
    appId: 'app-id',
    signingKeys: [source.signingKey],
    clock: () => seconds * 1000,
    ...options,
  } as Options)

function assertRefused(answer: Answer, reason: string): void {
  assert.deepEqual(answer.body, { error: PREFIX + reason, error_code: 'AuthError', link: '' })
  assert.equal(answer.status, 401)
  assert.equal(
    answer.headers['www-authenticate'],
    `Bearer realm="custom-jwt-auth", error="invalid_token", error_description="${PREFIX}${reason.replaceAll('"', "'")}"`,
  )
}

test('the fixture holds what PROTOCOL §2 says about it', () => {
  assert.equal(source.signingKey.length, 344)
  assert.match(source.signingKey, /==$/)
  assert.match(source.token, /\.[\w-]{38}HVfyk$/)
  assert.notEqual(source.secondToken, source.token)
})

const inside = [
  { when: 'at iat', seconds: IAT },
  { when: 'in the middle', seconds: (IAT + EXP) / 2 },
  { when: 'one second before exp', seconds: EXP - 1 },
  { when: 'one millisecond before exp', seconds: EXP - 0.001 },
]
for (const { when, seconds } of inside) {
  test(`the first token is accepted ${when}`, async (t) => {
    const app = await appAt(t, seconds)
    const { status, body } = await app.me(source.token)
    assert.equal(status, 200)
    const { id, ...rest } = body
    assert.match(String(id), /^[0-9a-f]{24}$/)
    assert.deepEqual(rest, {
      type: 'normal',
      data: {},
      custom_data: {},
      identities: [{ id: 'users/user1234', provider_type: 'custom-token', data: {} }],
    })
  })
}

const outside = [
  { when: 'one second before iat', seconds: IAT - 1, reason: 'token is not valid yet' },
  { when: 'one millisecond before iat', seconds: IAT - 0.001, reason: 'token is not valid yet' },
  { when: 'at exp', seconds: EXP, reason: 'token is expired' },
  { when: 'one second after exp', seconds: EXP + 1, reason: 'token is expired' },
  { when: 'today', seconds: Date.now() / 1000, reason: 'token is expired' },
]
for (const { when, seconds, reason } of outside) {
  test(`the first token is refused ${when}: ${reason}`, async (t) => {
    const app = await appAt(t, seconds)
    assertRefused(await app.me(source.token), reason)
  })
}

test('a token accepted a moment ago is refused at exp, although its verdict is remembered', async (t) => {
  let seconds = EXP - 1
  const app = await appAt(t, seconds, { clock: () => seconds * 1000 })
  assert.equal((await app.me(source.token)).status, 200)
  seconds = EXP
  assertRefused(await app.me(source.token), 'token is expired')
  seconds = IAT - 1
  assertRefused(await app.me(source.token), 'token is not valid yet')
  seconds = IAT
  assert.equal((await app.me(source.token)).status, 200)
})

const [audienceMissing, audienceAbsent, segments, signature] = source.errors as [
  string,
  string,
  string,
  string,
]

const refusals = [
  { what: 'the first token, where another audience is wanted', reason: audienceMissing, token: source.token },
  {
    what: 'a token without aud',
    reason: audienceAbsent,
    token: mint({ sub: 'users/user1234', iat: IAT, exp: EXP }, { key: source.signingKey }),
  },
  { what: 'a token without its signature', reason: segments, token: source.token.replace(/\.[^.]+$/, '') },
  {
    what: "the second token, which another key signed, although it is for 'cases-logey'",
    reason: signature,
    token: source.secondToken,
  },
]
for (const { what, reason, token } of refusals) {
  test(`${what} is refused in the article's words: ${reason}`, async (t) => {
    const app = await appAt(t, IAT + 1000, { audience: 'cases-logey' })
    assertRefused(await app.me(token), reason)
  })
}

test('the key is not decoded: the bytes that its base64 stands for do not verify the token', async (t) => {
  const decoded = { key: source.signingKey, encoding: 'base64' } as const
  const app = await appAt(t, IAT, { signingKeys: [decoded] })
  assertRefused(await app.me(source.token), 'signature is invalid')
})
