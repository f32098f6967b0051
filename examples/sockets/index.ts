// WebSockets for users alone. Programs send the token as a header of the upgrade, browsers as their first message; whichever it
// is, the socket ends with it.
import { createServer, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import { customJwtAuth, isAuthError, type Authenticated } from 'custom-jwt-auth'

/** How long a browser may take for its first message. */
const HELLO_MS = 5_000
/** The most that a timer can wait for. */
const LONGEST_MS = 2 ** 31 - 1

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY],
  metadataFields: [{ name: 'name', type: 'string' }],
  autoCreateUser: true,
})
type Member = Authenticated<ReturnType<typeof auth.userOf>['data']>

const sockets = new WebSocketServer({ noServer: true, maxPayload: 16_384 })
const members = new Map<WebSocket, string>()
const server = createServer((_req, res) => {
  res.writeHead(426, { Upgrade: 'websocket' }).end('Open a WebSocket.\n')
})

server.on('upgrade', (req, socket: Duplex, head) => {
  socket.on('error', () => socket.destroy())
  const { authorization, jwttokenstring } = req.headers
  const open = (begin: (ws: WebSocket) => void): void => {
    sockets.handleUpgrade(req, socket, head, begin)
  }
  if (authorization === undefined && jwttokenstring === undefined) open(awaitHello)
  else
    auth.authenticate(req).then(
      (member) => {
        open((ws) => {
          join(ws, member)
        })
      },
      (error: unknown) => {
        refuse(socket, error)
      },
    )
})

/** Before there is a WebSocket: an HTTP answer, which `ws` and other programs read. */
function refuse(socket: Duplex, error: unknown): void {
  const { status, headers } = isAuthError(error) ? error : { status: 503, headers: {} }
  const lines = Object.entries({ ...headers, Connection: 'close' }).map((header) => header.join(': '))
  socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n'))
}

/** A browser's WebSocket sets no headers. Its first message is the token. */
function awaitHello(ws: WebSocket): void {
  const tooLate = setTimeout(() => {
    ws.close(4408, 'no token came')
  }, HELLO_MS)
  ws.once('close', () => {
    clearTimeout(tooLate)
  })
  ws.once('message', (data: RawData) => {
    clearTimeout(tooLate)
    auth.authenticate(String(data)).then(
      (member) => {
        join(ws, member)
      },
      (error: unknown) => {
        if (isAuthError(error) && error.status < 500) ws.close(4401, error.code)
        else ws.close(1013, 'try again later')
      },
    )
  })
}

function join(ws: WebSocket, { user, auth: { expiresAt } }: Member): void {
  if (ws.readyState !== WebSocket.OPEN) return
  const name = user.data.name ?? user.id
  const end = setTimeout(
    () => {
      ws.close(4401, 'TOKEN_EXPIRED')
    },
    Math.min(expiresAt * 1000 - Date.now(), LONGEST_MS),
  )
  members.set(ws, name)
  ws.once('close', () => {
    clearTimeout(end)
    members.delete(ws)
  })
  ws.on('message', (data: RawData) => {
    const text = String(data)
    for (const member of members.keys()) member.send(JSON.stringify({ from: name, text }))
  })
  ws.send(JSON.stringify({ welcome: name, others: [...members.values()].filter((other) => other !== name) }))
}

server.listen(Number(process.env.PORT ?? 3000))
server.on('listening', () => {
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
