// The load generator, in a process of its own: ten kept-alive connections, each with one request at a time.
import { connect } from 'node:net'

const CONNECTIONS = 10
let requests = []

process.on('message', async (message) => {
  if (message.requests) {
    requests = message.requests.map((text) => Buffer.from(text, 'latin1'))
    return
  }
  try {
    process.send({ microseconds: await send(message.url, message.count) })
  } catch (error) {
    process.send({ failure: String(error) })
  }
})

/** By URL: the connections, and how many requests were sent, so that each round goes on where the last one ended. */
const targets = new Map()

async function send(url, count) {
  if (!targets.has(url)) {
    const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(url)))
    targets.set(url, { connections, sent: 0 })
  }
  const target = targets.get(url)
  const end = target.sent + count
  const start = process.hrtime.bigint()
  await Promise.all(
    target.connections.map(async (exchange) => {
      while (target.sent < end) await exchange(requests[target.sent++ % requests.length])
    }),
  )
  return Number(process.hrtime.bigint() - start) / 1000
}

/** Opens a connection. All good answers are of one length, since only their date differs. */
async function open(url) {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port, noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let settle
  let received = 0
  let length = 0
  socket.on('data', (chunk) => {
    if (received === 0 && chunk.toString('latin1', 0, 15) !== 'HTTP/1.1 200 OK')
      settle.reject(new Error(chunk.toString('latin1')))
    received += chunk.length
    length ||=
      chunk.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/i.exec(chunk.toString('latin1'))[1])
    if (received >= length) settle.resolve()
  })
  socket.on('close', () => settle?.reject(new Error('the connection was closed')))
  return (request) =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) reject(new Error('the connection was closed'))
      settle = { resolve, reject }
      received = 0
      socket.write(request)
    })
}
