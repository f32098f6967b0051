// Every rule of PROTOCOL §2 about a token's header and claims, one row each.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from 'custom-jwt-auth'
import { APP_ID, claims, mint, mintText, NOW, SESSION_SECRET } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

interface Row {
  readonly what: string
  /** Put over good claims; undefined leaves a claim out. */
  readonly claims?: object
  /** The whole token, where claims do not say enough. */
  readonly token?: string
  readonly header?: object
  readonly options?: object
  readonly now?: number
  /** Why it is refused; absent when it is accepted. */
  readonly code?: ErrorCode
  readonly reason?: string
}

const PREFIX = 'invalid custom auth token: '

function check(rows: readonly Row[]): void {
  for (const row of rows) {
    const { what, header = {}, options, now = NOW, code, reason } = row
    const token = row.token ?? mint(claims(row.claims), { header })
    if (code === undefined) {
      test(`${what} is accepted`, () => {
        assert.equal(verifierFor(options).accept(token, now).key.algorithm, 'HS256')
      })
      continue
    }
    test(`${what} is refused: ${code}`, () => {
      const error = verifierFor(options).refuse(token, now)
      assert.equal(error.code, code)
      assert.equal(error.status, 401)
      assert.equal(error.error_code, 'AuthError')
      assert.ok(error.message.startsWith(PREFIX), error.message)
      if (reason !== undefined) assert.equal(error.message, PREFIX + reason)
    })
  }
}

const notAudience = "'aud' must be a string or array of strings containing the clientAppId"
const notPresent = (list: string): string => `'${list}' not present in 'aud' claim`

describe('aud', () => {
  check([
    { what: 'the App ID as a string', claims: { aud: APP_ID } },
    { what: 'the App ID in an array', claims: { aud: ['another', APP_ID] } },
    {
      what: 'another audience',
      claims: { aud: 'another' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent(`"${APP_ID}"`),
    },
    {
      what: 'an array without the App ID',
      claims: { aud: ['another', 'third'] },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent(`"${APP_ID}"`),
    },
    {
      what: 'a longer name that holds the App ID',
      claims: { aud: `${APP_ID}x` },
      code: 'TOKEN_AUDIENCE_MISMATCH',
    },
    {
      what: 'the App ID in upper case',
      claims: { aud: APP_ID.toUpperCase() },
      code: 'TOKEN_AUDIENCE_MISMATCH',
    },
    {
      what: 'a comma-separated list in the claim',
      claims: { aud: `another,${APP_ID}` },
      code: 'TOKEN_AUDIENCE_MISMATCH',
    },
    { what: 'an empty string', claims: { aud: '' }, code: 'TOKEN_AUDIENCE_MISMATCH' },
    ...[
      { what: 'no aud', aud: undefined },
      { what: 'null', aud: null },
      { what: 'a number', aud: 5 },
      { what: 'true', aud: true },
      { what: 'an object', aud: { [APP_ID]: true } },
      { what: 'an empty array', aud: [] },
      { what: 'an array with a number beside the App ID', aud: [APP_ID, 5] },
      { what: 'an array with null beside the App ID', aud: [APP_ID, null] },
      { what: 'an array in an array', aud: [[APP_ID]] },
    ].map(({ what, aud }) => ({
      what,
      claims: { aud },
      code: 'TOKEN_AUDIENCE_INVALID' as const,
      reason: notAudience,
    })),
  ])
})

describe('aud, with a configured audience', () => {
  const all = { audience: ['one', 'two'] }
  const any = { ...all, requireAnyAudience: true }
  const commas = { audience: ' one , two ' }
  check([
    { what: 'the configured audience', options: { audience: 'one' }, claims: { aud: 'one' } },
    {
      what: 'the App ID in place of the configured audience',
      options: { audience: 'one' },
      claims: { aud: APP_ID },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent('"one"'),
    },
    { what: 'all of two wanted', options: all, claims: { aud: ['two', 'three', 'one'] } },
    {
      what: 'one of two wanted',
      options: all,
      claims: { aud: ['one', 'three'] },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent('"two"'),
    },
    {
      what: 'none of two wanted',
      options: all,
      claims: { aud: 'three' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent('"one", "two"'),
    },
    { what: 'one of two of which any is enough', options: any, claims: { aud: 'two' } },
    { what: 'both of two of which any is enough', options: any, claims: { aud: ['one', 'two'] } },
    {
      what: 'none of two of which any is enough',
      options: any,
      claims: { aud: ['three'] },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent('"one", "two"'),
    },
    {
      what: 'no aud where any is enough',
      options: any,
      claims: { aud: undefined },
      code: 'TOKEN_AUDIENCE_INVALID',
    },
    { what: 'both of a comma-separated list', options: commas, claims: { aud: ['one', 'two'] } },
    {
      what: 'one of a comma-separated list',
      options: commas,
      claims: { aud: 'two' },
      code: 'TOKEN_AUDIENCE_MISMATCH',
      reason: notPresent('"one"'),
    },
    {
      what: 'one of a comma-separated list of which any is enough',
      options: { ...commas, requireAnyAudience: true },
      claims: { aud: 'two' },
    },
    {
      what: 'a name with a comma, configured in an array',
      options: { audience: ['one,two'] },
      claims: { aud: 'one,two' },
    },
  ])
})

describe('sub', () => {
  const notSubject = "'sub' must be a non-empty string"
  check([
    ...[
      { what: 'no sub', sub: undefined },
      { what: 'null', sub: null },
      { what: 'an empty string', sub: '' },
      { what: 'a blank string', sub: ' \t\n' },
      { what: 'a string of Unicode whitespace alone', sub: '\u00a0\u2003\ufeff' },
      { what: 'a number', sub: 24601 },
      { what: 'true', sub: true },
      { what: 'an object that is a query operator', sub: { $gt: '' } },
      { what: 'an array', sub: ['24601'] },
      { what: 'a lone high surrogate', sub: 'a\ud800b' },
      { what: 'a lone low surrogate', sub: '\udc00' },
      { what: 'the replacement character', sub: 'a\ufffdb' },
    ].map(({ what, sub }) => ({ what, claims: { sub }, code: 'TOKEN_SUBJECT' as const, reason: notSubject })),
  ])

  for (const sub of [
    '24601',
    'users/user1234',
    'auth0|5f7c8ec7c33c6c004bbafe82',
    '$where',
    'a.b.c',
    '__proto__',
    'Жан Вальжан 冉阿让 🥖',
    'trailing space ',
    ' leading space',
    'null',
    'x'.repeat(1024),
  ])
    test(`${JSON.stringify(sub.slice(0, 40))} is accepted, as it is`, () => {
      const { subject } = verifierFor().accept(mint(claims({ sub })))
      assert.equal(subject, sub)
    })
})

describe('exp', () => {
  const raw = (exp: string): string => mintText(`{"aud":"${APP_ID}","sub":"24601","exp":${exp}}`)
  const expired = { code: 'TOKEN_EXPIRED', reason: 'token is expired' } as const
  const notNumber = { code: 'TOKEN_DATE_INVALID', reason: "'exp' must be a number" } as const
  check([
    { what: 'a second to come', claims: { exp: NOW + 1 } },
    { what: 'half a second to come, as a fraction', claims: { exp: NOW + 0.5 } },
    { what: 'now', claims: { exp: NOW }, ...expired },
    { what: 'a second ago', claims: { exp: NOW - 1 }, ...expired },
    { what: 'the year 1970', claims: { exp: 0 }, ...expired },
    { what: 'a negative number', claims: { exp: -5 }, ...expired },
    { what: 'the farthest number there is', claims: { exp: Number.MAX_VALUE } },
    { what: 'no exp', claims: { exp: undefined }, code: 'TOKEN_DATE_INVALID', reason: "'exp' is missing" },
    { what: 'a string of digits', claims: { exp: String(NOW + 60) }, ...notNumber },
    { what: 'an ISO date', claims: { exp: '2099-01-01T00:00:00Z' }, ...notNumber },
    { what: 'null', claims: { exp: null }, ...notNumber },
    { what: 'true', claims: { exp: true }, ...notNumber },
    { what: 'an array', claims: { exp: [NOW + 60] }, ...notNumber },
    { what: 'an object', claims: { exp: { $numberLong: String(NOW + 60) } }, ...notNumber },
    { what: '1e400, which reads as Infinity,', token: raw('1e400'), ...notNumber },
    { what: '-1e400', token: raw('-1e400'), ...notNumber },
    { what: 'the last of two, when that is good,', token: raw(`5,"exp":${String(NOW + 60)}`) },
    { what: 'the last of two, when that is expired,', token: raw(`${String(NOW + 60)},"exp":5`), ...expired },
    { what: 'a good exp under a clock that answers NaN', now: NaN, ...expired },
  ])
})

for (const name of ['iat', 'nbf']) {
  describe(name, () => {
    const early = { code: 'TOKEN_NOT_YET_VALID', reason: 'token is not valid yet' } as const
    const notNumber = { code: 'TOKEN_DATE_INVALID', reason: `'${name}' must be a number` } as const
    check([
      { what: `no ${name}`, claims: { [name]: undefined } },
      { what: 'now', claims: { [name]: NOW } },
      { what: 'long ago', claims: { [name]: 0 } },
      { what: 'a negative number', claims: { [name]: -5 } },
      { what: 'a second to come', claims: { [name]: NOW + 1 }, ...early },
      { what: 'a millisecond to come', claims: { [name]: NOW + 0.001 }, ...early },
      { what: 'a string of digits', claims: { [name]: String(NOW - 60) }, ...notNumber },
      { what: 'null', claims: { [name]: null }, ...notNumber },
      { what: 'false', claims: { [name]: false }, ...notNumber },
      {
        what: '-1e400, which reads as -Infinity,',
        token: mintText(`{"aud":"${APP_ID}","sub":"24601","exp":${String(NOW + 60)},"${name}":-1e400}`),
        ...notNumber,
      },
    ])
  })
}

describe('clockToleranceSeconds', () => {
  const options = { clockToleranceSeconds: 30 }
  check([
    { what: 'a token that expired 29 s ago, with 30 s of tolerance,', options, claims: { exp: NOW - 29 } },
    { what: 'a token that expired 30 s ago', options, claims: { exp: NOW - 30 }, code: 'TOKEN_EXPIRED' },
    { what: 'iat in 30 s', options, claims: { iat: NOW + 30 } },
    { what: 'iat in 31 s', options, claims: { iat: NOW + 31 }, code: 'TOKEN_NOT_YET_VALID' },
    { what: 'nbf in 30 s', options, claims: { nbf: NOW + 30 } },
    { what: 'nbf in 31 s', options, claims: { nbf: NOW + 31 }, code: 'TOKEN_NOT_YET_VALID' },
    {
      what: 'exp as a string, with tolerance,',
      options,
      claims: { exp: String(NOW + 60) },
      code: 'TOKEN_DATE_INVALID',
    },
  ])
})

describe('typ', () => {
  const refused = { code: 'TOKEN_TYPE', reason: "'typ' is not an allowed token type" } as const
  const options = { allowedTypes: ['at+jwt', null] }
  check([
    { what: 'JWT', header: { typ: 'JWT' } },
    { what: 'jwt in lower case', header: { typ: 'jwt' } },
    { what: 'Jwt in mixed case', header: { typ: 'Jwt' } },
    { what: 'application/JWT, whose prefix says nothing,', header: { typ: 'application/JWT' } },
    { what: 'another prefix', header: { typ: 'x/application/JWT' }, ...refused },
    { what: 'a prefix in the middle', header: { typ: 'JWapplication/T' }, ...refused },
    { what: 'no typ', header: { typ: undefined }, ...refused },
    { what: 'at+jwt', header: { typ: 'at+jwt' }, ...refused },
    { what: 'an empty typ', header: { typ: '' }, ...refused },
    { what: 'null', header: { typ: null }, ...refused },
    { what: 'a number', header: { typ: 5 }, ...refused },
    { what: 'an array that holds JWT', header: { typ: ['JWT'] }, ...refused },
    { what: 'JWT with a space after it', header: { typ: 'JWT ' }, ...refused },
    { what: 'at+jwt, when allowed,', options, header: { typ: 'at+jwt' } },
    { what: 'AT+JWT, when at+jwt is allowed,', options, header: { typ: 'AT+JWT' } },
    { what: 'no typ, when null is allowed,', options, header: { typ: undefined } },
    { what: 'null itself, when absence is allowed,', options, header: { typ: null }, ...refused },
    { what: 'an empty typ, when absence is allowed,', options, header: { typ: '' }, ...refused },
    { what: 'JWT, when it is not among the allowed types,', options, header: { typ: 'JWT' }, ...refused },
  ])
})

describe('alg', () => {
  const refused = {
    code: 'TOKEN_ALGORITHM',
    reason: "'alg' is not the configured signing algorithm",
  } as const
  check([
    { what: 'HS256', header: { alg: 'HS256' } },
    ...[
      'none',
      'None',
      'NONE',
      '',
      'hs256',
      'HS256 ',
      'HS384',
      'HS512',
      'RS256',
      'ES256',
      'PS256',
      null,
      5,
      ['HS256'],
      undefined,
    ].map((alg) => ({
      what: alg === undefined ? 'no alg' : JSON.stringify(alg),
      header: { alg },
      ...refused,
    })),
    {
      what: 'none without a signature',
      token: mint(claims(), { header: { alg: 'none' } }).replace(/[^.]+$/, ''),
      ...refused,
    },
    {
      what: 'a key in the header (jwk) and another algorithm',
      header: { alg: 'RS256', jwk: { kty: 'RSA' } },
      ...refused,
    },
  ])
})

describe('crit and b64', () => {
  const refused = {
    code: 'TOKEN_CRITICAL_HEADER',
    reason: "'crit' and 'b64' header parameters are not supported",
  } as const
  check([
    {
      what: 'crit with an unknown extension (CVE-2026-35042)',
      header: { crit: ['exp'], exp: NOW + 60 },
      ...refused,
    },
    { what: 'crit of b64', header: { crit: ['b64'], b64: true }, ...refused },
    { what: 'an empty crit', header: { crit: [] }, ...refused },
    { what: 'a crit of null', header: { crit: null }, ...refused },
    { what: 'b64: false', header: { b64: false }, ...refused },
    { what: 'b64: true, which changes nothing,', header: { b64: true }, ...refused },
    { what: 'another unknown parameter', header: { cty: 'x', 'http://issuer.example/x': 1 } },
    {
      what: 'jku, x5u and jwk, which nobody follows,',
      header: { jku: 'https://evil.example', x5u: 'https://evil.example', jwk: {} },
    },
  ])
})

describe("a payload's typ", () => {
  const refused = { code: 'TOKEN_SESSION', reason: 'session tokens are not accepted here' } as const
  const baas_domain_id = '65a1b2c3d4e5f60718293a4b'
  check([
    // LESSONS 25: Guardian for Elixir writes these two.
    ...['access', 'refresh', 'Bearer', null].map((typ) => ({
      what: `the typ ${String(typ)}`,
      claims: { typ },
    })),
    ...['access', 'refresh', undefined].map((typ) => ({
      what: `the typ ${String(typ)} of a session token`,
      claims: { typ, baas_domain_id },
      ...refused,
    })),
    {
      what: 'a session token signed with another key',
      token: mint(claims({ typ: 'access', baas_domain_id }), { key: SESSION_SECRET }),
      code: 'TOKEN_SIGNATURE',
    },
  ])
})

describe('other claims', () => {
  check([
    {
      what: 'a token with claims nobody asked for',
      claims: { iss: 5, jti: null, scope: ['x'], admin: true, maxAge: 0 },
    },
    { what: 'a claim named constructor', claims: { constructor: { name: 'x' }, toString: 'y' } },
    {
      what: 'a claim named __proto__',
      token: mintText(
        `{"__proto__":{"sub":"evil","admin":true},"aud":"${APP_ID}","sub":"24601","exp":${String(NOW + 60)}}`,
      ),
    },
    {
      what: 'a token whose claims are in __proto__',
      token: mintText(`{"__proto__":{"aud":"${APP_ID}","sub":"24601","exp":${String(NOW + 60)}}}`),
      code: 'TOKEN_AUDIENCE_INVALID',
    },
  ])

  test('a claim named __proto__ is a plain own claim, and gives no other object anything', () => {
    const payload = `{"__proto__":{"admin":true},"aud":"${APP_ID}","sub":"24601","exp":${String(NOW + 60)}}`
    const { claims: verified } = verifierFor().accept(mintText(payload))
    assert.equal(Object.getPrototypeOf(verified), Object.prototype)
    assert.equal(verified.admin, undefined)
    assert.equal(({} as { admin?: unknown }).admin, undefined)
    assert.deepEqual(Object.keys(verified), ['__proto__', 'aud', 'sub', 'exp'])
  })
})

describe('what a refusal tells', () => {
  test('the client reads the reason, the log also what was expected and got', () => {
    const error = verifierFor({ audience: 'one' }).refuse(mint(claims({ aud: ['three', 'four'] })))
    assert.equal(error.message, `${PREFIX}'"one"' not present in 'aud' claim`)
    assert.equal(error.detail?.check, 'aud')
    assert.equal(error.detail.expected, '"one"')
    assert.equal(error.detail.got, '["three","four"]')
  })

  test('a long claim is shortened in the log', () => {
    const error = verifierFor().refuse(mint(claims({ aud: ['x'.repeat(1000)] })))
    assert.equal(error.detail?.got?.length, 201)
    assert.match(error.detail.got, /^\["x{198}…$/)
  })

  // JSON.parse() needs no stack for it, but a second for a million of them.
  for (const where of ['alg', 'typ', 'aud', 'sub', 'exp', 'an unmapped claim'])
    test(`a token with 10 000 lists in each other in ${where} is malformed, before anything is parsed`, () => {
      const deep = '['.repeat(10_000) + ']'.repeat(10_000)
      const all = { alg: '"HS256"', typ: '"JWT"', aud: `"${APP_ID}"`, sub: '"24601"', exp: String(NOW + 60) }
      const { alg, typ, ...rest } = { ...all, [where]: deep }
      const payload = Object.entries(rest).map(([name, json]) => `"${name}":${json}`)
      const [, body = '', signature = ''] = mintText(`{${payload.join()}}`).split('.')
      const header = Buffer.from(`{"alg":${alg},"typ":${typ}}`).toString('base64url')
      const { code } = verifierFor({ maxTokenLength: 200_000 }).refuse(`${header}.${body}.${signature}`)
      assert.equal(code, 'TOKEN_MALFORMED')
    })
})
