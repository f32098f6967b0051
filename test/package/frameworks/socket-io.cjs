// socket.io: the guard in front of the handshake, whose request is socket.request afterwards.
const assert = require('node:assert/strict')
const { once } = require('node:events')
const { createServer } = require('node:http')
const { customJwtAuth } = require('custom-jwt-auth')
const { Server } = require('socket.io')
const { io: connect } = require('socket.io-client')
const { options, headers, subjectOf } = require('./guard.cjs')

async function main() {
  const server = createServer()
  const io = new Server(server)
  io.engine.use(customJwtAuth(options))
  io.on('connection', (socket) => socket.emit('subject', subjectOf(socket.request.user)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${server.address().port}`

  for (const transports of [['polling'], ['websocket']]) {
    const stranger = connect(url, { transports, reconnection: false })
    await once(stranger, 'connect_error')
    const known = connect(url, { transports, reconnection: false, extraHeaders: headers })
    assert.deepEqual(await once(known, 'subject'), ['24601'])
    stranger.close()
    known.close()
  }
  await io.close()
}
main()
