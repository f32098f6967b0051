// The endpoint: POST /app/:appId/functions/call, with { name, arguments } in Extended JSON.
import type { Request, RequestHandler, Response } from 'express'
import { BSON } from 'mongodb'
import { FunctionError, functions } from './functions.js'

const { EJSON } = BSON

/** Runs the function that the body names, as the user of the request. The guard goes before it. */
export const callFunction: RequestHandler = (req, res, next) => {
  run(req, res).catch(next)
}

async function run({ body, user }: Request, res: Response): Promise<void> {
  const call = parse(body)
  if (!call)
    return refuse(res, 400, 'InvalidParameter', 'the body is not { name, arguments } in Extended JSON')
  const { name, arguments: args } = call
  const called = functions.get(name)
  if (!called) return refuse(res, 404, 'FunctionNotFound', `function not found: '${name}'`)
  if (!user) throw new Error('functions need a guard before them')
  try {
    const result = await called({ user }, ...args)
    // Canonical: the native SDKs read nothing else.
    answer(res, 200, EJSON.stringify(result ?? null, { relaxed: false }))
  } catch (error) {
    if (!(error instanceof FunctionError)) console.error(`The function ${name} failed:`, error)
    const message = error instanceof FunctionError ? error.message : `the function '${name}' failed`
    refuse(res, 400, 'FunctionExecutionError', message)
  }
}

function parse(body: unknown): { name: string; arguments: readonly unknown[] } | undefined {
  try {
    const call = EJSON.parse(String(body)) as { name?: unknown; service?: unknown; arguments?: unknown }
    const { name, service, arguments: args = [] } = call
    // A call of a service, as user.mongoClient(…) sends it, is a function of that service: there is none here.
    if (typeof name !== 'string' || !Array.isArray(args)) return undefined
    return { name: typeof service === 'string' ? `${service}/${name}` : name, arguments: args }
  } catch {
    return undefined
  }
}

function refuse(res: Response, status: number, error_code: string, error: string): void {
  answer(res, status, JSON.stringify({ error, error_code, link: '' }))
}

/** Without the charset that Express adds: native SDKs compare the whole header. */
function answer(res: Response, status: number, text: string): void {
  res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(text)
}
