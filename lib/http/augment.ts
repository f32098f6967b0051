import type { RequestAuth } from './request-auth.js'

/** What Express's `Request` gets from the guard. */
export interface CustomJwtAuthRequest {
  /** The user who was signed in; undefined where nobody was. */
  user?: Express.User | undefined
  /** What the request was let in with. */
  auth?: RequestAuth | undefined
}

// Types `req.auth` and `req.user` for Express, the latter as the app's own `Express.User`, which is empty until the app says what it is (README,
// "Types"). A base and not a member: an app, or @types/passport, may declare `Request.user` and `User` as it likes, where
// a second declaration of the same member would have to be of the very same type.
declare global {
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- the app's to fill
    interface User {}
    /** What Express's handlers get: `req.user` and `req.auth`. */
    interface Request extends CustomJwtAuthRequest {}
  }
}
