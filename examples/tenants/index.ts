// Each tenant signs in with an issuer of its own, and sees its own notes alone. Tenants come and go while this runs.
import express, { json, type RequestHandler } from 'express'
import { customJwtAuth, errorHandler } from 'custom-jwt-auth'
import 'custom-jwt-auth/express' // the types of req.user and req.auth
import { addTenant, findTenant, removeTenant } from './tenants.js'

const OPERATOR = {
  name: 'operator',
  issuer: 'https://operator.example',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.OPERATOR_KEY],
} as const
const TTL_SECONDS = Number(process.env.TTL_SECONDS ?? 60)

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  // The issuer is what a token says before it is verified: it is looked up as a whole, and no URL is built from it.
  async providers(issuer) {
    if (issuer === OPERATOR.issuer) return OPERATOR
    const tenant = await findTenant(issuer)
    if (!tenant) return undefined
    // For a tenant with an OpenID provider: { name: tenant.id, discover: tenant.issuer, audience: … }
    return { name: tenant.id, issuer, signingAlgorithm: 'HS256', signingKeys: [tenant.key] }
  },
  // How long a tenant that was removed is still let in.
  cache: { providers: { ttlSeconds: TTL_SECONDS } },
  autoCreateUser: true,
})

/** Goes after the guard. The provider is the one whose keys verified the token: here, the tenant. */
const onlyOperator: RequestHandler = (req, res, next) => {
  if (req.auth?.provider === OPERATOR.name) next()
  else res.status(403).json({ error: 'only for the operator', error_code: 'Forbidden', link: '' })
}

const notes = new Map<string, string[]>()
const app = express()
app.use(auth)
app.use(json()) // after the guard: the bodies of strangers are not read

app.get('/notes', (req, res) => {
  res.json(notes.get(req.auth?.provider ?? '') ?? [])
})

app.post('/notes', (req, res) => {
  const tenant = req.auth?.provider ?? ''
  const { text } = (req.body ?? {}) as { text?: unknown }
  if (typeof text !== 'string') {
    res.status(400).json({ error: 'text is not a string', error_code: 'InvalidParameter', link: '' })
    return
  }
  notes.set(tenant, [...(notes.get(tenant) ?? []), `${auth.userOf(req).id.slice(0, 6)}: ${text}`])
  res.status(201).json(notes.get(tenant))
})

app.put('/tenants/:id', onlyOperator, async (req, res) => {
  const { id } = req.params as { id: string }
  const { issuer, key } = (req.body ?? {}) as { issuer?: unknown; key?: unknown }
  const isGood = /^[a-z][a-z0-9-]{0,30}$/.test(id) && id !== OPERATOR.name && issuer !== OPERATOR.issuer
  if (!isGood || typeof issuer !== 'string' || typeof key !== 'string' || key.length < 32)
    res.status(400).json({ error: 'not a tenant', error_code: 'InvalidParameter', link: '' })
  else if (await addTenant({ id, issuer, key })) res.status(201).json({ id, issuer })
  else res.status(409).json({ error: 'the id or issuer is taken', error_code: 'InvalidParameter', link: '' })
})

app.delete('/tenants/:id', onlyOperator, async (req, res) => {
  const { id } = req.params as { id: string }
  const isGone = await removeTenant(id)
  if (isGone) notes.delete(id)
  res.status(isGone ? 200 : 404).json({ removed: isGone })
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
