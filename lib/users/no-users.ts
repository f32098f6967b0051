import { ConfigurationError } from '../configuration-error.js'
import { deepFreeze } from '../json.js'
import type { VerifiedToken } from '../token/verifier.js'
import type { User } from '../user.js'
import type { Users } from './administration.js'
import { identityOf, type SignIn, type SignInParts } from './sign-in.js'
import { toUser } from './to-user.js'
import { newUserId } from './user-id.js'

/** Signs in with a token when no users are kept: everything about the user comes from the token. */
export function createSignInWithoutUsers({
  appId,
  generateUserId,
}: Pick<SignInParts, 'appId' | 'generateUserId'>): Pick<SignIn, 'useToken'> {
  /** Kept as long as the verifier remembers the token. */
  const users = new WeakMap<VerifiedToken, User>()
  return {
    useToken(token) {
      const known = users.get(token)
      if (known) return known
      const identity = identityOf(token)
      const id = newUserId(appId, identity, generateUserId)
      const user = toUser({ id, type: 'normal', identities: [identity] }, {})
      users.set(token, user)
      return user
    },
  }
}

/** `auth.users` when no users are kept. */
export const NO_USERS: Users = deepFreeze({
  get: refuse('get'),
  find: refuse('find'),
  list: refuse('list'),
  disable: refuse('disable'),
  enable: refuse('enable'),
  delete: refuse('delete'),
  block: refuse('block'),
  unblock: refuse('unblock'),
  isBlocked: refuse('isBlocked'),
  link: refuse('link'),
  unlink: refuse('unlink'),
  revokeSessions: refuse('revokeSessions'),
})

function refuse(verb: keyof Users): () => Promise<never> {
  const problem = {
    option: `users.${verb}`,
    problem: 'was called, but users is false',
    fix: 'Leave out users: false',
  }
  // Rejects, as these methods do for wrong arguments.
  return () => Promise.reject(new ConfigurationError([problem]))
}
