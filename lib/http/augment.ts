import type { User as AuthUser } from '../user.js'

// Types `req.user` for Express without a declaration by the app. @types/passport declares the same members, with the
// same types, so that both can be installed.
declare global {
  namespace Express {
    interface User extends AuthUser {}
    interface Request {
      user?: User | undefined
    }
  }
}
