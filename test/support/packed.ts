// The package as npm would deliver it.
import { execFile } from 'node:child_process'
import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a command to its end and returns what it printed; when it fails, that is the error's message. */
export async function runIn(cwd: string, command: string, ...args: string[]): Promise<string> {
  try {
    // Without what would make a node:test below this one report to it.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 1e8 })).stdout
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error([command, ...args].join(' ') + '\n' + stdout + stderr)
  }
}

/** Packs a copy of the project in `scratch`, since packing builds, and returns the tarball's path. */
export async function pack(scratch: string): Promise<string> {
  const copy = join(scratch, 'copy')
  const left = ['node_modules', '.git', 'dist', 'test', 'bench']
  cpSync(root, copy, {
    recursive: true,
    filter: (path) => dirname(path) !== root.replace(/\/$/, '') || !left.includes(basename(path)),
  })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  await runIn(copy, 'npm', 'pack', '--pack-destination', scratch)
  return join(scratch, readdirSync(scratch).find((name) => name.endsWith('.tgz')) ?? 'no tarball')
}
