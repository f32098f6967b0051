// What is attacked: an app with a guard, its session routes, and a route that explains tokens, of the package in a folder.
//   server.mjs PACKAGE OPTIONS
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const [folder, settings] = process.argv.slice(2)
const { sqlite, tenants, ...options } = JSON.parse(settings)
const require = createRequire(join(folder, 'package.json'))
const express = require('express')
const { customJwtAuth, errorHandler } = require('custom-jwt-auth')
const store = sqlite && require('custom-jwt-auth/stores/sqlite').sqliteStore({ path: sqlite })

const auth = customJwtAuth({
  autoCreateUser: true,
  session: { signingKeys: ['only-for-this-bench-0123456789abcdef'] },
  ...(store && { store }),
  // A look into a database of tenants, none of whom is an attacker.
  ...(tenants && { providers: () => wait(5) }),
  ...options,
})

const app = express()
app.use(auth.sessionRoutes())
app.use('/api', auth)
app.get('/api/me', (req, res) => res.json({ id: req.user.id, identities: req.user.identities.length }))
app.post('/explain', express.text({ limit: '1mb' }), async (req, res) => {
  res.json(await auth.explain(req.body))
})
app.delete('/sessions/:userId', async (req, res) => {
  res.json(await auth.users.revokeSessions(req.params.userId))
})
app.post('/expired/:count', (req, res) => {
  fillWithExpired(Number(req.params.count))
  res.json(true)
})
app.use(errorHandler())

const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
process.send({ url: `http://127.0.0.1:${server.address().port}` })

/** Copies a session, as one that has expired, past the store: each by a login would take an hour. */
function fillWithExpired(count) {
  const Database = require('libsql')
  const database = new Database(sqlite)
  const { name } = database.prepare("SELECT name FROM sqlite_master WHERE name LIKE '%sessions'").get()
  const columns = database
    .prepare(`PRAGMA table_info(${name})`)
    .all()
    .map((column) => column.name)
    .filter((column) => column !== 'position')
  const values = { id: "printf('%024x', number)", expires_at: '1' }
  database.exec(`INSERT INTO ${name} (${columns.join()})
    WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${count})
    SELECT ${columns.map((column) => values[column] ?? column).join()}
    FROM numbers, (SELECT * FROM ${name} LIMIT 1)`)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  database.close()
}
