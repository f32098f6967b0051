import express from 'express'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'

const auth = customJwtAuth({
  appId: 'myapp-abcde', // whom the issuer's tokens are for: their `aud` claim
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY], // the secret that the issuer signs with
  metadataFields: [
    { name: 'user_data.name', fieldName: 'name', required: true },
    { name: 'user_data.aliases', fieldName: 'aliases' },
  ],
  autoCreateUser: true,
  session: { signingKeys: [process.env.SESSION_KEY] }, // another secret, known to this app alone
})

const app = express()
app.use(auth.sessionRoutes()) // log in, refresh, log out, profile
app.use('/api', auth) // everything below needs a user
app.get('/api/me', (req, res) => res.json(req.user))
app.use(errorHandler()) // what was refused, and why, as JSON

const server = app.listen(process.env.PORT ?? 3000)
server.on('listening', () => {
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
