// A Model Context Protocol server whose clients find its issuer by themselves, log in there, and come back with a token.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import express, { type Request, type RequestHandler } from 'express'
import { customJwtAuth, errorHandler, requireScopes } from 'custom-jwt-auth'
import 'custom-jwt-auth/express' // the types of req.user and req.auth
import { startIssuer } from './issuer.js'
import { createNotes, WRITING_TOOLS } from './notes.js'

const server = createServer().listen(Number(process.env.PORT ?? 3000), 'localhost')
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
await once(server, 'listening')

// What clients know this server by: in production its public URL, https://api.example.com/mcp.
const resource = `http://localhost:${String((server.address() as AddressInfo).port)}/mcp`
const issuer = await startIssuer(resource)

const auth = customJwtAuth({
  appId: 'mcp-notes',
  discover: issuer,
  audience: resource, // clients ask for tokens with this audience (RFC 8707); one for another server is refused
  bearerJwt: true,
  autoCreateUser: true,
})

/** `req.auth` as tools get it, in the SDK's words: `extra.authInfo`. */
function authInfoOf(req: Request): AuthInfo {
  const { claims = {}, expiresAt } = req.auth ?? {}
  return {
    token: '', // for this server alone: MCP forbids tools to pass it on
    clientId: String(claims.client_id),
    scopes: String(claims.scope).split(' '),
    ...(expiresAt !== undefined && { expiresAt }),
    extra: { user: auth.userOf(req), claims },
  }
}

// Clients ask for the scopes of a challenge instead of those they have, so it names all that the tool needs.
const mayWrite = requireScopes('notes:read', 'notes:write')

/** Refuses a call of a tool that this token does not allow: with 403, which has to come before the answer begins. */
const checkTools: RequestHandler = (req, res, next) => {
  // Older clients send several messages at once, as a list.
  const messages = [req.body].flat() as ({ method?: unknown; params?: { name?: unknown } } | undefined)[]
  const isWriting = messages.some(
    (message) => message?.method === 'tools/call' && WRITING_TOOLS.includes(String(message.params?.name)),
  )
  if (isWriting) mayWrite(req, res, next)
  else next()
}

const app = express()
// What every client needs to begin with; for more it is asked when a tool wants it.
app.use(auth.resourceMetadata({ resource, scopes: ['notes:read'] }))
app.use('/mcp', auth, requireScopes('notes:read'))
app.post('/mcp', express.json(), checkTools, async (req, res) => {
  // A server and a transport for each request: no session that another user's token could enter.
  const notes = createNotes()
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  res.on('close', () => void notes.close())
  await notes.connect(transport as Transport)
  // Never undefined: the transport would read the body itself, past checkTools.
  await transport.handleRequest(Object.assign(req, { auth: authInfoOf(req) }), res, req.body ?? null)
})
app.all('/mcp', (_req, res) => {
  res.status(405).set('Allow', 'POST').end()
})
app.use(errorHandler())

server.on('request', app)
console.log(`MCP server  ${resource}`)
console.log(`Issuer      ${issuer}`)
