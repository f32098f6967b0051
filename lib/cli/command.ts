import { parseArgs } from 'node:util'
import { closest } from '../problems.js'
import { plural } from './terminal.js'

/** One flag of a command, with what `--help` says about it. */
export interface Flag {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  readonly short?: string
  /** The placeholder for its value in the help, e.g. `<file>`. */
  readonly value?: string
  readonly about: string
}

export type Flags = Readonly<Record<string, Flag>>

type ValueOf<F extends Flag> = F['type'] extends 'boolean' ? boolean : string

/** The values that were given for some flags. */
export type Values<F extends Flags> = {
  readonly [Name in keyof F]?: F[Name] extends { multiple: true }
    ? readonly ValueOf<F[Name]>[]
    : ValueOf<F[Name]>
}

/** The flags of every command. */
export const COMMON_FLAGS = {
  json: { type: 'boolean', about: 'Print JSON, for scripts' },
  help: { type: 'boolean', short: 'h', about: 'Print this help' },
} as const satisfies Flags

/** What a command gets when it runs. */
export interface Input<F extends Flags> {
  readonly values: Values<F>
  /** The arguments that are not flags, as many as `args` asks for. */
  readonly args: readonly string[]
  readonly json: boolean
}

/** 0: done, and all is well; 1: done, and something is not well; 2: not done; 130: stopped by Ctrl-C. */
export type ExitCode = 0 | 1 | 2 | 130

export interface Command<F extends Flags = Flags> {
  readonly name: string
  readonly about: string
  /** The names of its arguments, e.g. `<file>`, or `[file]` for one that may be left out. */
  readonly args: readonly string[]
  readonly flags: F
  /** What the help prints below the flags. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
  run(input: Input<F>): Promise<ExitCode>
}

/** The command was called the wrong way: exit code 2, with a pointer to its help. */
export class UsageError extends Error {}

/** The command could not do its work: exit code 2. */
export class OperationError extends Error {}

/** A command without the types of its flags, as the table of commands holds it. */
export type AnyCommand = Omit<Command, 'run'> & { run(input: Input<Flags>): Promise<ExitCode> }

/** Types the flags of a command. */
export function defineCommand<const F extends Flags>(command: Command<F>): AnyCommand {
  return command
}

/**
 * Reads a command's arguments.
 * @throws {UsageError} when a flag is not known or lacks its value, or there are too few or too many arguments
 */
export function readInput(command: AnyCommand, argv: readonly string[]): Input<Flags> & { help: boolean } {
  const { values, positionals } = parse(command, argv)
  const { json = false, help = false, ...own } = values
  const required = command.args.filter((name) => name.startsWith('<')).length
  if (help !== true && (positionals.length < required || positionals.length > command.args.length)) {
    const wanted = command.args.length === 0 ? 'no arguments' : command.args.join(' ')
    throw new UsageError(`got ${plural(positionals.length, 'argument')}; it takes ${wanted}`)
  }
  return { values: own as Values<Flags>, args: positionals, json: json === true, help: help === true }
}

function parse(command: AnyCommand, argv: readonly string[]) {
  const flags = Object.entries<Flag>({ ...command.flags, ...COMMON_FLAGS })
  const options = Object.fromEntries(
    flags.map(([name, { type, multiple = false, short }]) => [
      name,
      { type, multiple, ...(short !== undefined && { short }) },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    const { code = '', message = '' } = error as { code?: string; message?: string }
    // Its first sentence says what is wrong; the rest is about arguments that begin with a dash.
    if (code.startsWith('ERR_PARSE_ARGS')) {
      const [what = ''] = message.split('. ', 1)
      const [, unknown = ''] = /^Unknown option '--(.+?)'/.exec(what) ?? []
      const meant = closest(unknown, Object.keys(options))
      throw new UsageError(meant === undefined ? what : `${what}: did you mean --${meant}?`)
    }
    throw error
  }
}
