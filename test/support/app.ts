// A listening app with the guard, the session routes and a client for it, for one test.
import { Agent } from 'node:http'
import type { TestContext } from 'node:test'
import { customJwtAuth, type CustomJwtAuth, type CustomJwtAuthOptions, type ErrorCode } from 'custom-jwt-auth'
import { send, type Answer, type JsonBody, type Outgoing } from './client.js'
import { testClock, type TestClock } from './clock.js'
import { expressApp, type BuildApp, type Seen } from './frameworks.js'
import { recordingLogger, type RecordingLogger } from './logger.js'
import { listen } from './server.js'
import { APP_ID, mint, SECRET, SESSION_SECRET } from './tokens.js'

export const BASE = '/api/client/v2.0'
export const LOGIN = `${BASE}/app/${APP_ID}/auth/providers/custom-token/login`
export const SESSION = `${BASE}/auth/session`
export const PROFILE = `${BASE}/auth/profile`
export const DELETE_USER = `${BASE}/auth/delete`

export interface TestApp {
  readonly auth: CustomJwtAuth
  readonly url: string
  readonly clock: TestClock
  readonly logger: RecordingLogger
  /** What the handler behind the guard saw, request by request. */
  readonly seen: Seen[]
  readonly send: (path: string, outgoing?: Outgoing) => Promise<Answer>
  /** `GET /api/me`, behind the guard, with a third-party token. */
  readonly me: (token: string) => Promise<Answer>
  /** `GET /api/me`, behind the guard, with a bearer token. */
  readonly meBearer: (token: string) => Promise<Answer>
  /** A request to a session route with a bearer token. */
  readonly bearer: (method: string, path: string, token: string) => Promise<Answer>
  readonly login: (token?: string, options?: object) => Promise<Answer>
  /** A login that must succeed. */
  readonly loggedIn: (token?: string, options?: object) => Promise<JsonBody>
  /** The code of the newest refusal, as the app's log has it. */
  readonly lastCode: () => ErrorCode | undefined
}

export type Options = Partial<CustomJwtAuthOptions>

/** Users are created, sessions are on, and time stands still at NOW, unless the options say otherwise. */
export async function startApp(
  t: TestContext,
  options: Options = {},
  build: BuildApp = expressApp,
): Promise<TestApp> {
  const clock = testClock()
  const logger = recordingLogger()
  const seen: Seen[] = []
  const all = {
    appId: APP_ID,
    ...(!('jwkUri' in options || 'discover' in options || 'providers' in options) && {
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
    }),
    autoCreateUser: true,
    session: { signingKeys: [SESSION_SECRET] },
    // Caches take their room at the start: small ones make a test's app much cheaper.
    cache: { tokens: { max: 100 }, users: { max: 100 } },
    clock,
    logger,
    ...options,
  } as CustomJwtAuthOptions
  const auth = customJwtAuth(all)
  const server = await listen(build({ auth, sessions: all.session !== undefined, seen }))
  const { url } = server
  const agent = new Agent({ keepAlive: true })
  t.after(async () => {
    agent.destroy()
    await server.close()
  })

  const app: TestApp = {
    auth,
    url,
    clock,
    logger,
    seen,
    send: (path, outgoing = {}) => send(url + path, { agent, ...outgoing }),
    me: (token) => app.send('/api/me', { headers: { jwtTokenString: token } }),
    meBearer: (token) => app.bearer('GET', '/api/me', token),
    bearer: (method, path, token) =>
      app.send(path, { method, headers: { Authorization: `Bearer ${token}` } }),
    login: (token = mint(), options?) => app.send(LOGIN, { method: 'POST', body: { token, options } }),
    async loggedIn(token, options) {
      const { status, body, text } = await app.login(token, options)
      if (status !== 200) throw new Error(`the login failed: ${text}`)
      return body
    },
    lastCode: () => logger.lastCode(),
  }
  return app
}
