// Stands between a driver and its server, and does to them what networks do.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { freePort } from './free-port.js'

export interface TcpProxy {
  /** The server's URL, by way of the proxy. */
  readonly url: string
  /** Works, from now on: what was frozen goes on where it was. */
  pass(): Promise<void>
  /** Ends all connections and closes the port, as a server that stops. */
  refuse(): Promise<void>
  /** Resets all connections, whatever they are doing, and takes new ones. */
  cut(): void
  /** Takes connections and bytes, and never answers. */
  freeze(): void
  /** Never answers on the connections that are open, and takes new ones, as after the failure of a firewall. */
  strand(): void
}

interface Link {
  readonly near: Socket
  readonly far: Socket
}

export async function startProxy(t: TestContext, target: string): Promise<TcpProxy> {
  const { hostname, port: farPort } = new URL(target)
  const links = new Set<Link>()
  let isFrozen = false
  const server = createServer((near) => {
    const link = { near, far: connect(Number(farPort), hostname) }
    links.add(link)
    relay(link.near, link.far)
    relay(link.far, link.near)
    near.on('close', () => links.delete(link))
    if (isFrozen) hold(link)
  })
  const port = await freePort()
  await listen(server, port)
  const url = new URL(target)
  url.host = `127.0.0.1:${port}`

  const cut = (): void => {
    for (const { near } of links) near.resetAndDestroy()
  }
  const refuse = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    cut()
    await once(server, 'close')
  }
  const strand = (): void => {
    for (const link of links) hold(link)
  }
  t.after(refuse)
  return {
    url: url.href,
    cut,
    refuse,
    strand,
    freeze() {
      isFrozen = true
      strand()
    },
    async pass() {
      isFrozen = false
      for (const { near, far } of links) {
        near.resume()
        far.resume()
      }
      if (!server.listening) await listen(server, port)
    },
  }
}

function relay(from: Socket, to: Socket): void {
  from.on('data', (chunk) => to.write(chunk))
  from.on('close', () => to.destroy())
  // Its 'close' follows.
  from.on('error', () => undefined)
}

function hold({ near, far }: Link): void {
  near.pause()
  far.pause()
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}
