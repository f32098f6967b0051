// Functions that clients of the retired service's SDKs call: user.functions.sum(1, 2).
import express from 'express'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import { callFunction } from './call.js'

const appId = process.env.APP_ID ?? 'myapp-abcde'
const auth = customJwtAuth({
  appId,
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY], // the secret that the issuer signs with
  metadataFields: [{ name: 'name' }],
  // What a trigger on new users did: it runs before the account is stored, and a throw refuses it.
  autoCreateUser: ({ id }) => {
    console.log('Welcome', id)
  },
  session: { signingKeys: [process.env.SESSION_KEY] }, // another secret, known to this app alone
})

const app = express()
// Before the session routes: they answer everything else below /api/client/v2.0.
app.post(
  `/api/client/v2.0/app/${appId}/functions/call`,
  auth,
  express.text({ type: 'application/json', limit: '100kb' }),
  callFunction,
)
app.use(auth.sessionRoutes())
app.use(errorHandler())

const server = app.listen(process.env.PORT ?? 3000)
server.on('listening', () => {
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
