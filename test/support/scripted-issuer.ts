// An issuer that does with a request whatever a test wants: real HTTP, with faults.
import type { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { rsaKeys } from './tokens.js'

export interface ScriptedIssuer {
  /** Without a slash at its end. */
  readonly url: string
  readonly jwkUri: string
  /** What was asked, in order. */
  readonly requests: IncomingMessage[]
  /** What it does from now on. */
  answer: RequestListener
  /** How many connections it has. */
  connections(): Promise<number>
}

/** Listens on a free port of loopback until the test ends. */
export async function startIssuer(t: TestContext, answer: RequestListener): Promise<ScriptedIssuer> {
  const requests: IncomingMessage[] = []
  // Idle connections are the client's to close: see server.ts.
  const server = createServer({ keepAliveTimeout: 0 }, (req, res) => {
    requests.push(req)
    issuer.answer(req, res)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const issuer: ScriptedIssuer = {
    url,
    jwkUri: `${url}/jwks`,
    requests,
    answer,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => {
          if (error) reject(error)
          else resolve(count)
        })
      }),
  }
  return issuer
}

/** Answers with a document, or with the text as it is. */
export function answerWith(body: object | string | Buffer, headers: Readonly<Record<string, string>> = {}) {
  return ((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', ...headers })
    res.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  }) satisfies RequestListener
}

/** A public key as issuers publish it; undefined leaves a member out. */
export function jwkOf(publicKey: KeyObject, members: object = {}): Readonly<Record<string, unknown>> {
  return JSON.parse(
    JSON.stringify({ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', ...members }),
  ) as Record<string, unknown>
}

/** A JWKS of RSA keys, each named as {@link rsaKeys} names it. */
export function jwksOf(...names: readonly string[]): { keys: object[] } {
  return { keys: names.map((kid) => jwkOf(rsaKeys(kid).publicKey, { kid })) }
}
