// The command as JavaScript: a process that starts through tsx takes a second, and tests start a hundred.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules', '.cache', 'custom-jwt-auth')

/**
 * The path of the command's entry: `CLI_BIN` when that is set, else lib/ compiled without a type check, once for any
 * number of test files.
 */
export function builtCli(): string {
  const { CLI_BIN } = process.env
  if (CLI_BIN !== undefined) return CLI_BIN
  const times = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).map(
    (path) => statSync(join(root, 'lib', path)).mtimeMs,
  )
  const folder = join(cache, `cli-${String(Math.max(...times))}`)
  if (!existsSync(folder)) build(folder)
  return join(folder, 'dist/esm/cli/main.js')
}

function build(folder: string): void {
  mkdirSync(cache, { recursive: true })
  const scratch = mkdtempSync(join(cache, 'building-'))
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  const flags = ['--noCheck', '--declaration', 'false', '--outDir', join(scratch, 'dist/esm')]
  execFileSync(process.execPath, [tsc, '--project', join(root, 'tsconfig.esm.json'), ...flags])
  cpSync(join(root, 'package.json'), join(scratch, 'package.json'))
  // Those of other sources, unless somebody may still be running them.
  for (const name of readdirSync(cache)) {
    const old = join(cache, name)
    // Another test file may have moved or removed it since it was listed.
    const { mtimeMs } = statSync(old, { throwIfNoEntry: false }) ?? {}
    if (old !== scratch && mtimeMs !== undefined && mtimeMs < Date.now() - 3_600_000)
      rmSync(old, { recursive: true, force: true })
  }
  try {
    renameSync(scratch, folder)
  } catch (error) {
    // Another test file was faster.
    rmSync(scratch, { recursive: true })
    if (!existsSync(folder)) throw error
  }
}
