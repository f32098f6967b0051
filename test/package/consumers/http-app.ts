// Compiled against the packed declarations with nothing but @types/node beside them.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { customJwtAuth, memoryStore, type User, type UserOf } from 'custom-jwt-auth'

const auth = customJwtAuth({
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: [process.env.SIGNING_KEY],
  store: memoryStore(),
})

export const middleware: (
  req: IncomingMessage,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => unknown = auth

export const oldRoutes: typeof middleware = auth.realmObjectServerRoutes()

export const server = createServer((req, res) => {
  auth(req, res, (error) => {
    res.statusCode = error === undefined ? 200 : 401
    res.end()
  })
})

export const idOf = (user: User): string => user.id
export const idOfOurs = (user: UserOf<typeof auth>): string => user.id

// @ts-expect-error appId is required.
customJwtAuth({ signingAlgorithm: 'HS256', signingKeys: [process.env.SIGNING_KEY] })
