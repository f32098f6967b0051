// The Data API example, started as its README says, and what tests send to it.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { requireServer } from '../support/servers.js'
import { APP_ID, claims, mint } from '../support/tokens.js'
import { readBlocks, startExample } from './run-example.js'

const [start = ''] = readBlocks('data-api', 'sh')
const [, SIGNING_KEY = ''] = /SIGNING_KEY=(\S+)/.exec(start) ?? []
export const NOTES = { dataSource: 'mongodb-atlas', database: 'example', collection: 'notes' }

/** Each request has a connection of its own: while the example is busy, it cannot tell an idle one from one in use. */
export const ALONE = { connection: 'close' } as const

export type Json = Record<string, unknown>

export interface Example {
  readonly url: string
  readonly api: string
}

export async function startDataApi(t: TestContext, MONGODB_URI: string | undefined): Promise<Example> {
  const example = startExample(t, start, { MONGODB_URI })
  const [said, port = ''] = await example.printed(/Documents are kept in .*\nListening on .* port: (\d+)/)
  assert.match(said, MONGODB_URI === undefined ? /in this process/ : /in a MongoDB server/)
  const url = `http://127.0.0.1:${port}`
  return { url, api: `${url}/app/${APP_ID}/endpoint/data/v1` }
}

/** A token for somebody whom no other run of these tests knows. */
export function tokenFor(sub: string): string {
  const now = Math.floor(Date.now() / 1000)
  return mint(claims({ sub: `${sub} ${randomUUID()}`, iat: now, exp: now + 600 }), { key: SIGNING_KEY })
}

export async function logIn({ url }: Example, token: string): Promise<string> {
  const answer = await fetch(`${url}/api/client/v2.0/app/${APP_ID}/auth/providers/custom-token/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...ALONE },
    body: JSON.stringify({ token }),
  })
  assert.equal(answer.status, 200)
  return ((await answer.json()) as { access_token: string }).access_token
}

/** Sends an action as it is told. */
export async function act(
  { api }: Example,
  token: string,
  action: string,
  body: unknown,
  headers: object = {},
) {
  const answer = await fetch(`${api}/action/${action}`, {
    method: 'POST',
    headers: { jwtTokenString: token, 'content-type': 'application/json', ...ALONE, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify({ ...NOTES, ...(body as Json) }),
  })
  const text = await answer.text()
  return { status: answer.status, type: answer.headers.get('content-type'), text }
}

/** An action that must succeed. */
export async function done(example: Example, token: string, action: string, body: Json): Promise<Json> {
  const { status, text } = await act(example, token, action, body)
  assert.ok(status < 300, text)
  return JSON.parse(text) as Json
}

const server = requireServer('MONGODB_URI')
export const engines = [
  { name: 'the embedded engine', options: {}, uri: undefined },
  {
    name: 'a MongoDB server',
    options: 'skip' in server ? server : {},
    uri: 'url' in server ? server.url : '',
  },
]
