import { boolean, callable, lenient, type ParsersOf } from '../option-parsers.js'
import type { UserData } from '../user.js'
import type { UserCreationHook } from './sign-in.js'
import type { CustomDataLoader } from './user-cache.js'
import type { GenerateUserId } from './user-id.js'

/** Who becomes a user, and what is known of them. */
export interface UserOptions<Data = UserData> {
  /**
   * Whether a valid token without a user makes one on an endpoint. Default: false. A function is the user creation
   * hook, and means true. A login makes the user in any case.
   */
  readonly autoCreateUser?: boolean | UserCreationHook<Data>
  /** Loads `custom_data`. May be asynchronous. */
  readonly customData?: CustomDataLoader
  /** Default: derived from app id, provider and subject, so that every machine makes the same. */
  readonly generateUserId?: GenerateUserId
}

const isWanted = boolean({ default: false })

/** The options of users: how each is read. */
export const USER_OPTIONS = {
  autoCreateUser: (value: unknown, isPresent: boolean) =>
    typeof value === 'function' ? (value as UserCreationHook) : isWanted(value, isPresent),
  customData: lenient(undefined, callable<CustomDataLoader>()),
  generateUserId: lenient(undefined, callable<GenerateUserId>()),
} satisfies ParsersOf<UserOptions>
