// Some routes are open, some need a user, one greets everyone; two look at what the token in hand allows.
import express from 'express'
import { customJwtAuth, errorHandler, requireClaims, requireScopes } from 'custom-jwt-auth'
import 'custom-jwt-auth/express' // the types of req.user and req.auth

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY],
  metadataFields: [{ name: 'name', type: 'string' }],
  autoCreateUser: true,
})

const app = express()

// Open: no guard.
app.get('/', (_req, res) => {
  res.json({ message: 'Everybody may read this.' })
})

// Optional: without credentials there is no req.user; bad credentials are refused all the same.
app.get('/hello', auth.optional, (req, res) => {
  const name = req.user && auth.userOf(req).data.name
  res.json({ message: `Hello ${name ?? 'stranger'}!` })
})

// One route: the guard stands before its handler.
app.get('/orders', auth, (req, res) => {
  res.json({ orders: [], of: auth.userOf(req).id })
})

// A whole router: the guard comes first, so no route added later can be forgotten.
const account = express.Router()
account.use(auth)
account.get('/', (req, res) => {
  res.json(req.user)
})
account.get('/identities', (req, res) => {
  res.json(auth.userOf(req).identities)
})
app.use('/account', account)

// For a scope: the token has to contain it; the refusal of another token names the one that is missing.
app.get('/reports', auth, requireScopes('read:reports'), (_req, res) => {
  res.json({ reports: [] })
})

// For a claim: the token's `roles` have to contain admin. What other tokens of the same user say does not count.
app.get('/admin', auth, requireClaims({ roles: 'admin' }), (req, res) => {
  res.json({ message: 'Welcome, administrator.', id: auth.userOf(req).id })
})

app.use(errorHandler())

const server = app.listen(process.env.PORT ?? 3000)
server.on('listening', () => {
  console.log('Listening on', server.address())
})
server.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
