// Compiled against the packed declarations with @types/express, and with and without @types/passport.
import express from 'express'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import 'custom-jwt-auth/express'

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY],
})

export const app = express()
app.use(auth.sessionRoutes())
app.use('/api', auth)
app.get('/one-route', auth, (_req, res) => {
  res.end()
})
app.get('/api/me', (req, res) => {
  const id: string | undefined = req.user?.id
  res.json({ id, identities: req.user?.identities.map((identity) => identity.id) })

  // @ts-expect-error req.user is there only behind the guard, so it is optional.
  res.json(req.user.id)
})
app.use(express.Router().use(auth))
app.use(errorHandler())
