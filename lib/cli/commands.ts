import { check } from './check.js'
import type { AnyCommand } from './command.js'
import { explain } from './explain.js'
import { importUsers } from './import-users.js'
import { keygen } from './keygen.js'
import { serveJwks } from './serve-jwks.js'
import { token } from './token.js'

/** All commands, in the order of the help. */
export const COMMANDS: readonly AnyCommand[] = [keygen, token, explain, check, importUsers, serveJwks]
