import type { IncomingMessage } from 'node:http'
import { authError } from '../errors.js'

const JSON_TYPE = /^application\/(?:json|ejson|[\w.-]+\+json)\s*(?:;|$)/i
const UTF_8 = /;\s*charset\s*=\s*"?utf-?8"?\s*(?:;|$)/i
/** Room for the device and the JSON around a token. */
const BYTES_BESIDE_TOKEN = 4096

/**
 * Reads the JSON of a request, even if the app's body parser came first, whatever it left in `req.body`. Nothing is
 * decompressed here: a token hardly compresses, and a small body could expand to a large one.
 * @returns undefined when there is no body
 * @throws {AuthError} BODY_TYPE_UNSUPPORTED, BODY_TOO_LARGE or BODY_INVALID
 */
export async function readJson(req: IncomingMessage, maxTokenLength: number): Promise<unknown> {
  const limit = maxTokenLength + BYTES_BESIDE_TOKEN
  // A parser that read the body has also decompressed it.
  const isRead = req.readableDidRead
  requireType(req, isRead)
  const sent = isRead ? undefined : await readBody(req, limit)
  const body: unknown = sent && sent.length > 0 ? sent : (req as { body?: unknown }).body
  if (body === undefined || body === null) return undefined
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return body
  if (body.length > limit) throw authError('BODY_TOO_LARGE')
  if (body.length === 0) return undefined
  if (req.headers['content-type'] === undefined) throw authError('BODY_TYPE_UNSUPPORTED')
  return parse(body)
}

function requireType({ headers }: IncomingMessage, isRead: boolean): void {
  const type = headers['content-type']
  // Requests from adapters may have null, or a list.
  const encoding: unknown = headers['content-encoding'] ?? 'identity'
  const isJson = type === undefined || (JSON_TYPE.test(type) && (!/charset/i.test(type) || UTF_8.test(type)))
  if (!isJson || (!isRead && String(encoding).toLowerCase() !== 'identity'))
    throw authError('BODY_TYPE_UNSUPPORTED')
}

async function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  // Refused before it arrives. Node reads and discards the rest.
  if (Number(req.headers['content-length']) > limit) throw authError('BODY_TOO_LARGE')
  const chunks: Buffer[] = []
  let size = 0
  try {
    // By default, leaving the loop would destroy the connection, and with it the answer.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      const bytes = Buffer.from(chunk as Buffer | string)
      size += bytes.length
      if (size > limit) break
      chunks.push(bytes)
    }
  } catch {
    throw authError('BODY_INVALID') // the client hung up
  }
  if (size > limit) throw authError('BODY_TOO_LARGE')
  return Buffer.concat(chunks)
}

function parse(body: string | Uint8Array): unknown {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body)
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // not JSON either
  }
  throw authError('BODY_INVALID')
}
