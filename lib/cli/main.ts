#!/usr/bin/env node
import { createRequire } from 'node:module'
import { ConfigurationError } from '../configuration-error.js'
import { closest } from '../problems.js'
import { OperationError, readInput, UsageError, type AnyCommand, type ExitCode } from './command.js'
import { COMMANDS } from './commands.js'
import { commandHelp, generalHelp } from './help.js'
import { printable, printLines, red, wrap } from './terminal.js'
import { withoutUrlSecrets } from './foreign-message.js'

// A reader that stops early, as in `… | head -1`, is not a failure: the work goes on, and the exit code tells the outcome.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
  })

// Node 22 warns that its SQLite is experimental, which someone who imports users can do nothing about.
process.removeAllListeners('warning').on('warning', ({ name, message }) => {
  if (name !== 'ExperimentalWarning') complain(`${name}: ${withoutUrlSecrets(message)}`)
})

process.exitCode = await main(process.argv.slice(2))
await flushed(process.stdout)
await flushed(process.stderr)
// A configuration file may have opened something that only it could close.
process.exit()

async function main([name = '', ...argv]: readonly string[]): Promise<ExitCode> {
  if (name === '' || name === '--help' || name === '-h' || name === 'help') {
    printLines(generalHelp(COMMANDS))
    return name === '' ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    printLines(version())
    return 0
  }
  const command = COMMANDS.find((known) => known.name === name)
  if (command) return run(command, argv)
  complain(`unknown command ${JSON.stringify(name)}`)
  const meant = closest(
    name,
    COMMANDS.map((known) => known.name),
  )
  if (meant !== undefined) complain(`did you mean ${meant}?`)
  complain(`known commands: ${COMMANDS.map((known) => known.name).join(', ')}; see custom-jwt-auth --help`)
  return 2
}

async function run(command: AnyCommand, argv: readonly string[]): Promise<ExitCode> {
  try {
    const input = readInput(command, argv)
    if (!input.help) return await command.run(input)
    printLines(commandHelp(command))
    return 0
  } catch (error) {
    if (error instanceof UsageError)
      complain(`${command.name}: ${error.message}`, `see custom-jwt-auth ${command.name} --help`)
    else if (error instanceof OperationError) complain(`${command.name}: ${error.message}`)
    else if (error instanceof ConfigurationError) complain(error.message.replace(/^custom-jwt-auth: /, ''))
    else complain(`${command.name}: unexpected: ${stackOf(error)}`)
    return 2
  }
}

function stackOf(error: unknown): string {
  return withoutUrlSecrets((error instanceof Error && error.stack) || String(error))
}

function complain(...lines: readonly string[]): void {
  for (const line of lines)
    for (const part of printable(line).split('\n'))
      console.error(wrap(`${red('custom-jwt-auth:', process.stderr)} ${part}`, process.stderr))
}

function version(): string {
  const { version } = createRequire(import.meta.url)('custom-jwt-auth/package.json') as { version: string }
  return version
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve()
    })
  })
}
