// The app: session routes, and one route that needs a user. Of the issuer it knows where its key set is.
import { randomBytes } from 'node:crypto'
import express, { type Express } from 'express'
import { customJwtAuth, errorHandler, memoryStore } from 'custom-jwt-auth'

export const APP_ID = 'myapp-abcde'

export function createApp(jwkUri: string): Express {
  const auth = customJwtAuth({
    appId: APP_ID,
    jwkUri,
    metadataFields: [{ name: 'user_data.name', fieldName: 'name', required: true }],
    autoCreateUser: true,
    session: { signingKeys: [randomBytes(32).toString('hex')] },
    store: memoryStore(),
  })

  const app = express()
  app.use(auth.sessionRoutes())
  app.use('/api', auth)
  app.get('/api/me', (req, res) => {
    res.json(req.user)
  })
  app.use(errorHandler())
  return app
}
