import type { RequestHandler } from 'express'

/**
 * Lets pages of one origin call the API, with the two headers that carry credentials. Goes before everything else:
 * also before the session routes and the guard, so that the browser may read refusals too.
 * @param origin scheme, host and port, without a slash at its end
 */
export function allowOrigin(origin: string): RequestHandler {
  return function cors(req, res, next) {
    res.vary('Origin')
    if (req.headers.origin === origin) res.set('Access-Control-Allow-Origin', origin)
    if (req.method !== 'OPTIONS') {
      next()
      return
    }
    // The browser asks first (a preflight): it is answered here, never by the guard.
    res.set('Access-Control-Allow-Methods', 'GET, POST, DELETE')
    res.set('Access-Control-Allow-Headers', 'Authorization, Content-Type, jwtTokenString')
    res.set('Access-Control-Max-Age', '600')
    res.sendStatus(204)
  }
}
