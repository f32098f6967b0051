// `import 'custom-jwt-auth/express'`: for an app that wants `req.user` to be the package's User, without the types of its
// metadata fields, and declares nothing itself. Types only, no code.
import './augment.js'
import type { User as AuthUser } from '../user.js'

declare global {
  /** The global types of Express: their `User`, which `req.user` has, becomes the package's. */
  namespace Express {
    interface User extends AuthUser {}
  }
}
