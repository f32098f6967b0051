import { boolean, callable, integer, lenient, type ParsersOf } from '../option-parsers.js'
import type { Problems } from '../problems.js'
import type { UserData } from '../user.js'
import type { UserCreationHook } from './sign-in.js'
import type { CustomDataLoader } from './user-cache.js'
import { readGenerateUserId, type GenerateUserId } from './user-id.js'

/** Who becomes a user, and what is known of them. */
export interface UserOptions<Data = UserData> {
  /**
   * Whether users are kept. Default: true. When false, the guard has neither a store nor sessions: every valid token is let
   * in, and `req.user` is made from the token alone, with an id that follows from its subject. Users cannot be disabled or
   * blocked then, and a token counts until it expires.
   */
  readonly users?: boolean
  /**
   * Whether a valid token without a user makes one on an endpoint. Default: false. A function is the user creation
   * hook, and means true. A login makes the user in any case.
   */
  readonly autoCreateUser?: boolean | UserCreationHook<Data>
  /** Loads `custom_data`. May be asynchronous. */
  readonly customData?: CustomDataLoader
  /**
   * The ids of new users. Default: a hash of app id, provider type and name, and subject, so that every machine makes the same; who can
   * guess a subject finds it from the id. `'random'`: nothing follows from the id.
   */
  readonly generateUserId?: GenerateUserId | 'random'
  /** How many identities can be linked to one user, 1 to 1000. Default: 20. */
  readonly maxIdentities?: number
}

const isWanted = boolean({ default: false })

/** The options of users: how each is read. */
export const USER_OPTIONS = {
  users: boolean({ default: true }),
  autoCreateUser: (value: unknown, isPresent: boolean): boolean | UserCreationHook =>
    typeof value === 'function' ? (value as UserCreationHook) : isWanted(value, isPresent),
  customData: lenient(undefined, callable<CustomDataLoader>()),
  generateUserId: lenient(undefined, readGenerateUserId),
  maxIdentities: integer({ default: 20, min: 1, max: 1000 }),
} satisfies ParsersOf<UserOptions>

/** The options that make sense only with users. */
const NEED_USERS = ['store', 'session', 'autoCreateUser', 'customData', 'maxIdentities'] as const

/** Reports options that `users: false` would leave without effect. */
export function checkNoUsers(
  options: Partial<Record<(typeof NEED_USERS)[number] | 'generateUserId' | 'cache', unknown>>,
  problems: Problems,
): void {
  const set: string[] = NEED_USERS.filter((name) => options[name] !== undefined)
  const { users } = (options.cache ?? {}) as { users?: unknown }
  if (users !== undefined && users !== false) set.push('cache.users')
  for (const name of set)
    problems.add(name, 'is set, but users is false', 'Leave it out, or leave users: false out')
  if (options.generateUserId === 'random')
    problems.add(
      'generateUserId',
      "is 'random', but users is false: nobody would have the same id twice",
      "Leave it out, or pass a function that makes an id of the token's subject",
    )
}
