// The endpoint: POST /app/:appId/endpoint/data/v1/action/:action, or beta in place of v1
import express, { type Request, type Response, type Router } from 'express'
import 'custom-jwt-auth/express' // the type of req.user
import { actions } from './actions.js'
import type { Database } from './database.js'
import { invalid, missing, notFound, DataApiError } from './errors.js'
import { answer, parseBody, type Document } from './formats.js'
import { checkCollection } from './rules.js'

const BODY_TYPES = ['application/json', 'application/ejson']

/** The routes of the Data API. The guard goes before them, and `answerErrors` after them. */
export function dataApi(appId: string, database: Database): Router {
  const act = async (req: Request, res: Response): Promise<void> => {
    if (req.params.appId !== appId)
      throw notFound('AppNotFound', `there is no app '${String(req.params.appId)}'`)
    const action = actions.get(String(req.params.action))
    if (!action) throw notFound('EndpointNotFound', `there is no action '${String(req.params.action)}'`)
    if (typeof req.body !== 'string')
      throw new DataApiError(415, 'InvalidParameter', `the body must be ${BODY_TYPES.join(' or ')}`)
    const body = parseBody(req.body)
    readName(body, 'dataSource') // there is one, whatever a client calls it
    const names = [readName(body, 'database'), readName(body, 'collection')] as const
    checkCollection(...names)
    const owner = req.user?.id
    if (owner === undefined) throw new Error('the Data API needs a guard before it')
    const result = await action({ collection: database.collection(...names), owner, body })
    answer(req, res, result.status ?? 200, result.body)
  }

  const router = express.Router()
  const readText = express.text({ type: BODY_TYPES, limit: '1mb' })
  // The path of the first years is spoken too: older clients and pages have it.
  for (const version of ['v1', 'beta'])
    router.post(`/app/:appId/endpoint/data/${version}/action/:action`, readText, (req, res, next) => {
      act(req, res).catch(next)
    })
  return router
}

function readName(body: Document, name: string): string {
  const value = body[name]
  if (value === undefined) throw missing(name)
  if (typeof value !== 'string' || value === '') throw invalid(`'${name}' must be a string`)
  return value
}
