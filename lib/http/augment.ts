import type { RequestAuth } from './request-auth.js'

/** What the guard adds to Express's `Request`. */
export interface CustomJwtAuthRequest {
  /** The signed-in user; undefined when nobody is signed in. */
  user?: Express.User | undefined
  /** How the request was authenticated. */
  auth?: RequestAuth | undefined
}

// Types `req.auth` and `req.user` for Express, the latter as the app's own `Express.User`, which is empty until the app
// fills it (README, "Types"). A base interface instead of members: an app, or @types/passport, may still declare
// `Request.user` and `User` as it likes; a second declaration of a member would need the very same type.
declare global {
  namespace Express {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- for the app to fill
    interface User {}
    /** Adds `req.user` and `req.auth` for Express's handlers. */
    interface Request extends CustomJwtAuthRequest {}
  }
}
