// ts-jest, which compiles to CommonJS and reports what does not type-check.
import { createServer } from 'node:http'
import { customJwtAuth, type UserOf } from 'custom-jwt-auth'
import express from 'express'
import { options, serve } from '../guard.cjs'

test('a request is refused, another accepted', async () => {
  const auth = customJwtAuth({ ...options, signingAlgorithm: 'HS256' })
  const app = express()
  app.use(auth)
  app.use((req, res) => {
    const user: UserOf<typeof auth> = auth.userOf(req)
    res.json(user.identities.map(({ id }) => id))
  })
  await serve(createServer(app))
})
