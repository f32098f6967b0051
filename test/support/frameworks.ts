// One app, `GET /api/me` behind the guard and the session routes beside it, in everything that can mount them.
import connect from 'connect'
import express, { type Express } from 'express'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { errorHandler, type CustomJwtAuth, type User } from 'custom-jwt-auth'

/** What the handler behind the guard saw. */
export type Seen = User | undefined

export interface AppParts {
  readonly auth: CustomJwtAuth
  readonly sessions: boolean
  /** What the handler behind the guard saw, request by request. */
  readonly seen: Seen[]
}

export type BuildApp = (parts: AppParts) => RequestListener

/** The handler behind the guard. */
export function meHandler(seen: Seen[]) {
  return (req: IncomingMessage & { user?: User | undefined }, res: ServerResponse): void => {
    const { user } = req
    seen.push(user)
    res.setHeader('Content-Type', 'application/json')
    res.end(JSON.stringify(user ?? { anonymous: true }))
  }
}

function expressWith(mount: (app: Express, parts: AppParts) => void): BuildApp {
  return (parts) => {
    const app = express()
    app.set('env', 'test') // keeps Express from printing refusals
    if (parts.sessions) app.use(parts.auth.sessionRoutes())
    mount(app, parts)
    app.use(errorHandler())
    return app as RequestListener
  }
}

/** The guard for everything below a path. */
export const expressApp = expressWith((app, { auth, seen }) => {
  app.use('/api', auth)
  app.all('/api/me', meHandler(seen))
})

const expressRouter = expressWith((app, { auth, seen }) => {
  const router = express.Router()
  router.use(auth)
  router.all('/me', meHandler(seen))
  app.use('/api', router)
})

const expressRoute = expressWith((app, { auth, seen }) => {
  app.all('/api/me', auth, meHandler(seen))
})

const connectApp: BuildApp = ({ auth, sessions, seen }) => {
  const app = connect()
  if (sessions) app.use(auth.sessionRoutes())
  app.use('/api', auth)
  app.use('/api/me', meHandler(seen))
  app.use(errorHandler())
  return app
}

const bareHttp: BuildApp = ({ auth, sessions, seen }) => {
  const answerError = errorHandler()
  const routes = sessions ? auth.sessionRoutes() : undefined
  const me = meHandler(seen)
  return (req, res) => {
    const fail = (error: unknown): void => {
      answerError(error, req, res, () => res.writeHead(500).end())
    }
    const guarded = (): void => {
      auth(req, res, (error) => {
        if (error === undefined) me(req, res)
        else fail(error)
      })
    }
    if (!routes) guarded()
    else
      routes(req, res, (error) => {
        if (error === undefined) guarded()
        else fail(error)
      })
  }
}

export const frameworks: Readonly<Record<string, BuildApp>> = {
  'app.use() of Express': expressApp,
  'a router of Express': expressRouter,
  'a single route of Express': expressRoute,
  Connect: connectApp,
  'a bare node:http handler': bareHttp,
}
