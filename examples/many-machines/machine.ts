// One machine: what each of the processes does.
import cluster from 'node:cluster'
import express, { type RequestHandler } from 'express'
import pg from 'pg'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'

/** Starts the app of this process, which ends when the cluster lets go of it. */
export async function serve(): Promise<void> {
  const pool = new pg.Pool({
    connectionString: process.env.POSTGRES_URL,
    connectionTimeoutMillis: 3000,
    query_timeout: 4000,
  })
  const auth = customJwtAuth({
    appId: 'myapp-abcde',
    signingAlgorithm: 'HS256',
    signingKeys: [process.env.SIGNING_KEY], // the secret that the issuer signs with
    metadataFields: [{ name: 'role' }],
    autoCreateUser: true,
    store: postgresStore({ pool }),
    session: {
      signingKeys: [process.env.SESSION_KEY], // another secret, the same on all machines
      checkRevocation: true, // what another machine revokes is refused here at once
    },
  })
  try {
    await auth.ready() // the tables are there, and the server answers
  } catch (error) {
    return giveUp(`PostgreSQL does not answer (${reasonOf(error)}). Start it, or correct POSTGRES_URL`)
  }

  const onlyAdmins: RequestHandler = (req, res, next) => {
    if (auth.userOf(req).data.role === 'admin') next()
    else res.status(403).json({ error: 'only for administrators', error_code: 'Forbidden', link: '' })
  }

  const app = express()
  app.use((_req, res, next) => {
    res.set('X-Machine', String(cluster.worker?.id))
    // At the end, a client that goes on and on with its connection has to turn to another machine.
    if (cluster.worker?.exitedAfterDisconnect) res.set('Connection', 'close')
    next()
  })
  app.use(auth.sessionRoutes())
  app.get('/api/me', auth, (req, res) => res.json(req.user))
  app.post('/admin/disable/:id', auth, onlyAdmins, (req, res, next) => {
    auth.users.disable(String(req.params.id)).then((disabled) => res.json({ disabled }), next)
  })
  app.use(errorHandler())
  const server = app.listen(process.env.PORT ?? 3000)
  server.on('error', ({ message }) => {
    giveUp(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  })

  // Ctrl-C reaches every process of a terminal, but when to end is the first one's to say.
  process.on('SIGINT', () => undefined)
  // By then the server is closed, and every request answered.
  process.once('disconnect', () => {
    void auth.close().then(() => pool.end())
  })
}

/** Tells the first process why this one cannot go on: it says it once, though all of them fail alike. */
function giveUp(why: string): void {
  process.send?.({ why }, () => process.exit(1))
}

/** Never more of a driver's error than its code: the rest may quote the address with its password. */
function reasonOf(error: unknown): string {
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown[] }
  const inner = cause ?? errors?.[0]
  if (inner !== undefined) return reasonOf(inner)
  return typeof code === 'string' ? code : 'no answer in time'
}
