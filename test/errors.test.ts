import assert from 'node:assert/strict'
import createError from 'http-errors'
import { describe, test } from 'node:test'
import { ConfigurationError, isAuthError } from 'custom-jwt-auth'
import type * as errors from '../lib/errors.js'
import { authError, ERRORS, type ErrorCode } from '../lib/errors.js'
import { startApp } from './support/app.js'
import { claims, mint } from './support/tokens.js'

const PREFIX = 'invalid custom auth token: '
const TOKEN = [401, 'AuthError'] as const
const SESSION = [401, 'InvalidSession'] as const
const DEPENDENCY = [503, 'InternalServerError'] as const

/** Status and error_code of every code: clients and apps match on them, so a change here is a breaking one. */
const TABLE: Readonly<Record<ErrorCode, readonly [number, string]>> = {
  CREDENTIALS_MISSING: [401, 'InvalidParameter'],
  SCOPE_INSUFFICIENT: [403, 'AuthError'],
  CREDENTIALS_DUPLICATED: [400, 'InvalidParameter'],

  TOKEN_TOO_LONG: TOKEN,
  TOKEN_SEGMENTS: TOKEN,
  TOKEN_MALFORMED: TOKEN,
  TOKEN_ALGORITHM: TOKEN,
  TOKEN_TYPE: TOKEN,
  TOKEN_CRITICAL_HEADER: TOKEN,
  TOKEN_KEY_ID_MISSING: TOKEN,
  TOKEN_KEY_ID_UNKNOWN: TOKEN,
  TOKEN_SIGNATURE: TOKEN,
  TOKEN_SESSION: TOKEN,
  TOKEN_ISSUER: TOKEN,
  TOKEN_AUDIENCE_INVALID: TOKEN,
  TOKEN_AUDIENCE_MISMATCH: TOKEN,
  TOKEN_SUBJECT: TOKEN,
  TOKEN_EXPIRED: TOKEN,
  TOKEN_NOT_YET_VALID: TOKEN,
  TOKEN_DATE_INVALID: TOKEN,
  TOKEN_CLAIM: TOKEN,
  METADATA_MISSING: TOKEN,
  METADATA_TYPE: TOKEN,
  METADATA_TOO_LONG: TOKEN,
  METADATA_INVALID: TOKEN,

  PROVIDER_DISABLED: [401, 'AuthProviderNotFound'],
  PROVIDER_UNKNOWN: [401, 'AuthProviderNotFound'],

  USER_NOT_FOUND: SESSION,
  USER_DISABLED: [401, 'UserDisabled'],
  IDENTITY_BLOCKED: [401, 'UserDisabled'],
  USER_CREATION_REFUSED: TOKEN,
  IDENTITY_TAKEN: [409, 'AuthError'],
  IDENTITY_LIMIT: [400, 'AuthError'],
  LINK_REFUSED: [400, 'AuthError'],
  IDENTITY_LAST: [409, 'AuthError'],

  SESSION_INVALID: SESSION,
  SESSION_OTHER_APP: [403, 'AuthError'],
  SESSION_NOT_CONFIGURED: TOKEN,
  REFRESH_TOKEN_INVALID: SESSION,
  REFRESH_TOKEN_REUSED: SESSION,

  PARAMETER_MISSING: [400, 'MissingParameter'],
  PARAMETER_INVALID: [400, 'InvalidParameter'],
  BODY_INVALID: [400, 'InvalidParameter'],
  BODY_TOO_LARGE: [413, 'InvalidParameter'],
  BODY_TYPE_UNSUPPORTED: [415, 'InvalidParameter'],
  ROUTE_NOT_FOUND: [404, 'NotFound'],

  STORE_UNAVAILABLE: DEPENDENCY,
  STORE_FULL: DEPENDENCY,
  CREDENTIALS_UNAVAILABLE: DEPENDENCY,
  HOOK_UNAVAILABLE: DEPENDENCY,
  PREDICATE_UNAVAILABLE: DEPENDENCY,
  CUSTOM_DATA_UNAVAILABLE: DEPENDENCY,
  USER_ID_UNAVAILABLE: DEPENDENCY,
  KEYS_UNAVAILABLE: DEPENDENCY,
  PROVIDERS_UNAVAILABLE: DEPENDENCY,
  UNEXPECTED: DEPENDENCY,
}

/** PROTOCOL §5's texts, which clients match on or show. */
const TEXTS: Partial<Record<ErrorCode, string>> = {
  CREDENTIALS_MISSING: 'no authentication methods were specified',
  TOKEN_SEGMENTS: `${PREFIX}token contains an invalid number of segments`,
  TOKEN_SIGNATURE: `${PREFIX}signature is invalid`,
  TOKEN_AUDIENCE_INVALID: `${PREFIX}'aud' must be a string or array of strings containing the clientAppId`,
  TOKEN_EXPIRED: `${PREFIX}token is expired`,
  USER_NOT_FOUND: 'invalid session: error finding user for endpoint',
  USER_DISABLED: 'user disabled',
  IDENTITY_TAKEN: 'a user already exists with the specified provider',
  SESSION_INVALID: 'invalid session',
  REFRESH_TOKEN_INVALID: 'invalid session: failed to find refresh token',
  REFRESH_TOKEN_REUSED: 'invalid session: failed to find refresh token',
}

const codes = Object.keys(ERRORS) as ErrorCode[]
// RFC 6750 §3: no quote and no backslash inside; RFC 9110 §11.6.1 for the rest.
const CHALLENGE =
  /^Bearer realm="custom-jwt-auth"(?:, error="invalid_token", error_description="[\x20-\x21\x23-\x5b\x5d-\x7e]+")?$/

describe('the table of errors', () => {
  test('has a status and an error_code for each code, and they are these', () => {
    const rows = Object.entries(ERRORS).map(([code, { status, error_code }]) => [code, [status, error_code]])
    assert.deepEqual(Object.fromEntries(rows), TABLE)
  })

  test("has the original's texts where the protocol fixes them", () => {
    for (const [code, text] of Object.entries(TEXTS)) assert.equal(authError(code as ErrorCode).message, text)
  })

  test("a third-party token's and its metadata's refusals alone begin with the prefix that SDKs match", () => {
    for (const code of codes)
      assert.equal(authError(code).message.startsWith(PREFIX), /^(TOKEN|METADATA)_/.test(code), code)
  })

  test('a dependency that fails is never a 401, and says nothing about itself', () => {
    for (const code of codes)
      if (/UNAVAILABLE|FULL|UNEXPECTED/.test(code))
        assert.deepEqual(
          { status: authError(code).status, message: authError(code).message },
          { status: 503, message: 'temporarily unavailable, try again later' },
        )
  })
})

describe('an error', () => {
  for (const code of codes)
    test(`${code} is an http-errors instance that carries its own answer`, () => {
      const error = authError(code)
      assert.ok(error instanceof Error)
      assert.ok(createError.isHttpError(error))
      assert.ok(isAuthError(error))
      assert.equal(error.code, code)
      const [status, error_code] = TABLE[code]
      assert.deepEqual([error.status, error.statusCode, error.error_code], [status, status, error_code])
      assert.equal(error.expose, status < 500)
      assert.notEqual(error.message, '')

      const { 'WWW-Authenticate': challenge, 'Retry-After': retryAfter, ...others } = error.headers
      assert.deepEqual(others, {})
      assert.equal(retryAfter, status === 503 ? '5' : undefined)
      // RFC 6750 §3.1
      if (code === 'SCOPE_INSUFFICIENT')
        assert.match(challenge ?? '', /^Bearer realm=".*", error="insufficient_scope"$/)
      else if (status !== 401) assert.equal(challenge, undefined)
      else {
        assert.match(challenge ?? '', CHALLENGE)
        // RFC 6750 §3.1: a request that has no credentials is told of no error.
        assert.equal(challenge?.includes('error='), code !== 'CREDENTIALS_MISSING')
      }
    })

  test('keeps its cause and detail, and shows neither to the client', () => {
    const cause = new Error('connect ECONNREFUSED db.internal:5432')
    const error = authError('STORE_UNAVAILABLE', { cause, detail: { check: 'x', got: 'y' } })
    assert.equal(error.cause, cause)
    assert.deepEqual(error.detail, { check: 'x', got: 'y' })
    assert.ok(!JSON.stringify([error, error.message, error.headers]).includes('ECONNREFUSED'))
    assert.equal(Object.keys(error).includes('cause'), false)
    assert.equal(Object.keys(error).includes('docs'), false)
  })

  test('without a cause or detail has none', () => {
    const error = authError('TOKEN_EXPIRED')
    assert.equal('cause' in error, false)
    assert.equal('detail' in error, false)
  })

  test('with a reason has that in place of the table’s message, behind the prefix', () => {
    const error = authError('TOKEN_AUDIENCE_MISMATCH', { reason: `'"x"' not present in 'aud' claim` })
    assert.equal(error.message, `${PREFIX}'"x"' not present in 'aud' claim`)
    assert.equal(authError('PARAMETER_MISSING', { reason: 'y' }).message, 'y')
  })
})

describe('isAuthError()', () => {
  test('knows the errors of another copy of the package', async () => {
    const url = new URL('../lib/errors.js?another-copy', import.meta.url)
    const copy = (await import(url.href)) as typeof errors
    assert.notEqual(copy.authError, authError)
    assert.ok(isAuthError(copy.authError('TOKEN_EXPIRED')))
    assert.ok(copy.isAuthError(authError('TOKEN_EXPIRED')))
  })

  test('knows nothing else', () => {
    const lookAlike = Object.assign(new Error('x'), {
      code: 'TOKEN_EXPIRED',
      status: 401,
      error_code: 'AuthError',
    })
    for (const value of [
      undefined,
      null,
      'TOKEN_EXPIRED',
      401,
      {},
      new Error('x'),
      createError(401),
      lookAlike,
      new ConfigurationError([]),
    ])
      assert.equal(isAuthError(value), false)
    assert.equal(isAuthError({ ...authError('TOKEN_EXPIRED') }), false)
  })
})

describe('WWW-Authenticate over HTTP', () => {
  for (const audience of [
    'with "quotes"',
    'with \\backslashes\\',
    'Grüße 冉阿让 🥖',
    'line\r\nInjected: header',
    'NUL\0 and DEL\x7f',
    '"',
    '", error="insufficient_scope',
  ])
    test(`is a valid challenge when the audience is ${JSON.stringify(audience)}`, async (t) => {
      const app = await startApp(t, { audience: [audience] })
      const { status, headers, body } = await app.me(mint(claims({ aud: 'another' })))
      assert.equal(status, 401)
      assert.match(headers['www-authenticate'] ?? '', CHALLENGE)
      assert.equal(headers.injected, undefined)
      assert.equal(body.error, `${PREFIX}'"${audience}"' not present in 'aud' claim`)
    })

  test('is a valid challenge when a required metadata field has such a name', async (t) => {
    const app = await startApp(t, { metadataFields: [{ name: 'http://example\\.com/"ü"', required: true }] })
    const { status, headers, body } = await app.me(mint())
    assert.equal(status, 401)
    assert.match(headers['www-authenticate'] ?? '', CHALLENGE)
    assert.equal(body.error, `${PREFIX}required metadata field "http://example\\.com/"ü"" is missing`)
  })
})

describe('ConfigurationError', () => {
  test('lists problems by option, problem and fix', () => {
    const problems = [
      { option: 'a', problem: 'is wrong', fix: 'Fix it' },
      { option: 'b[0]', problem: 'is worse', fix: 'Fix that too' },
    ]
    const error = new ConfigurationError(problems)
    assert.ok(error instanceof Error)
    assert.equal(error.name, 'ConfigurationError')
    assert.equal(error.code, 'CONFIGURATION_INVALID')
    assert.deepEqual(error.problems, problems)
    assert.equal(
      error.message,
      'custom-jwt-auth: 2 problems in the options\n  - a: is wrong. Fix it.\n  - b[0]: is worse. Fix that too.',
    )
    assert.equal(isAuthError(error), false)
  })
})
