// Some routes are open, some need a user, one greets everyone, one is for administrators.
import express, { type RequestHandler } from 'express'
import { customJwtAuth, errorHandler, memoryStore, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import 'custom-jwt-auth/express' // the type of req.user

const options = {
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY],
  metadataFields: [{ name: 'name' }, { name: 'role' }],
  autoCreateUser: true,
  store: memoryStore(), // both guards know the same users
} as const satisfies CustomJwtAuthOptions

const signedIn = customJwtAuth(options)
const signedInOrNot = customJwtAuth({ ...options, credentialsRequired: false })

/** Goes after a guard: lets only users with this role pass. */
const onlyFor = (role: string): RequestHandler => {
  const refusal = { error: `only for users with the role ${role}`, error_code: 'Forbidden', link: '' }
  return function checkRole(req, res, next) {
    if (req.user?.data.role === role) next()
    else res.status(403).json(refusal)
  }
}

const app = express()

// Open: no guard.
app.get('/', (_req, res) => {
  res.json({ message: 'Everybody may read this.' })
})

// Optional: without credentials there is no req.user; bad credentials are refused all the same.
app.get('/hello', signedInOrNot, (req, res) => {
  const { name } = req.user?.data ?? {}
  res.json({ message: `Hello ${typeof name === 'string' ? name : 'stranger'}!` })
})

// One route: the guard stands before its handler.
app.get('/orders', signedIn, (req, res) => {
  res.json({ orders: [], of: req.user?.id })
})

// A whole router: the guard comes first, so no route added later can be forgotten.
const account = express.Router()
account.use(signedIn)
account.get('/', (req, res) => {
  res.json(req.user)
})
account.get('/identities', (req, res) => {
  res.json(req.user?.identities)
})
app.use('/account', account)

// For a given claim: the token's `role` has to be admin.
app.get('/admin', signedIn, onlyFor('admin'), (req, res) => {
  res.json({ message: 'Welcome, administrator.', id: req.user?.id })
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
