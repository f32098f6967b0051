// Connect and a bare node:http server. Compiled, never run.
import { createServer } from 'node:http'
import connect from 'connect'
import { customJwtAuth, errorHandler, memoryStore } from 'custom-jwt-auth'

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  signingAlgorithm: 'RS256',
  signingKeys: [{ key: process.env.PUBLIC_KEY, kid: 'first' }],
  session: { signingKeys: [{ key: process.env.SESSION_KEY, encoding: 'hex' }] },
  store: memoryStore({ maxUsers: 100 }),
})

export const app = connect()
app.use(auth.sessionRoutes())
app.use('/api', auth)
app.use(auth)
app.use(errorHandler())

export const server = createServer((req, res) => {
  auth(req, res, (error?: unknown) => {
    if (error === undefined) res.end(auth.userOf(req).id)
    else errorHandler()(error, req, res, () => res.end())
  })
})
