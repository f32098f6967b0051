// An Express app, with req.user typed by an import. Compiled, never run.
import express, { type Request, type RequestHandler } from 'express'
import {
  customJwtAuth,
  errorHandler,
  type Identity,
  type User,
  type UserData,
  type UserOf,
} from 'custom-jwt-auth'
import 'custom-jwt-auth/express'
import type { Equal } from './equal.js'

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY],
  metadataFields: [
    { name: 'user_data.name', fieldName: 'name', required: true },
    { name: 'user_data.aliases' },
  ],
  session: { signingKeys: [process.env.SESSION_KEY, process.env.OLD_SESSION_KEY] },
})

export const app = express()
app.use(auth)
app.use('/api', auth)
app.use(auth.sessionRoutes())
app.use('/base', auth.sessionRoutes())
app.get('/one', auth, (_req, res) => {
  res.end()
})
app.post('/two', [auth, express.json()], ((_req, res) => {
  res.end()
}) satisfies RequestHandler)
app.route('/three').all(auth)

const router = express.Router()
router.use(auth)
router.use('/below', auth, express.json())
router.delete('/four', auth, (req, res) => {
  res.json(req.user)
})
app.use(router)

app.get('/user', (req, res) => {
  const isOptional: Equal<typeof req.user, Express.User | undefined> = true
  const id: string | undefined = req.user?.id
  const identities: readonly Identity[] = req.user?.identities ?? []
  const data: UserData | undefined = req.user?.data
  const whole: User | undefined = req.user
  res.json({ isOptional, id, identities, data, whole })
})

app.get('/with-parameters/:name', auth, (req, res) => {
  const name: string = req.params.name
  res.json({ name, user: req.user?.custom_data })
})

// What a guard of one's own knows: its fields, too.
app.get('/our-user', (req, res) => {
  const user = auth.userOf(req)
  const isOurs: Equal<typeof user, UserOf<typeof auth>> = true
  res.json({ isOurs, name: user.data.name, aliases: user.data.aliases ?? [] })
})

app.get('/optional', auth.optional, (req, res) => {
  const id: string | undefined = req.user?.id
  res.json({ id })
})

export function requireUser(req: Request): User {
  if (!req.user) throw new Error('mount the guard first')
  return req.user
}

app.use(errorHandler())
