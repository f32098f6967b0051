// `import 'custom-jwt-auth/express'`: for an app that wants `req.user` to be the package's User without declaring
// anything itself; the types of its metadata fields are not included. Types only, no code.
import './augment.js'
import type { User as AuthUser } from '../user.js'

declare global {
  /** Express's global types: makes their `User`, the type of `req.user`, the package's. */
  namespace Express {
    interface User extends AuthUser {}
  }
}
