import assert from 'node:assert/strict'
import connect from 'connect'
import express, { type ErrorRequestHandler } from 'express'
import createError from 'http-errors'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import test, { type TestContext } from 'node:test'
import { customJwtAuth, errorHandler, isAuthError, requireScopes, type AuthError } from 'custom-jwt-auth'
import { send, type Answer } from '../support/client.js'
import { overhear } from '../support/secrecy.js'
import { listen } from '../support/server.js'
import { APP_ID, mint, NOW, SECRET } from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'

const brokenStore = wrapStore(() => {
  throw new Error('connect ECONNREFUSED 10.0.0.7:5432')
})

function guard(options: object = {}) {
  return customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    clock: () => NOW * 1000,
    ...options,
  })
}

/** An error handler that keeps what it gets, and answers 418 while that can be. */
function keepIn(errors: unknown[]): ErrorRequestHandler {
  return (error, _req, res, next) => {
    errors.push(error)
    if (res.writableEnded) next(error)
    else if (res.headersSent) res.end('kept')
    else res.status(418).end()
  }
}

async function serve(t: TestContext, app: RequestListener): Promise<(token?: string) => Promise<Answer>> {
  t.mock.method(console, 'error', overhear) // where Express and Connect print what they answer
  const server = await listen(app)
  t.after(() => server.close())
  return (token) => send(server.url, { headers: token === undefined ? {} : { jwtTokenString: token } })
}

test("Express's own error handler answers with our status and headers, and nothing internal", async (t) => {
  const production = (options: object): RequestListener =>
    express().set('env', 'production').use(guard(options)) as RequestListener
  const get = await serve(t, production({}))
  for (const [token, challenge] of [
    [undefined, /^Bearer realm="custom-jwt-auth"$/],
    ['x', /^Bearer realm="custom-jwt-auth", error="invalid_token", error_description="[^"]+"$/],
  ] as const) {
    const { status, headers, text } = await get(token)
    assert.equal(status, 401)
    assert.match(String(headers['www-authenticate']), challenge)
    assert.match(text, /<pre>Unauthorized<\/pre>/)
  }
  const { status, headers, text } = await (await serve(t, production({ store: brokenStore })))(mint())
  assert.equal(status, 503)
  assert.equal(headers['retry-after'], '5')
  assert.match(text, /<pre>Service Unavailable<\/pre>/)
})

test("Connect's own error handler answers with our status and headers", async (t) => {
  for (const [options, status, header] of [
    [{}, 401, 'www-authenticate'],
    [{ store: brokenStore }, 503, 'retry-after'],
  ] as const) {
    t.mock.method(console, 'error', overhear)
    const server = await listen(connect().use(guard(options)))
    t.after(() => server.close())
    // With fetch(), because outside of production Connect shows stacks, and send() would object.
    const response = await fetch(server.url, { headers: status === 401 ? {} : { jwtTokenString: mint() } })
    assert.equal(response.status, status)
    assert.ok(response.headers.has(header))
    assert.doesNotMatch(await response.text(), /ECONNREFUSED/)
  }
})

test('errors reach an error handler of the app as http-errors with code, status, detail and cause', async (t) => {
  const caught: unknown[] = []
  for (const [options, token] of [
    [{}, undefined],
    [{}, 'one.two'],
    [{ store: brokenStore }, mint()],
  ] as const) {
    const get = await serve(t, express().use(guard(options)).use(keepIn(caught)) as RequestListener)
    assert.equal((await get(token)).status, 418)
  }
  for (const error of caught) {
    assert.ok(isAuthError(error))
    assert.ok(createError.isHttpError(error))
    assert.ok(error instanceof Error)
    assert.equal(error.statusCode, error.status)
    assert.equal(error.expose, error.status < 500)
  }
  const [missing, segments, store] = caught as AuthError[]
  assert.deepEqual(
    [missing?.code, segments?.code, store?.code],
    ['CREDENTIALS_MISSING', 'TOKEN_SEGMENTS', 'STORE_UNAVAILABLE'],
  )
  assert.equal((store?.cause as Error).message, 'connect ECONNREFUSED 10.0.0.7:5432')
  assert.doesNotMatch(JSON.stringify(store), /ECONNREFUSED/)
})

test('an error handler that knows status and message alone, as that of NestJS, still answers with the headers', async (t) => {
  for (const [options, token, status, header] of [
    [{}, undefined, 401, 'www-authenticate'],
    [{}, 'x', 401, 'www-authenticate'],
    [{ store: brokenStore }, mint(), 503, 'retry-after'],
    [{ autoCreateUser: true }, mint(), 403, 'www-authenticate'],
  ] as const) {
    const answer: ErrorRequestHandler = (error: AuthError, _req, res, next) => {
      if (res.headersSent) next(error)
      else res.status(error.status).json({ message: error.message })
    }
    const app = express().use(guard(options), requireScopes('a')).use(answer)
    const { headers, ...answered } = await (await serve(t, app as RequestListener))(token)
    assert.equal(answered.status, status)
    assert.notEqual(headers[header], undefined)
  }
})

test('a refusal reaches next() also where there is no response to set headers on, as in a WebSocket upgrade', () => {
  for (const res of [undefined, {}, { headersSent: true, setHeader: () => assert.fail('they are sent') }]) {
    let error: unknown
    guard()({ headers: {} } as IncomingMessage, res as unknown as ServerResponse, (refusal) => {
      error = refusal
    })
    assert.ok(isAuthError(error) && error.code === 'CREDENTIALS_MISSING')
  }
})

test('every refused request gets an error of its own', async (t) => {
  const caught: unknown[] = []
  const refuse = () => Promise.reject(new Error('no'))
  const app = express()
    .use(guard({ autoCreateUser: refuse }))
    .use(keepIn(caught))
  const get = await serve(t, app as RequestListener)
  const token = mint()
  await Promise.all([get(), get(), get('x'), get('x'), get(token), get(token), get(token)])
  assert.equal(new Set(caught).size, 7)
})

test('errorHandler() leaves errors of others to the next handler', async (t) => {
  const errors = [
    new Error('a mistake in the app'),
    createError(404),
    'a string',
    { status: 401, code: 'TOKEN_EXPIRED' },
  ]
  for (const error of errors) {
    const passed: unknown[] = []
    const app = express()
    app.use((_req, _res, next) => {
      next(error)
    })
    app.use(errorHandler()).use(keepIn(passed))
    assert.equal((await (await serve(t, app as RequestListener))()).status, 418)
    assert.deepEqual(passed, [error])
  }
})

test('errorHandler() leaves an error to the next handler once the answer has begun', async (t) => {
  const passed: unknown[] = []
  const app = express()
  app.use((_req, res, next) => {
    res.write('the beginning, ')
    next()
  })
  app.use(guard()).use(errorHandler())
  app.use(keepIn(passed))
  const { status, text } = await (await serve(t, app as RequestListener))()
  assert.deepEqual([status, text], [200, 'the beginning, kept'])
  assert.ok(passed.length === 1 && isAuthError(passed[0]))
})
