// The story: what a client, its issuer and the app say to each other, over HTTP. Every answer is checked.
import { setTimeout } from 'node:timers/promises'
import { APP_ID } from './app.js'
import type { Screen } from './screen.js'

export interface Scene {
  readonly issuerUrl: string
  readonly appUrl: string
  /** Good in everything but its signature. */
  readonly forgedToken: string
  readonly screen: Screen
}

interface Request {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly headers?: Record<string, string>
  readonly json?: Record<string, string>
}

const CLIENT = '/api/client/v2.0'
const LOGIN = `${CLIENT}/app/${APP_ID}/auth/providers/custom-token/login`

/**
 * Tells the story.
 * @throws {Error} at the first answer that is not what the story says
 */
export async function tellStory({ issuerUrl, appUrl, forgedToken, screen }: Scene): Promise<void> {
  /** Sends a request, shows it and its answer, and returns the body. */
  async function ask(path: string, status: number, request: Request = {}): Promise<Record<string, unknown>> {
    const { method = 'GET', headers = {}, json } = request
    screen.request(method, path, { ...headers, ...json })
    const response = await fetch(new URL(path, appUrl), {
      method,
      headers: { ...headers, ...(json && { 'Content-Type': 'application/json' }) },
      ...(json && { body: JSON.stringify(json) }),
    })
    const text = await response.text()
    screen.answer(response.status, text)
    expect('status', response.status, status)
    return (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
  }

  async function askIssuer(order: Record<string, string>): Promise<string> {
    screen.request('POST', `${issuerUrl}/token`, order)
    const body = new URLSearchParams({ sub: '24601', ...order })
    const response = await fetch(`${issuerUrl}/token`, { method: 'POST', body })
    const token = await response.text()
    screen.answer(response.status, token)
    expect('status', response.status, 200)
    return token
  }

  const bearer = (token: unknown) => ({ Authorization: `Bearer ${String(token)}` })
  const jwtTokenString = (token: string) => ({ jwtTokenString: token })

  screen.step('The issuer signs a token for the user 24601')
  const token = await askIssuer({ name: 'Jean Valjean' })

  screen.step('The token alone opens the guarded route: the app makes the user at first sight')
  const user = await ask('/api/me', 200, { headers: jwtTokenString(token) })
  expectName(user, 'Jean Valjean')

  screen.step('The client logs in with it: an access token for half an hour, a refresh token for sixty days')
  const session = await ask(LOGIN, 200, { method: 'POST', json: { token } })
  expect('user_id', session.user_id, user.id)

  screen.step('The access token opens the guarded route too, for the same user')
  const again = await ask('/api/me', 200, { headers: bearer(session.access_token) })
  expect('id', again.id, user.id)

  screen.step('A second later, the client fetches a new access token with the refresh token')
  await setTimeout(1000)
  const refreshing = { method: 'POST', headers: bearer(session.refresh_token) } as const
  const refreshed = await ask(`${CLIENT}/auth/session`, 201, refreshing)
  expect('a new access token', refreshed.access_token !== session.access_token, true)

  screen.step('The new access token works: the profile')
  const profile = await ask(`${CLIENT}/auth/profile`, 200, { headers: bearer(refreshed.access_token) })
  expectName(profile, 'Jean Valjean')

  screen.step('The issuer learns of a new name')
  const newToken = await askIssuer({ name: 'Monsieur Madeleine' })

  screen.step('The next login picks the change up: same user, new name')
  const second = await ask(LOGIN, 200, { method: 'POST', json: { token: newToken } })
  expect('user_id', second.user_id, user.id)
  const renamed = await ask('/api/me', 200, { headers: bearer(second.access_token) })
  expectName(renamed, 'Monsieur Madeleine')

  screen.step('The client logs out')
  await ask(`${CLIENT}/auth/session`, 204, { method: 'DELETE', headers: bearer(second.refresh_token) })

  screen.step('The issuer signs two tokens that the app will not like')
  const strayToken = await askIssuer({ name: 'Jean Valjean', audience: 'another-app' })
  const expiredToken = await askIssuer({ name: 'Jean Valjean', seconds: '-60' })
  const refusals: [what: string, reason: string, path: string, request?: Request][] = [
    ['no credentials', 'no authentication methods were specified', '/api/me'],
    [
      'a token that somebody else signed',
      'invalid custom auth token: signature is invalid',
      '/api/me',
      { headers: jwtTokenString(forgedToken) },
    ],
    [
      'a token for another app',
      `invalid custom auth token: '"${APP_ID}"' not present in 'aud' claim`,
      '/api/me',
      { headers: jwtTokenString(strayToken) },
    ],
    [
      'a token that expired',
      'invalid custom auth token: token is expired',
      '/api/me',
      { headers: jwtTokenString(expiredToken) },
    ],
    [
      'the access token of the session that was logged out',
      'invalid session',
      '/api/me',
      { headers: bearer(second.access_token) },
    ],
    [
      'its refresh token',
      'invalid session: failed to find refresh token',
      `${CLIENT}/auth/session`,
      { method: 'POST', headers: bearer(second.refresh_token) },
    ],
  ]
  for (const [what, reason, path, request] of refusals) {
    screen.step(`Refused: ${what}`)
    const { error } = await ask(path, 401, request)
    expect('error', error, reason)
  }
}

function expectName({ data }: Record<string, unknown>, name: string): void {
  expect('data.name', (data as { name?: unknown } | undefined)?.name, name)
}

function expect(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what} should be ${String(wanted)}, but is ${String(got)}`)
}
