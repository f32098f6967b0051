import { COMMON_FLAGS, type AnyCommand, type Flag } from './command.js'
import { bold, wrap } from './terminal.js'

const EXIT_CODES = [
  '0    done, and all is well',
  '1    done, and something is not: a token refused, a problem found, a user skipped',
  '2    not done: wrong usage, or the command could not do its work',
  '130  stopped by Ctrl-C',
]

/** The general help. */
export function generalHelp(commands: readonly AnyCommand[]): string {
  return [
    wrap('Tools for signing users in with JWTs, and for leaving App Services.'),
    section('Usage', 'custom-jwt-auth <command> [flags]'),
    section('Commands', ...columns(commands.map(({ name, about }) => [name, about]))),
    section('Flags', ...columns(Object.entries(COMMON_FLAGS).map(row)), '-v, --version  Print the version'),
    section('Exit codes', ...EXIT_CODES),
    section(
      'Examples',
      'npx custom-jwt-auth keygen --dotenv .env',
      'npx custom-jwt-auth token --dotenv .env --sub 24601 --aud myapp-abcde',
      'npx custom-jwt-auth check --config auth.config.mjs',
    ),
    '"custom-jwt-auth <command> --help" says more about each.',
  ].join('\n\n')
}

/** The help of one command. */
export function commandHelp({ name, about, args, flags, notes = [], examples }: AnyCommand): string {
  const usage = ['custom-jwt-auth', name, ...args, '[flags]'].join(' ')
  return [
    wrap(`${about}.`),
    section('Usage', usage),
    section('Flags', ...columns(Object.entries<Flag>({ ...flags, ...COMMON_FLAGS }).map(row))),
    ...(notes.length > 0 ? [section('Notes', ...notes)] : []),
    section('Examples', ...examples),
  ].join('\n\n')
}

function section(title: string, ...lines: readonly string[]): string {
  // What is copied into a shell stays on one line.
  const shown = (line: string) => (title === 'Examples' ? `  ${line}` : wrap(`  ${line}`))
  return [bold(title), ...lines.map(shown)].join('\n')
}

function row([name, { value, about, multiple, short }]: [string, Flag]): [string, string] {
  const again = multiple === true ? ' (may be repeated)' : ''
  const flag = short === undefined ? `--${name}` : `-${short}, --${name}`
  return [value === undefined ? flag : `${flag} ${value}`, about + again]
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`)
}
