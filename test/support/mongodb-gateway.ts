// MongoDB's wire protocol (OP_MSG) in front of PostgreSQL with the extension DocumentDB: the commands that our stores,
// their tests and examples/data-api use, and no others. No transactions, and no result of more than one page.
import { createServer, type Server, type Socket } from 'node:net'
import { BSON } from 'mongodb'
import pg from 'pg'

const { onDemand, serialize, deserialize } = BSON
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const MORE_TO_COME = 2

/** A command, as bytes for the database, with what the gateway itself has to know of it. */
interface Command {
  readonly name: string
  /** The collection, where it names one. */
  readonly target: string
  readonly db: string
  readonly bson: Buffer
}

/** What DocumentDB calls its functions. Each is asked for one value of BSON. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  insert: 'SELECT p_result AS bson FROM documentdb_api.insert($1, $2)',
  update: 'SELECT p_result AS bson FROM documentdb_api.update($1, $2)',
  delete: 'SELECT p_result AS bson FROM documentdb_api.delete($1, $2)',
  findAndModify: 'SELECT p_result AS bson FROM documentdb_api.find_and_modify($1, $2)',
  createIndexes: 'SELECT documentdb_api_internal.create_indexes_non_concurrently($1, $2, true) AS bson',
  dropIndexes: 'CALL documentdb_api.drop_indexes($1, $2)',
  ...Object.fromEntries(
    Object.entries({ find: 'find', aggregate: 'aggregate', listIndexes: 'list_indexes' }).map(
      ([name, called]) => [
        name,
        `SELECT cursorpage AS bson, cursorid <> 0 AS more FROM documentdb_api.${called}_cursor_first_page($1, $2, 0)`,
      ],
    ),
  ),
}
const READS = ['find', 'aggregate', 'listIndexes']

/** MongoDB's codes of the errors that DocumentDB names by an SQLSTATE of its own, and of PostgreSQL's own. */
const CODES: Readonly<Record<string, number>> = {
  ...{
    M0001: 2,
    M0003: 9,
    M0004: 14,
    M0008: 26,
    M0009: 27,
    M000D: 40,
    M000G: 52,
    M000J: 56,
    M000M: 66,
    M000N: 67,
  },
  ...{ M000Q: 73, M000R: 85, M000S: 86, M001C: 11000, M00CO: 121 },
  ...{ '23505': 11000, '23P01': 11000, '40001': 112, '40P01': 112, '55P03': 112, '57014': 50 },
}

class CommandError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

/** Listens on a free port of loopback. */
export async function startGateway(
  connectionString: string,
): Promise<{ url: string; close: () => Promise<void> }> {
  const pool = new pg.Pool({ connectionString, max: 60 })
  /** The writes to each collection go one after another: DocumentDB answers a race for a unique key with a deadlock. */
  const queues = new Map<string, Promise<unknown>>()
  const sockets = new Set<Socket>()

  async function ask(sql: string, { db, bson }: Command): Promise<Buffer> {
    const values = [db, `BSONHEX${bson.toString('hex')}`]
    const { rows } = await pool.query<{ bson?: string; retval?: string; more?: boolean }>(sql, values)
    if (rows[0]?.more) throw new CommandError(1, 'the test gateway has no results of more than one page')
    return Buffer.from((rows[0]?.bson ?? rows[0]?.retval ?? '').slice('BSONHEX'.length), 'hex')
  }

  /** @returns an object, or the bytes of BSON that DocumentDB answered */
  async function execute(command: Command): Promise<object> {
    const { name, db, target } = command
    if (/^(?:hello|ismaster)$/i.test(name)) return hello()
    if (name === 'ping' || name === 'endSessions' || name === 'killCursors') return {}
    if (name === 'drop') {
      const { rows } = await pool.query('SELECT documentdb_api.drop_collection($1, $2) AS dropped', [
        db,
        target,
      ])
      if ((rows as { dropped: boolean }[])[0]?.dropped) return {}
      throw new CommandError(26, 'ns not found')
    }
    if (name === 'dropDatabase') {
      await pool.query('SELECT documentdb_api.drop_database($1)', [db])
      return { dropped: db }
    }
    const sql = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
    if (sql === undefined) throw new CommandError(59, `the test gateway has no command '${name}'`)
    const run = () => ask(sql, command)
    return READS.includes(name) ? run() : withCodes(await inTurn(`${db}.${target}`, run))
  }

  function inTurn<T>(queue: string, run: () => Promise<T>): Promise<T> {
    const done = (queues.get(queue) ?? Promise.resolve()).then(run)
    queues.set(
      queue,
      done.catch(() => undefined),
    )
    return done
  }

  async function answer(message: Buffer, socket: Socket): Promise<void> {
    const id = message.readInt32LE(4)
    if (message.readInt32LE(12) === OP_QUERY) {
      // A driver's first word, to servers of any age.
      const head = Buffer.alloc(20)
      head.writeInt32LE(1, 16)
      send(socket, OP_REPLY, id, Buffer.concat([head, serialize({ ...hello(), ok: 1 })]))
      return
    }
    const reply = await execute(readCommand(message)).catch(errorReply)
    if ((message.readUInt32LE(16) & MORE_TO_COME) === 0)
      send(socket, OP_MSG, id, Buffer.concat([Buffer.alloc(5), bytesOf(reply)]))
  }

  const server: Server = createServer((socket) => {
    let received = Buffer.alloc(0)
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy()) // a client that went away
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 16 && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0)
        answer(received.subarray(0, length), socket).catch((error: unknown) => {
          console.error(error)
          socket.destroy()
        })
        received = received.subarray(length)
      }
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  return {
    url: `mongodb://127.0.0.1:${port}/`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
      await pool.end()
    },
  }
}

/** Speaks as mongos does, which has no oplog that a driver could ask about. */
const hello = () => ({
  ...{ helloOk: true, ismaster: true, isWritablePrimary: true, msg: 'isdbgrid', readOnly: false },
  ...{ maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 },
  ...{ localTime: new Date(), logicalSessionTimeoutMinutes: 30, minWireVersion: 0, maxWireVersion: 21 },
})

/** For the server, not for the database; and how large a page is, since everything has to fit into one. */
const ENVELOPE = /^(?:lsid|txnNumber|batchSize|cursor|readConcern|writeConcern|\$.*)$/

/** Reads an OP_MSG: one document, and lists of further ones (insert's documents, say), which become its members. */
function readCommand(message: Buffer): Command {
  const end = message.length - (message.readUInt32LE(16) & 1 ? 4 : 0) // a checksum
  const members: Uint8Array[] = []
  let first: Record<string, unknown> = {}
  for (let at = 20; at < end;) {
    const kind = message[at]
    const length = message.readInt32LE(at + 1)
    const section = message.subarray(at + 1, at + 1 + length)
    at += 1 + length
    if (kind === 0) {
      first = deserialize(section)
      // Byte for byte, as an object of JavaScript would put keys like "10" into another order.
      for (const [, nameAt, nameLength, valueAt, valueLength] of onDemand.parseToElements(section))
        if (!ENVELOPE.test(section.toString('utf8', nameAt, nameAt + nameLength)))
          members.push(section.subarray(nameAt - 1, valueAt + valueLength))
    } else {
      const nameEnd = section.indexOf(0, 4)
      members.push(Buffer.from([4]), section.subarray(4, nameEnd + 1), listOf(section.subarray(nameEnd + 1)))
    }
  }
  const [name = ''] = Object.keys(first)
  if (name === 'aggregate') members.push(memberOf({ cursor: { batchSize: 1_000_000 } }))
  if (name === 'find') members.push(memberOf({ batchSize: 1_000_000 }))
  return { name, target: String(first[name]), db: String(first.$db), bson: documentOf(members) }
}

/** The members of a document, without its length and its end. */
const memberOf = (document: object): Uint8Array => serialize(document).subarray(4, -1)

function documentOf(members: readonly Uint8Array[]): Buffer {
  const document = Buffer.concat([Buffer.alloc(4), ...members, Buffer.from([0])])
  document.writeInt32LE(document.length, 0)
  return document
}

/** Documents that follow one another, as an array of BSON. */
function listOf(documents: Buffer): Buffer {
  const items: Buffer[] = []
  for (let at = 0; at < documents.length;) {
    const length = documents.readInt32LE(at)
    items.push(Buffer.from(`\x03${items.length}\0`), documents.subarray(at, at + length))
    at += length
  }
  return documentOf(items)
}

const bytesOf = (reply: object): Uint8Array =>
  reply instanceof Uint8Array ? reply : serialize({ ok: 1, ...reply })

function send(socket: Socket, operation: number, to: number, body: Buffer): void {
  const head = Buffer.alloc(16)
  for (const [index, value] of [16 + body.length, 1, to, operation].entries())
    head.writeInt32LE(value, 4 * index)
  socket.write(Buffer.concat([head, body]))
}

/** Puts MongoDB's codes in the place of DocumentDB's, also where an answer hides a failure. */
function withCodes(bson: Buffer): object {
  const reply = deserialize(bson) as {
    raw?: { defaultShard?: { code?: number; errmsg?: string } }
    writeErrors?: { code: number }[]
  }
  const shard = reply.raw?.defaultShard // of createIndexes
  if (shard?.code !== undefined) throw new CommandError(codeOf(Number(shard.code)), String(shard.errmsg))
  if (!reply.writeErrors) return shard ?? bson
  for (const error of reply.writeErrors) error.code = codeOf(Number(error.code))
  return reply
}

/** PostgreSQL packs an SQLSTATE into a number, six bits for each of its characters. */
function codeOf(packed: number): number {
  if (packed < 2 ** 24) return packed
  return (
    CODES[[0, 6, 12, 18, 24].map((bits) => String.fromCharCode(((packed >> bits) & 63) + 48)).join('')] ?? 1
  )
}

function errorReply(error: unknown): object {
  if (!(error instanceof Error)) throw error
  const { code, message } = error as Error & { code?: unknown }
  return { ok: 0, errmsg: message, code: typeof code === 'number' ? code : (CODES[String(code)] ?? 1) }
}
