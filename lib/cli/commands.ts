import { check } from './commands/check.js'
import type { AnyCommand } from './command.js'
import { explain } from './commands/explain.js'
import { importUsers } from './commands/import-users.js'
import { inspect } from './commands/inspect.js'
import { keygen } from './commands/keygen.js'
import { serveJwks } from './commands/serve-jwks.js'
import { token } from './commands/token.js'
import { users } from './commands/users.js'

/** All commands, in the order of the help. */
export const COMMANDS: readonly AnyCommand[] = [
  keygen,
  token,
  explain,
  inspect,
  check,
  importUsers,
  users,
  serveJwks,
]
