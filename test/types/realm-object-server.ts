// docs/realm-object-server.md, and what its routes take. Compiled, never run.
import connect from 'connect'
import express from 'express'
import { customJwtAuth, issuers } from 'custom-jwt-auth'

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  ...issuers.realmObjectServer({ publicKey: process.env.JWT_PUBLIC_KEY }),
  session: { signingKeys: [process.env.SESSION_KEY] },
})

export const app = express()
app.use(auth.realmObjectServerRoutes())
app.use('/api', auth)

connect().use(auth.realmObjectServerRoutes())
