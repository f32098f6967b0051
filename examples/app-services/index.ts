// A server for the users and clients of an app that leaves App Services.
import { existsSync } from 'node:fs'
import express from 'express'
import { customJwtAuth, errorHandler, fromProvidersJson } from 'custom-jwt-auth'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'

if (existsSync('.env')) process.loadEnvFile('.env') // the secrets; variables that are set win

const { options, notCarriedOver } = fromProvidersJson(process.argv[2] ?? 'exported-app')
for (const { item, reason, fix } of notCarriedOver)
  console.log(`Not carried over: ${item}: ${reason}\n    ${fix}`)

const auth = customJwtAuth({
  ...options,
  session: { signingKeys: [process.env.SESSION_KEY] }, // a new secret, known to this server alone
  store: sqliteStore({ path: process.env.USERS_DB ?? 'users.db' }),
  logger: console, // why a request was refused
})
await auth.ready()

const app = express()
app.use(auth.sessionRoutes()) // what the SDKs call
app.get('/me', auth, (req, res) => res.json(req.user)) // your routes, behind the guard
app.use(errorHandler())

const server = app.listen(process.env.PORT ?? 3000)
server.on('listening', () => {
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
