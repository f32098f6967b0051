// The Data API of the retired service, in front of your own MongoDB, or of an embedded engine for trying out.
import express from 'express'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import { dataApi } from './app.js'
import { embeddedDatabase, mongoDatabase } from './database.js'
import { answerErrors } from './errors.js'

const appId = process.env.APP_ID ?? 'myapp-abcde'
const auth = customJwtAuth({
  appId,
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY], // the secret that the issuer signs with
  autoCreateUser: true, // the original's create_user_on_auth
  session: { signingKeys: [process.env.SESSION_KEY] }, // another secret, known to this app alone
})

const { MONGODB_URI } = process.env
const database = MONGODB_URI ? await mongoDatabase(MONGODB_URI) : embeddedDatabase()

const app = express()
app.use(auth.sessionRoutes())
app.use('/app', auth)
app.use(dataApi(appId, database))
app.use(errorHandler(), answerErrors)

const server = app.listen(process.env.PORT ?? 3000)
server.on('listening', () => {
  const where = MONGODB_URI ? 'a MongoDB server' : 'this process, until it ends'
  console.log(`Documents are kept in ${where}.`)
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
