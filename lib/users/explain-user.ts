import type { Dependency } from '../dependency.js'
import { isAuthError, type AuthError } from '../errors.js'
import type { IdentityName, Store } from '../stores/store.js'
import type { ExplainedCheck, ExplainUser } from '../token/explain.js'
import { show } from '../token/hints.js'
import { nameIdentity } from '../user.js'
import type { SignInParts } from './sign-in.js'
import { newUserId } from './user-id.js'

type Parts = Pick<SignInParts, 'appId' | 'autoCreateUser' | 'creationHook' | 'generateUserId'> & {
  readonly store: Store
  readonly dependency: Dependency
}

const name = 'user'

/** Makes the last step of `auth.explain`: what sign-in would do for a token's subject. Creates and changes nothing. */
export function createExplainUser(parts: Parts): ExplainUser {
  const { store, dependency } = parts

  async function explain(identity: IdentityName): Promise<ExplainedCheck> {
    const { provider_type, provider_id, id } = identity
    const expected = `a user with the identity ${provider_type} ${show(id)}${provider_id === undefined ? '' : ` of ${provider_id}`}, not disabled`
    const { user, blocked } = await dependency('STORE_UNAVAILABLE', () => store.findIdentity(identity))
    if (blocked) return { name, pass: false, expected, ...blockedOf(identity), code: 'IDENTITY_BLOCKED' }
    if (!user) return explainCreation(identity, expected)
    if (!user.disabled) return { name, pass: true, expected, got: `user ${user.id}` }
    const fix = `Let the user in again: auth.users.enable('${user.id}')`
    return {
      name,
      pass: false,
      expected,
      got: `user ${user.id}, who is disabled`,
      fix,
      code: 'USER_DISABLED',
    }
  }

  async function explainCreation(identity: IdentityName, expected: string): Promise<ExplainedCheck> {
    const { appId, autoCreateUser, creationHook, generateUserId } = parts
    if (!autoCreateUser) {
      const fix = 'Set autoCreateUser, or have the user log in first, which creates the user'
      return { name, pass: false, expected, got: 'no user', fix, code: 'USER_NOT_FOUND' }
    }
    const wanted = newUserId(appId, identity, generateUserId)
    // If an id of ours is taken, a random one is used; the app's ids are not replaced.
    const owner =
      typeof generateUserId === 'function' &&
      (await dependency('STORE_UNAVAILABLE', () => store.findUser(wanted)))
    if (owner) {
      const got = `no user, and generateUserId gives it the id ${wanted}, which another user has`
      const fix = 'Have generateUserId return a different id for each user'
      return { name, pass: false, expected, got, fix, code: 'STORE_UNAVAILABLE' }
    }
    if (!creationHook) return { name, pass: true, expected, got: 'no user yet; autoCreateUser creates one' }
    const fix = 'The creation hook decides, and was not called'
    return { name, pass: undefined, expected, got: 'no user yet', fix }
  }

  return async (subject, provider) => {
    try {
      return await explain(nameIdentity(subject, provider))
    } catch (error) {
      if (!isAuthError(error)) throw error
      return explainFailure(error)
    }
  }
}

function blockedOf({ id, provider_id }: IdentityName): Pick<ExplainedCheck, 'got' | 'fix'> {
  const provider = provider_id === undefined ? '' : `provider: ${show(provider_id)}, `
  return {
    got: 'an identity that is blocked',
    fix: `Let it in again: auth.users.unblock({ ${provider}subject: ${show(id)} })`,
  }
}

/** The request would get a 503, which says nothing about the token. */
function explainFailure(error: AuthError): ExplainedCheck {
  const { code, cause = error } = error
  const got = cause instanceof Error ? cause.message : show(cause)
  const expected = code === 'USER_ID_UNAVAILABLE' ? 'an id from generateUserId' : 'an answer from the store'
  return { name, pass: undefined, expected, got, code }
}
