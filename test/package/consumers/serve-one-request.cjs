// What both kinds of consumer do with what they imported: serve one signed request, and print the answer.
const { createHmac } = require('node:crypto')
const { once } = require('node:events')

const appId = 'myapp-abcde'
const key = 'a-secret-that-only-two-lines-of-this-test-know'

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const content = [
  { alg: 'HS256', typ: 'JWT' },
  { aud: appId, sub: '24601', exp: Math.floor(Date.now() / 1000) + 60 },
]
  .map(encode)
  .join('.')
const token = `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`

exports.serveOneRequest = async (express, { customJwtAuth, errorHandler, memoryStore }) => {
  const auth = customJwtAuth({
    appId,
    signingAlgorithm: 'HS256',
    signingKeys: [key],
    autoCreateUser: true,
    session: { signingKeys: [key.toUpperCase()] },
    store: memoryStore(),
  })
  const app = express()
  app.use(auth.realmObjectServerRoutes())
  app.use('/api', auth)
  app.get('/api/me', (req, res) => res.json(req.user))
  app.use(errorHandler())

  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  const [known, unknown, old] = await Promise.all([
    fetch(`${url}/api/me`, { headers: { jwtTokenString: token } }),
    fetch(`${url}/api/me`),
    fetch(`${url}/auth`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ provider: 'jwt', data: token }),
    }),
  ])
  console.log(
    JSON.stringify({
      known: { status: known.status, subject: (await known.json()).identities[0].id },
      unknown: { status: unknown.status, error: (await unknown.json()).error },
      old: { status: old.status, subject: (await old.json()).refresh_token.token_data.identity },
    }),
  )
  server.close()
}
