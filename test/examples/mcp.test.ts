// The SDK's own client, unmodified, against the example: discovery, log-in, a tool, and one that takes another scope.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { auth, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { send } from '../support/client.js'
import { logIn } from '../support/oidc-provider.js'
import { readBlocks, startExample } from './run-example.js'

const [start = '', client = ''] = readBlocks('mcp', 'sh')
const [trace = ''] = readBlocks('mcp', 'text')

async function startServer(t: TestContext) {
  const [, resource = '', issuer = ''] = await startExample(t, start).printed(
    /MCP server +(\S+)\nIssuer +(\S+)/,
  )
  return { resource, issuer }
}

/** The SDK opens a stream of messages without waiting for it: the line may stand anywhere. */
const STREAM = /^GET .*\/mcp → 405\n/m
const withoutPage = (text: string) => text.replace(/^Log in at .*$/gm, 'Log in')

test('a client goes from the URL alone to a tool call, and from one scope to the next, as the README says', async (t) => {
  const { resource, issuer } = await startServer(t)
  const running = startExample(t, `${client.replace('node --import tsx', 'npx tsx')} ${resource}`)
  const pages: URL[] = []
  for (const pattern of [/Log in at (\S+)\n/, /Log in at[^]*Log in at (\S+)\n/]) {
    const page = new URL((await running.printed(pattern))[1] ?? '')
    pages.push(page)
    const callback = page.searchParams.get('redirect_uri') ?? ''
    assert.equal((await fetch(await logIn(page.href, callback))).status, 200)
  }
  const { code, output } = await running.ended()
  assert.equal(code, 0, output)
  const said = output
    .replaceAll(resource.replace('/mcp', ''), 'http://localhost:3000')
    .replaceAll(issuer, 'http://localhost:4000')
  assert.match(said, STREAM)
  assert.equal(withoutPage(said.replace(STREAM, '')).trim(), withoutPage(trace.replace(STREAM, '')).trim())

  // What the client asked the issuer for.
  const asked = pages.map(({ searchParams }) =>
    ['resource', 'scope', 'code_challenge_method'].map((name) => searchParams.get(name)),
  )
  assert.deepEqual(asked, [
    [resource, 'notes:read', 'S256'],
    [resource, 'notes:read notes:write', 'S256'],
  ])
})

/** Tokens by the SDK's log-in; the first is for what the server says that clients begin with. */
function createTokens(serverUrl: string) {
  const redirectUrl = 'http://localhost:1/callback' // where nobody listens: the code is in the address
  const kept: Record<string, unknown> = {}
  let page: URL | undefined
  const provider = {
    redirectUrl,
    clientMetadata: { redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none' },
    clientInformation: () => kept.client,
    saveClientInformation: (client: unknown) => void (kept.client = client),
    tokens: () => undefined,
    saveTokens: (tokens: unknown) => void (kept.tokens = tokens),
    codeVerifier: () => kept.verifier,
    saveCodeVerifier: (verifier: string) => void (kept.verifier = verifier),
    redirectToAuthorization: (to: URL) => void (page = to),
  } as OAuthClientProvider
  return async function tokenFor(scope?: string): Promise<string> {
    assert.equal(await auth(provider, { serverUrl, ...(scope !== undefined && { scope }) }), 'REDIRECT')
    const back = new URL(await logIn(page?.href ?? '', redirectUrl))
    const authorizationCode = back.searchParams.get('code') ?? assert.fail(back.href)
    assert.equal(await auth(provider, { serverUrl, authorizationCode }), 'AUTHORIZED')
    return (kept.tokens as { access_token: string }).access_token
  }
}

test('a token allows the tools of its scopes, however it is asked', async (t) => {
  const { resource } = await startServer(t)
  const tokenFor = createTokens(resource)
  const [reading, writing, both] = [
    await tokenFor(),
    await tokenFor('notes:write'),
    await tokenFor('notes:read notes:write'),
  ]
  const callOf = (name: string, id = 1) => ({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: { text: 'buy anvils' } },
  })
  const post = async (token: string | undefined, body: unknown, more: Record<string, string> = {}) => {
    const headers = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...more,
    }
    const answer = await send(resource, { method: 'POST', headers, body: JSON.stringify(body) })
    const [, scope] = / scope="([^"]*)"/.exec(answer.headers['www-authenticate'] ?? '') ?? []
    return [answer.status, scope]
  }
  const list = callOf('list_notes')
  const add = callOf('add_note')
  assert.deepEqual(await post(undefined, list), [401, undefined])
  assert.deepEqual(await post(`${reading}x`, list), [401, undefined])
  assert.deepEqual(await post(writing, list), [403, 'notes:read'])
  assert.deepEqual(await post(reading, list), [200, undefined])
  assert.deepEqual(await post(both, add), [200, undefined])

  // What the scopes are looked up in is what is carried out.
  const refused = [403, 'notes:read notes:write']
  assert.deepEqual(await post(reading, add), refused)
  assert.deepEqual(await post(reading, [list, callOf('add_note', 2)]), refused)
  assert.deepEqual(await post(reading, { ...add, id: undefined }), refused)
  assert.deepEqual(await post(reading, add, { 'content-type': 'text/plain' }), [415, undefined])

  assert.equal((await send(resource, {})).status, 401)
  const stream = await send(resource, { headers: { authorization: `Bearer ${reading}` } })
  assert.deepEqual([stream.status, stream.headers.allow], [405, 'POST'])
})
