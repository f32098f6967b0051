// ws: the guard decides on the upgrade, before there is a socket to talk to.
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createServer, ServerResponse } = require('node:http')
const { customJwtAuth, errorHandler } = require('custom-jwt-auth')
const { WebSocket, WebSocketServer } = require('ws')
const { options, headers, subjectOf } = require('./guard.cjs')

async function main() {
  const server = createServer()
  const sockets = new WebSocketServer({ noServer: true })
  const auth = customJwtAuth(options)
  server.on('upgrade', (req, socket, head) => {
    const res = new ServerResponse(req)
    res.assignSocket(socket)
    auth(req, res, (error) => {
      if (error) errorHandler()(error, req, res, () => socket.destroy())
      else {
        res.detachSocket(socket)
        sockets.handleUpgrade(req, socket, head, (ws) => ws.send(subjectOf(req.user)))
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `ws://127.0.0.1:${server.address().port}`

  const stranger = new WebSocket(url)
  const [, refused] = await once(stranger, 'unexpected-response')
  assert.equal(refused.statusCode, 401)
  assert.match(refused.headers['www-authenticate'], /^Bearer/)
  stranger.on('error', () => {})
  stranger.terminate()

  const known = new WebSocket(url, { headers })
  const [message] = await once(known, 'message')
  assert.equal(String(message), '24601')
  known.terminate()
  server.close()
  server.closeAllConnections()
}
main()
