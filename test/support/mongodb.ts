// A MongoDB-compatible server for tests, where there is no MongoDB: see documentdb.sh for what it needs.
//
//   npx tsx test/support/mongodb.ts      prints MONGODB_URI=…, and serves until it is ended
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { freePort } from './free-port.js'
import { startGateway } from './mongodb-gateway.js'

const script = fileURLToPath(new URL('documentdb.sh', import.meta.url))
const engine = (...args: string[]): string =>
  execFileSync('bash', [script, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

const said = engine(String(await freePort()))
const [, postgresUrl = '', folder = ''] = /^POSTGRES_URL=(.+)\nPGDIR=(.+)$/m.exec(said) ?? []
const client = new pg.Client(postgresUrl)
await client.connect()
await client.query('CREATE EXTENSION documentdb CASCADE')
await client.end()
const gateway = await startGateway(postgresUrl)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void gateway.close().finally(() => engine('stop', folder))
  })
console.log(`MONGODB_URI=${gateway.url}`)
