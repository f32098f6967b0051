// A real server for one test.
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface TestServer {
  /** Without a slash at its end. */
  readonly url: string
  close(): Promise<void>
}

/** Listens on a free port of the loopback interface. An Express or Connect app is a request listener. */
export async function listen(app: RequestListener): Promise<TestServer> {
  // Idle connections are the client's to close: a server that does so may meet the next request on its way.
  const server = createServer({ keepAliveTimeout: 0 }, app)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
