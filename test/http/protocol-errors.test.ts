// Every row of PROTOCOL §5, and every other code of the error table, as a client gets them: from the guard with
// errorHandler(), and from the session routes.
import assert from 'node:assert/strict'
import test, { after, describe, type TestContext } from 'node:test'
import { isAuthError, memoryStore, type ErrorCode } from 'custom-jwt-auth'
import { ERRORS } from '../../lib/errors.js'
import { createTestIssuer } from '../../lib/testing/index.js'
import {
  BASE,
  DELETE_USER,
  LOGIN,
  PROFILE,
  SESSION,
  startApp,
  type Options,
  type TestApp,
} from '../support/app.js'
import type { Answer } from '../support/client.js'
import {
  APP_ID,
  claims,
  mint,
  mintText,
  NOW,
  OTHER_SECRET,
  SESSION_SECRET,
  withSegment,
} from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'

interface Row {
  readonly situation: string
  readonly code: ErrorCode
  readonly status: number
  readonly error_code: string
  readonly error: string
  readonly options?: Options
  /** Whether one line of the log tells of many refusals. */
  readonly isTallied?: boolean
  /** Brings the situation about, and asks on every path that it concerns. */
  readonly ask: (app: TestApp, t: TestContext) => Promise<Answer[]>
}

const issuer = await createTestIssuer({ clock: () => NOW * 1000 })
after(() => issuer.close())

const UNAVAILABLE = {
  status: 503,
  error_code: 'InternalServerError',
  error: 'temporarily unavailable, try again later',
}
const STRANGER =
  ": not a session token of this app; if it is the issuer's, send it in the jwtTokenString header"
const INVALID_SESSION = { status: 401, error_code: 'InvalidSession' }

/** Asks one thing after the other, so that the log has the refusals in their order. */
async function inTurn(...requests: (() => Promise<Answer>)[]): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const request of requests) answers.push(await request())
  return answers
}

const post = (app: TestApp, path: string, body: string | object, headers = {}): Promise<Answer> =>
  app.send(path, { method: 'POST', body, headers })
const link = (app: TestApp, access: string, token = mint(claims({ sub: 'other' }))): Promise<Answer> =>
  post(app, `${LOGIN}?link=true`, { token }, { Authorization: `Bearer ${access}` })

/** Every path that wants an access token. */
const withAccessToken = (app: TestApp, access: string): Promise<Answer[]> =>
  inTurn(
    () => app.meBearer(access),
    () => app.bearer('GET', PROFILE, access),
    () => app.bearer('DELETE', DELETE_USER, access),
    () => link(app, access),
  )

/** Every path that wants a refresh token. */
const withRefreshToken = (app: TestApp, refresh: string): Promise<Answer[]> =>
  inTurn(
    () => app.bearer('POST', SESSION, refresh),
    () => app.bearer('DELETE', SESSION, refresh),
  )

/** Every path that wants a third-party token. */
const withToken = (app: TestApp, token: string): Promise<Answer[]> =>
  inTurn(
    () => app.me(token),
    () => app.login(token),
  )

/** A row of "third-party JWT refused". */
function refusedToken(code: ErrorCode, reason: string, token: string, options: Options = {}): Row {
  return {
    situation: `a third-party JWT refused with ${code}: ${reason}`,
    code,
    status: 401,
    error_code: 'AuthError',
    error: `invalid custom auth token: ${reason}`,
    options,
    ask: (app) => withToken(app, token),
  }
}

const brokenStore = () =>
  wrapStore(() => {
    throw new Error('connect ECONNREFUSED 10.0.0.7:5432')
  })

const rows: Row[] = [
  {
    situation: 'no credentials on an endpoint',
    code: 'CREDENTIALS_MISSING',
    status: 401,
    error_code: 'InvalidParameter',
    error: 'no authentication methods were specified',
    ask: (app) =>
      inTurn(
        () => app.send('/api/me'),
        () => app.send(PROFILE),
        () => app.send(SESSION, { method: 'POST' }),
        () => app.send(SESSION, { method: 'DELETE' }),
        () => app.send(DELETE_USER, { method: 'DELETE' }),
        () => post(app, `${LOGIN}?link=true`, { token: mint() }),
      ),
  },
  {
    situation: 'a login body without token',
    code: 'PARAMETER_MISSING',
    status: 400,
    error_code: 'MissingParameter',
    error: "missing parameter: 'token'",
    ask: (app) =>
      inTurn(
        () => post(app, LOGIN, {}),
        () => post(app, LOGIN, { token: null }),
        () => post(app, LOGIN, { token: '' }),
        () => post(app, LOGIN, { token: ' ' }),
        () => post(app, LOGIN, { Token: mint() }),
        () => app.send(LOGIN, { method: 'POST' }),
        () => app.send(`${LOGIN}?token=${mint()}`, { method: 'POST' }),
      ),
  },
  {
    situation: 'a bad access token',
    code: 'SESSION_INVALID',
    ...INVALID_SESSION,
    error: 'invalid session',
    ask: async (app) => {
      const { access_token: access, refresh_token: refresh } = await app.loggedIn()
      const bad = ['junk', '', withSegment(access, 2, 'AAAA'), refresh, mint()]
      return (await Promise.all(bad.map((token) => withAccessToken(app, token)))).flat()
    },
  },
  {
    situation: 'an expired access token',
    code: 'SESSION_INVALID',
    ...INVALID_SESSION,
    error: 'invalid session',
    ask: async (app) => {
      const { access_token: access } = await app.loggedIn()
      app.clock.advance(1800)
      return withAccessToken(app, access)
    },
  },
  {
    situation: 'an access token of a revoked session',
    code: 'SESSION_INVALID',
    ...INVALID_SESSION,
    error: 'invalid session',
    ask: async (app) => {
      const { access_token: access, user_id: id } = await app.loggedIn()
      await app.auth.users.revokeSessions(id)
      return withAccessToken(app, access)
    },
  },
  {
    situation: 'an unknown refresh token',
    code: 'REFRESH_TOKEN_INVALID',
    ...INVALID_SESSION,
    error: 'invalid session: failed to find refresh token',
    ask: async (app) => {
      const { access_token: access, refresh_token: refresh } = await app.loggedIn()
      const bad = ['junk', '', withSegment(refresh, 2, 'AAAA'), access, mint()]
      return (await Promise.all(bad.map((token) => withRefreshToken(app, token)))).flat()
    },
  },
  {
    situation: 'a revoked refresh token',
    code: 'REFRESH_TOKEN_INVALID',
    ...INVALID_SESSION,
    error: 'invalid session: failed to find refresh token',
    ask: async (app) => {
      const { refresh_token: refresh } = await app.loggedIn()
      await app.bearer('DELETE', SESSION, refresh)
      return withRefreshToken(app, refresh)
    },
  },
  {
    situation: 'an expired refresh token',
    code: 'REFRESH_TOKEN_INVALID',
    ...INVALID_SESSION,
    error: 'invalid session: failed to find refresh token',
    ask: async (app) => {
      const { refresh_token: refresh } = await app.loggedIn()
      app.clock.advance(60 * 86_400)
      return withRefreshToken(app, refresh)
    },
  },
  {
    situation: 'a refresh token used again after its rotation',
    code: 'REFRESH_TOKEN_REUSED',
    ...INVALID_SESSION,
    error: 'invalid session: failed to find refresh token',
    options: { session: { signingKeys: [OTHER_SECRET], rotateRefreshTokens: true } },
    ask: async (app) => {
      const { refresh_token: refresh } = await app.loggedIn()
      await app.bearer('POST', SESSION, refresh)
      app.clock.advance(11)
      return [await app.bearer('POST', SESSION, refresh)]
    },
  },
  {
    situation: 'a bearer token where there are no sessions',
    code: 'SESSION_NOT_CONFIGURED',
    status: 401,
    error_code: 'AuthError',
    error: "session tokens are not accepted here, and the issuer's tokens only in the jwtTokenString header",
    options: { session: undefined, bearerJwt: false } as unknown as Options,
    ask: (app) => inTurn(() => app.meBearer(mint())),
  },

  // The five reasons in the original's words.
  refusedToken('TOKEN_SEGMENTS', 'token contains an invalid number of segments', 'one.two'),
  refusedToken('TOKEN_SIGNATURE', 'signature is invalid', mint(claims(), { key: OTHER_SECRET })),
  refusedToken(
    'TOKEN_AUDIENCE_MISMATCH',
    `'"${APP_ID}"' not present in 'aud' claim`,
    mint(claims({ aud: ['other'] })),
  ),
  refusedToken(
    'TOKEN_AUDIENCE_INVALID',
    "'aud' must be a string or array of strings containing the clientAppId",
    mint(claims({ aud: 1 })),
  ),
  refusedToken('TOKEN_EXPIRED', 'token is expired', mint(claims({ exp: NOW }))),
  // And ours.
  refusedToken(
    'TOKEN_TOO_LONG',
    'token is longer than 2048 characters',
    mint(claims({ pad: 'x'.repeat(2048) })),
  ),
  refusedToken('TOKEN_MALFORMED', 'token is malformed', mintText('[1]')),
  refusedToken(
    'TOKEN_ALGORITHM',
    "'alg' is not the configured signing algorithm",
    mint(claims(), { header: { alg: 'none' } }),
  ),
  refusedToken(
    'TOKEN_TYPE',
    "'typ' is not an allowed token type",
    mint(claims(), { header: { typ: 'at+jwt' } }),
  ),
  refusedToken(
    'TOKEN_CRITICAL_HEADER',
    "'crit' and 'b64' header parameters are not supported",
    mint(claims(), { header: { crit: ['exp'] } }),
  ),
  refusedToken(
    'TOKEN_KEY_ID_UNKNOWN',
    "'kid' does not name a signing key",
    mint(claims(), { header: { kid: 1 } }),
  ),
  refusedToken(
    'TOKEN_KEY_ID_MISSING',
    "'kid' is missing",
    issuer.mint({ ...claims() }, { header: { kid: undefined } }),
    { jwkUri: issuer.jwkUri },
  ),
  refusedToken(
    'TOKEN_ISSUER',
    "'iss' is not the configured issuer",
    mint(claims({ iss: 'https://b.example' })),
    {
      issuer: 'https://a.example',
    },
  ),
  refusedToken('TOKEN_CLAIM', "'azp' does not have the required value", mint(), {
    requiredClaims: { azp: 'x' },
  }),
  refusedToken(
    'TOKEN_SESSION',
    'session tokens are not accepted here',
    mint({ ...claims(), baas_domain_id: 'x' }),
  ),
  refusedToken('TOKEN_SUBJECT', "'sub' must be a non-empty string", mint(claims({ sub: { $gt: '' } }))),
  refusedToken('TOKEN_NOT_YET_VALID', 'token is not valid yet', mint(claims({ iat: NOW + 1 }))),
  refusedToken('TOKEN_NOT_YET_VALID', 'token is not valid yet', mint(claims({ nbf: NOW + 1 }))),
  refusedToken('TOKEN_DATE_INVALID', "'exp' is missing", mint(claims({ exp: undefined }))),
  refusedToken('TOKEN_DATE_INVALID', "'iat' must be a number", mint(claims({ iat: 'now' }))),
  refusedToken('METADATA_MISSING', 'required metadata field "name" is missing', mint(), {
    metadataFields: [{ name: 'name', required: true }],
  }),
  refusedToken('METADATA_TYPE', 'metadata field "name" is not a string', mint(claims({ name: 1 })), {
    metadataFields: [{ name: 'name', type: 'string' }],
  }),
  refusedToken(
    'METADATA_TOO_LONG',
    'metadata field "name" is longer than 10 characters',
    mint(claims({ name: 'x'.repeat(9) })),
    { metadataFields: [{ name: 'name' }], maxFieldLength: 10 },
  ),
  refusedToken(
    'METADATA_INVALID',
    'metadata field "name" has the forbidden key "__proto__"',
    mintText(JSON.stringify(claims({ name: { x: 1 } })).replace('"x"', '"__proto__"')),
    { metadataFields: [{ name: 'name' }] },
  ),

  {
    situation: 'a valid JWT, no such user, and creation is off',
    code: 'USER_NOT_FOUND',
    ...INVALID_SESSION,
    error: 'invalid session: error finding user for endpoint',
    options: { autoCreateUser: false },
    ask: (app) => inTurn(() => app.me(mint())),
  },
  {
    situation: 'the user is disabled',
    code: 'USER_DISABLED',
    status: 401,
    error_code: 'UserDisabled',
    error: 'user disabled',
    ask: async (app) => {
      const { access_token: access, refresh_token: refresh, user_id: id } = await app.loggedIn()
      await app.auth.users.disable(id)
      return [
        ...(await withToken(app, mint())),
        ...(await withAccessToken(app, access)),
        await app.bearer('POST', SESSION, refresh),
      ]
    },
  },
  {
    situation: 'the subject is blocked',
    code: 'IDENTITY_BLOCKED',
    status: 401,
    error_code: 'UserDisabled',
    error: 'this identity is blocked',
    ask: async (app) => {
      await app.auth.users.block({ subject: '24601' })
      return withToken(app, mint())
    },
  },
  {
    situation: 'the creation hook refuses',
    code: 'USER_CREATION_REFUSED',
    status: 401,
    error_code: 'AuthError',
    error: 'user creation was refused',
    options: { autoCreateUser: () => Promise.reject(new Error('SELECT * FROM allow_list: no row')) },
    ask: (app) => withToken(app, mint()),
  },
  {
    situation: 'linking an identity that another user owns',
    code: 'IDENTITY_TAKEN',
    status: 409,
    error_code: 'AuthError',
    error: 'a user already exists with the specified provider',
    ask: async (app) => {
      await app.loggedIn(mint(claims({ sub: 'other' })))
      const { access_token: access } = await app.loggedIn()
      return [await link(app, access)]
    },
  },
  {
    situation: 'linking one identity more than an account may have',
    code: 'IDENTITY_LIMIT',
    status: 400,
    error_code: 'AuthError',
    error: 'the account has the maximum number of identities',
    options: { maxIdentities: 1 },
    ask: async (app) => [await link(app, (await app.loggedIn()).access_token)],
  },
  {
    situation: 'the creation hook refuses a link',
    code: 'LINK_REFUSED',
    status: 400,
    error_code: 'AuthError',
    error: 'linking the identity was refused',
    options: {
      autoCreateUser(_user, { reason }) {
        if (reason === 'link') throw new Error('SELECT * FROM allow_list: no row')
      },
    },
    ask: async (app) => [await link(app, (await app.loggedIn()).access_token)],
  },
  {
    situation: 'an access token of another App, whose session key may be another too',
    code: 'SESSION_OTHER_APP',
    status: 403,
    error_code: 'AuthError',
    error: 'the session belongs to another App',
    ask: async (app, t) => {
      const answers: Answer[] = []
      for (const key of [SESSION_SECRET, OTHER_SECRET]) {
        const other = await startApp(t, { appId: 'other', audience: APP_ID, session: { signingKeys: [key] } })
        const path = LOGIN.replace(APP_ID, 'other')
        const { access_token: access } = (await post(other, path, { token: mint() })).body
        answers.push(await app.meBearer(access), await link(app, access))
        answers.push(await app.bearer('POST', `${BASE}/app/${APP_ID}/functions/call`, access))
      }
      return answers
    },
  },
  {
    situation: 'the provider is disabled',
    code: 'PROVIDER_DISABLED',
    status: 401,
    error_code: 'AuthProviderNotFound',
    error: "authentication provider 'custom-token' is disabled",
    options: { disabled: true },
    ask: (app) => withToken(app, mint()),
  },
  {
    situation: 'another provider',
    code: 'PROVIDER_UNKNOWN',
    status: 401,
    error_code: 'AuthProviderNotFound',
    error: "authentication provider not found: only 'custom-token' is here",
    ask: (app) =>
      inTurn(
        ...['anon-user', 'local-userpass', 'api-key', 'custom-token%20', '%E2%82%AC'].map(
          (name) => () => post(app, LOGIN.replace('custom-token', name), { token: mint() }),
        ),
      ),
  },
  {
    situation: 'the store cannot be reached',
    code: 'STORE_UNAVAILABLE',
    ...UNAVAILABLE,
    options: { store: brokenStore() },
    ask: async (app, t) => {
      // Another process, whose store works, began the session.
      const { access_token: access, refresh_token: refresh } = await (await startApp(t)).loggedIn()
      return [
        ...(await withToken(app, mint())),
        ...(await withAccessToken(app, access)),
        ...(await withRefreshToken(app, refresh)),
      ]
    },
  },
  {
    situation: 'the keys cannot be reached',
    code: 'KEYS_UNAVAILABLE',
    ...UNAVAILABLE,
    isTallied: true,
    options: { jwkUri: 'http://127.0.0.1:9/jwks' },
    ask: (app) => withToken(app, issuer.mint({ ...claims() })),
  },
  {
    situation: 'the function that names the providers fails',
    code: 'PROVIDERS_UNAVAILABLE',
    ...UNAVAILABLE,
    isTallied: true,
    options: {
      providers: () => {
        throw new Error('no database')
      },
    },
    ask: (app) => withToken(app, mint(claims({ iss: 'https://tenant.example/' }))),
  },
  {
    situation: 'the in-memory store is full',
    code: 'STORE_FULL',
    ...UNAVAILABLE,
    options: { store: memoryStore({ maxUsers: 1 }) },
    ask: async (app) => {
      await app.loggedIn(mint(claims({ sub: 'first' })))
      return withToken(app, mint())
    },
  },
  {
    situation: 'the credentials cannot be found',
    code: 'CREDENTIALS_UNAVAILABLE',
    ...UNAVAILABLE,
    options: { credentials: () => Promise.reject(new Error('10.0.0.7 is down')) },
    ask: (app) => inTurn(() => app.me(mint())),
  },
  {
    situation: 'the creation hook fails',
    code: 'HOOK_UNAVAILABLE',
    ...UNAVAILABLE,
    options: {
      autoCreateUser: () => Promise.reject(Object.assign(new Error('10.0.0.7 is down'), { status: 500 })),
    },
    ask: (app) => withToken(app, mint()),
  },
  {
    situation: 'the custom data cannot be loaded',
    code: 'CUSTOM_DATA_UNAVAILABLE',
    ...UNAVAILABLE,
    options: { customData: () => Promise.reject(new Error('10.0.0.7 is down')) },
    ask: (app) => withToken(app, mint()),
  },
  {
    situation: 'no user id can be made',
    code: 'USER_ID_UNAVAILABLE',
    ...UNAVAILABLE,
    options: { generateUserId: ({ subject }) => subject },
    ask: (app) => withToken(app, mint()),
  },
  {
    situation: 'a mistake that nobody thought of',
    code: 'UNEXPECTED',
    ...UNAVAILABLE,
    options: {
      clock: () => {
        throw new Error('no clock at 10.0.0.7')
      },
    },
    ask: (app) => withToken(app, mint()),
  },

  {
    situation: 'a credential header sent twice',
    code: 'CREDENTIALS_DUPLICATED',
    status: 400,
    error_code: 'InvalidParameter',
    error: 'the Authorization header was sent more than once',
    ask: (app) => {
      const headers = { Authorization: ['Bearer a', 'Bearer b'] }
      return inTurn(
        () => app.send('/api/me', { headers }),
        () => app.send(PROFILE, { headers }),
        () => app.send(SESSION, { method: 'POST', headers }),
      )
    },
  },
  {
    situation: 'a token that is not a string',
    code: 'PARAMETER_INVALID',
    status: 400,
    error_code: 'InvalidParameter',
    error: "invalid parameter: 'token' must be a string",
    ask: (app) =>
      inTurn(...[1, true, [mint()], { $ne: null }].map((token) => () => post(app, LOGIN, { token }))),
  },
  {
    situation: 'a body that is not JSON',
    code: 'BODY_INVALID',
    status: 400,
    error_code: 'InvalidParameter',
    error: 'the request body is not valid JSON',
    ask: (app) =>
      inTurn(
        ...['{', '"text"', 'null', `{"token":"${mint()}"`, '{"token":undefined}', '\0'].map(
          (body) => () => post(app, LOGIN, body, { 'Content-Type': 'application/json' }),
        ),
      ),
  },
  {
    situation: 'a body over the limit',
    code: 'BODY_TOO_LARGE',
    status: 413,
    error_code: 'InvalidParameter',
    error: 'the request body is too large',
    ask: (app) => inTurn(() => post(app, LOGIN, { token: mint(), pad: 'x'.repeat(70_000) })),
  },
  {
    situation: 'a body of another type',
    code: 'BODY_TYPE_UNSUPPORTED',
    status: 415,
    error_code: 'InvalidParameter',
    error: 'the request body must be application/json',
    ask: (app) =>
      inTurn(
        ...[
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'json',
          '',
        ].map((type) => () => post(app, LOGIN, `{"token":"${mint()}"}`, { 'Content-Type': type })),
      ),
  },
  {
    situation: 'no such route below the base path',
    code: 'ROUTE_NOT_FOUND',
    status: 404,
    error_code: 'NotFound',
    error: 'no such endpoint',
    ask: (app) =>
      inTurn(
        () => app.send(BASE),
        () => app.send(`${BASE}/`),
        () => app.send(`${BASE}/app`),
        () => app.send(`${BASE}/auth/profile/more`),
        () => app.send(LOGIN),
        () => app.send(SESSION, { method: 'PUT' }),
        () => app.send(PROFILE, { method: 'OPTIONS' }),
        () => app.send(`${BASE}/%2e%2e/auth/profile`),
      ),
  },
]

describe('the errors of PROTOCOL §5', { concurrency: 8 }, () => {
  for (const row of rows)
    test(row.situation, async (t) => {
      const app = await startApp(t, row.options)
      const answers = await row.ask(app, t)
      for (const answer of answers) assertAnswer(answer, row)
      const codes = app.logger.lines.flatMap(({ fields: { code } }) => code ?? [])
      const told = row.isTallied ? answers.slice(0, 1) : answers
      assert.deepEqual(
        codes.slice(-told.length),
        told.map(() => row.code),
      )
      // A full store has no cause but itself.
      if (row.status === 503 && row.code !== 'STORE_FULL')
        for (const { fields } of app.logger.lines)
          if (fields.code) assert.ok(fields.err instanceof Error && !isAuthError(fields.err))
    })
})

test('every code of the error table has a row here, but for the one that no request meets, and those of guards.test.ts', () => {
  const covered = new Set<string>([
    ...rows.map(({ code }) => code),
    'IDENTITY_LAST',
    'SCOPE_INSUFFICIENT',
    'PREDICATE_UNAVAILABLE',
  ])
  assert.deepEqual(
    Object.keys(ERRORS).filter((code) => !covered.has(code)),
    [],
  )
})

function assertAnswer({ status, headers, body }: Answer, row: Row): void {
  assert.equal(status, row.status)
  assert.deepEqual(body, { error: row.error, error_code: row.error_code, link: '' })
  assert.equal(headers['content-type'], 'application/json')
  assert.equal(headers['cache-control'], 'no-store')
  const challenge = headers['www-authenticate']
  if (status !== 401) assert.equal(challenge, undefined)
  else if (row.code === 'CREDENTIALS_MISSING') assert.equal(challenge, 'Bearer realm="custom-jwt-auth"')
  else {
    const description = row.error.replaceAll('"', "'")
    // Where the body is fixed, the challenge may say more.
    const more = row.code === 'SESSION_INVALID' && challenge?.includes('jwtTokenString') ? STRANGER : ''
    const attributes = `error="invalid_token", error_description="${description}${more}"`
    assert.equal(challenge, `Bearer realm="custom-jwt-auth", ${attributes}`)
  }
  assert.equal(headers['retry-after'], status === 503 ? '5' : undefined)
}
