// The API: session routes and the Data API of examples/data-api, at an origin of its own.
import { randomBytes } from 'node:crypto'
import express, { type Express } from 'express'
import { customJwtAuth, errorHandler, memoryStore } from 'custom-jwt-auth'
import { dataApi } from '../data-api/app.js'
import { embeddedDatabase } from '../data-api/database.js'
import { answerErrors } from '../data-api/errors.js'
import { allowOrigin } from './cors.js'

export const APP_ID = 'myapp-abcde'

export interface ApiParts {
  /** The secret that the issuer of tokens signs with. */
  readonly signingKey: string
  /** A clock that can be put forward, so that nobody has to wait for a token to expire. */
  readonly clock: { now(): number; advance(seconds: number): void }
  /** Whose pages may call. Without one the API answers, and browsers keep its answers from every page. */
  readonly pageOrigin: string | undefined
}

export function createApi({ signingKey, clock, pageOrigin }: ApiParts): Express {
  const auth = customJwtAuth({
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [signingKey],
    metadataFields: [{ name: 'name', required: true }],
    autoCreateUser: true,
    session: { signingKeys: [randomBytes(32).toString('hex')] },
    store: memoryStore(),
    clock: () => clock.now(),
  })

  const app = express()
  if (pageOrigin !== undefined) app.use(allowOrigin(pageOrigin))
  app.use(auth.sessionRoutes())
  // For this example alone. An access token lasts half an hour.
  app.post('/half-an-hour-later', (_req, res) => {
    clock.advance(30 * 60)
    res.json({ now: clock.now() })
  })
  app.use('/app', auth)
  app.use(dataApi(APP_ID, embeddedDatabase()))
  app.use(errorHandler(), answerErrors)
  return app
}
