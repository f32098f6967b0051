// What the endpoint refuses, in the shape of the original's Data API: {"error", "error_code", "link"}.
import type { ErrorRequestHandler } from 'express'
import { MongoError, MongoInvalidArgumentError, MongoServerError } from 'mongodb'

export class DataApiError extends Error {
  constructor(
    readonly status: number,
    readonly error_code: string,
    message: string,
  ) {
    super(message)
  }
}

/** The request is not what the action takes. */
export const invalid = (message: string) => new DataApiError(400, 'InvalidParameter', message)
export const missing = (name: string) => new DataApiError(400, 'MissingParameter', `'${name}' is missing`)
/** No rule allows it. */
export const forbidden = (message: string) => new DataApiError(403, 'NoMatchingRuleFound', message)
export const notFound = (error_code: string, message: string) => new DataApiError(404, error_code, message)
/** The database understood the request, and refused it. */
export const refusedByDatabase = (message: string) => new DataApiError(400, 'MongoDBError', message)

/** MongoDB's codes that do not answer what was asked: shutting down, no primary, out of time, out of memory. */
const NOT_THE_CLIENTS_FAULT = new Set([
  6, 7, 13, 18, 50, 89, 91, 146, 189, 262, 292, 9001, 10107, 11600, 11602, 13435, 13436,
])

/**
 * Goes last. Nothing that a client sends is answered with 500: what the database refuses is the client's mistake (400),
 * and a database that cannot be asked is nobody's (503).
 */
export const answerErrors: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const { status, error_code, message } = toDataApiError(error)
  if (status === 503) {
    console.error(error)
    res.set('Retry-After', '5')
  }
  res.status(status).json({ error: message, error_code, link: '' })
}

function toDataApiError(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error
  if (error instanceof MongoServerError && !NOT_THE_CLIENTS_FAULT.has(Number(error.code)))
    return refusedByDatabase(error.message)
  // What the driver itself refuses to send.
  if (error instanceof MongoInvalidArgumentError || (error instanceof Error && error.name === 'BSONError'))
    return refusedByDatabase(error.message)
  if (error instanceof MongoError) return new DataApiError(503, 'InternalServerError', 'the database is busy')
  // What Express and its body parser refuse: a malformed path, a body too large, an unknown charset or encoding.
  const { status, message } = (error ?? {}) as { status?: unknown; message?: unknown }
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new DataApiError(status, 'InvalidParameter', String(message))
  return new DataApiError(503, 'InternalServerError', 'internal error')
}
