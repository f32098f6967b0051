import { boolean, callable, integer, lenient, type ParsersOf } from '../option-parsers.js'
import type { Problems } from '../problems.js'
import type { UserData } from '../user.js'
import type { UserCreationHook } from './sign-in.js'
import type { CustomDataLoader } from './user-cache.js'
import { readGenerateUserId, type GenerateUserId } from './user-id.js'

/** Who becomes a user, and what is known about them. */
export interface UserOptions<Data = UserData> {
  /**
   * Whether users are kept. Default: true. When false, the guard has neither a store nor sessions: every valid token is
   * accepted, and `req.user` is made from the token alone, with an id derived from its subject. Users then cannot be
   * disabled or blocked, and a token is accepted until it expires.
   */
  readonly users?: boolean
  /**
   * Whether a valid token without a user creates one on an endpoint. Default: false. A function is the user creation
   * hook, and means true. A login always creates the user.
   */
  readonly autoCreateUser?: boolean | UserCreationHook<Data>
  /** Loads `custom_data`. May be asynchronous. */
  readonly customData?: CustomDataLoader
  /**
   * The ids of new users. Default: a hash of app id, provider type and name, and subject, so that every machine makes
   * the same. Anyone with the id can check a guess of the subject. `'random'`: the id reveals nothing.
   */
  readonly generateUserId?: GenerateUserId | 'random'
  /** How many identities can be linked to one user, 1 to 1000. Default: 20. */
  readonly maxIdentities?: number
}

const isWanted = boolean({ default: false })

/** How each user option is parsed. */
export const USER_OPTIONS = {
  users: boolean({ default: true }),
  autoCreateUser: (value: unknown, isPresent: boolean): boolean | UserCreationHook =>
    typeof value === 'function' ? (value as UserCreationHook) : isWanted(value, isPresent),
  customData: lenient(undefined, callable<CustomDataLoader>()),
  generateUserId: lenient(undefined, readGenerateUserId),
  maxIdentities: integer({ default: 20, min: 1, max: 1000 }),
} satisfies ParsersOf<UserOptions>

/** The options that only make sense with users. */
const NEED_USERS = ['store', 'session', 'autoCreateUser', 'customData', 'maxIdentities'] as const

/** Reports options that have no effect with `users: false`. */
export function checkNoUsers(
  options: Partial<Record<(typeof NEED_USERS)[number] | 'generateUserId' | 'cache', unknown>>,
  problems: Problems,
): void {
  const set: string[] = NEED_USERS.filter((name) => options[name] !== undefined)
  const { users } = (options.cache ?? {}) as { users?: unknown }
  if (users !== undefined && users !== false) set.push('cache.users')
  for (const name of set)
    problems.add(name, 'is set, but users is false', 'Leave it out, or leave out users: false')
  if (options.generateUserId === 'random')
    problems.add(
      'generateUserId',
      "is 'random', but users is false: nobody would have the same id twice",
      "Leave it out, or pass a function that derives an id from the token's subject",
    )
}
