import type { IncomingMessage, ServerResponse } from 'node:http'
import { authError, isAuthError, type AuthError } from '../errors.js'

/**
 * Answers with JSON that no cache may keep. The content type has no charset: the native SDKs and those of Stitch
 * compare it with exactly this, and otherwise read neither the code nor the message of an error (PROTOCOL §5).
 */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body)
  res.writeHead(status, {
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
  })
  res.end(text)
}

/** The body of an answer in the shape of PROTOCOL §5. */
export function errorBody({ message, error_code }: Pick<AuthError, 'message' | 'error_code'>): object {
  return { error: message, error_code, link: '' }
}

/** Answers with an error. */
export function sendError(res: ServerResponse, error: AuthError): void {
  sendJson(res, error.status, errorBody(error), error.headers)
}

/**
 * An Express or Connect error handler that answers this package's errors with the JSON of the session routes and passes
 * all others to the next handler: mount it last, `app.use(errorHandler())`.
 */
export function errorHandler() {
  // Frameworks recognize an error handler by its four parameters.
  return function customJwtAuthErrorHandler(
    error: unknown,
    _req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void {
    if (isAuthError(error) && !res.headersSent) sendError(res, error)
    else next(error)
  }
}

/** Turns whatever was thrown during a request into an AuthError. */
export function toAuthError(error: unknown): AuthError {
  if (isAuthError(error)) return error
  // The router throws this for a malformed path.
  if (error instanceof URIError) return authError('PARAMETER_INVALID', { reason: 'the path is malformed' })
  return authError('UNEXPECTED', { cause: error })
}
