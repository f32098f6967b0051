// node --import tsx examples/mcp/client.ts [URL]   the SDK's own client, which knows nothing but the server's URL
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UnauthorizedError, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { FetchLike, Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

const url = new URL(process.argv[2] ?? 'http://localhost:3000/mcp')

// Where the browser brings the code. It may ask for an icon, too.
const callback = createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url ?? '', redirectUrl)
  if (pathname !== '/callback') return res.writeHead(404).end()
  callback.emit('code', searchParams)
  return res.end('You may close this page.')
}).listen(0, 'localhost')
await once(callback, 'listening')
const redirectUrl = `http://localhost:${String((callback.address() as AddressInfo).port)}/callback`

/** What a client remembers. This one forgets it when it ends. */
const memory: {
  client?: Awaited<ReturnType<OAuthClientProvider['clientInformation']>>
  tokens?: Awaited<ReturnType<OAuthClientProvider['tokens']>>
  discovery?: Awaited<ReturnType<NonNullable<OAuthClientProvider['discoveryState']>>>
  verifier?: string
  state?: string
} = {}

const authProvider: OAuthClientProvider = {
  redirectUrl,
  clientMetadata: {
    client_name: 'An example',
    redirect_uris: [redirectUrl],
    token_endpoint_auth_method: 'none',
  },
  state: () => (memory.state = randomBytes(16).toString('hex')),
  clientInformation: () => memory.client,
  saveClientInformation: (client) => void (memory.client = client),
  tokens: () => memory.tokens,
  saveTokens: (tokens) => void (memory.tokens = tokens),
  discoveryState: () => memory.discovery,
  saveDiscoveryState: (discovery) => void (memory.discovery = discovery),
  codeVerifier: () => memory.verifier ?? '',
  saveCodeVerifier: (verifier) => void (memory.verifier = verifier),
  redirectToAuthorization: (page) => console.log(`Log in at ${page.href}`),
}

/** Says what is sent. */
const fetchAloud: FetchLike = async (to, init) => {
  const response = await fetch(to, init)
  const challenge = response.headers.get('www-authenticate')
  console.log(`${init?.method ?? 'GET'} ${String(to)} → ${String(response.status)}`)
  if (challenge !== null) console.log(`  ${challenge}`)
  return response
}

async function code(): Promise<string> {
  const [query] = (await once(callback, 'code')) as [URLSearchParams]
  if (query.get('state') !== memory.state) throw new Error('not the answer to our question')
  return query.get('code') ?? Promise.reject(new Error(`refused: ${String(query.get('error'))}`))
}

const client = new Client({ name: 'example', version: '1.0.0' })
let transport = new StreamableHTTPClientTransport(url)

async function connect(): Promise<void> {
  transport = new StreamableHTTPClientTransport(url, { authProvider, fetch: fetchAloud })
  await client.connect(transport as Transport)
}

/** Does something, and once more after a log-in if it takes one. */
async function withLogin<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error
    await transport.finishAuth(await code())
    return attempt()
  }
}

async function call(name: string, args = {}): Promise<void> {
  const { content } = await withLogin(() => client.callTool({ name, arguments: args }))
  for (const { text } of content as { text: string }[]) console.log(`${name}: ${text}`)
}

await withLogin(connect)
await call('list_notes')
await call('add_note', { text: 'buy anvils' })
await call('list_notes')
await client.close()
callback.close()
callback.closeAllConnections()
