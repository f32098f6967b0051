// An HTTP client that sends what it is told, also what fetch() would refuse: headers twice, odd paths, bodies on DELETE.
import { once } from 'node:events'
import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { keepSecret, overhearAnswer } from './secrecy.js'

export interface Outgoing {
  readonly method?: string
  /** An array is sent as that many header lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object
  readonly agent?: Agent
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed JSON; empty when the answer is none. */
  readonly body: JsonBody
}

/** The fields of all JSON answers of the protocol. */
export interface JsonBody {
  readonly error?: string
  readonly error_code?: string
  readonly access_token: string
  readonly refresh_token: string
  readonly user_id: string
  readonly device_id: string
  readonly [field: string]: unknown
}

export async function send(url: string, { method = 'GET', headers, body, agent }: Outgoing): Promise<Answer> {
  const [, hostname, port, path] = /^http:\/\/([^:/]+):(\d+)(.*)$/s.exec(url) ?? []
  const isObject = typeof body === 'object' && !Buffer.isBuffer(body)
  const payload = isObject ? JSON.stringify(body) : body
  const allHeaders = {
    ...(isObject && { 'Content-Type': 'application/json' }),
    ...(payload !== undefined && { 'Content-Length': String(Buffer.byteLength(payload)) }),
    ...headers,
  }
  keepSecret(JSON.stringify(allHeaders))
  if (typeof payload === 'string') keepSecret(payload)
  const outgoing = request({
    hostname,
    port,
    path,
    method,
    headers: allHeaders as Record<string, string>,
    ...(agent && { agent }),
  })
  outgoing.setTimeout(60_000, () => outgoing.destroy(new Error('no answer within 60 s')))
  outgoing.end(payload)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return read(incoming)
}

async function read(incoming: IncomingMessage): Promise<Answer> {
  const text = await readText(incoming)
  const { statusCode: status = 0, headers } = incoming
  if (status < 400) keepSecret(text)
  else overhearAnswer(`${JSON.stringify(headers)}\n${text}`)
  const isJson = headers['content-type']?.startsWith('application/json') && text !== ''
  return { status, headers, text, body: (isJson ? JSON.parse(text) : {}) as JsonBody }
}

/** Sends bytes over a socket of its own, and returns all that came back until the server closed it. */
export async function sendRaw(url: string, bytes: string): Promise<{ status: number; text: string }> {
  keepSecret(bytes)
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  const text = await readText(socket)
  overhearAnswer(text)
  return { status: Number(text.slice(9, 12)), text }
}
