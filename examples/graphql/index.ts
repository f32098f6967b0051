// A GraphQL endpoint for signed-in users, where the retired service had its own.
import express, { type ErrorRequestHandler } from 'express'
import { createHandler } from 'graphql-http/lib/use/express'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import { createListings, schema } from './listings.js'

const appId = process.env.APP_ID ?? 'myapp-abcde'
const auth = customJwtAuth({
  appId,
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY], // the secret that the issuer signs with
  autoCreateUser: true,
  session: { signingKeys: [process.env.SESSION_KEY] }, // another secret, known to this app alone
})

/** What is not a GraphQL request at all is answered in GraphQL's words too. */
const answerUnreadable: ErrorRequestHandler = (
  error: { status?: number; message?: string },
  _req,
  res,
  next,
) => {
  const { status = 500, message } = error
  if (res.headersSent || status >= 500) next(error)
  else res.status(status).json({ errors: [{ message }] })
}

const app = express()
// Before the session routes: they answer everything else below /api/client/v2.0.
// GET has queries alone, as some clients send them: a mutation by GET is answered with 405.
app.all(
  `/api/client/v2.0/app/${appId}/graphql`,
  auth,
  express.json({ limit: '100kb' }),
  createHandler({
    schema,
    rootValue: createListings(),
    context: ({ raw }) => ({ userId: raw.user?.id }),
  }),
)
app.use(auth.sessionRoutes())
app.use(errorHandler(), answerUnreadable)

const server = app.listen(process.env.PORT ?? 3000)
server.on('listening', () => {
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
