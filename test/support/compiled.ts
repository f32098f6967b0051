// A script of the tests as JavaScript: a process that starts through tsx takes half a second, and some tests start many.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules', '.cache', 'custom-jwt-auth')

/**
 * Compiles a script with what it imports of ours, without a type check.
 * @returns the path of the result, which is there until the tests of this process are over
 */
export function compiled(script: URL): string {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'compiled-'))
  after(() => {
    rmSync(folder, { recursive: true })
  })
  const path = fileURLToPath(script)
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: false, noCheck: true, rootDir: root, outDir: folder },
    files: [path],
    include: [],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '--project', folder], { stdio: ['ignore', 'inherit', 'inherit'] })
  return join(folder, relative(root, path).replace(/\.ts$/, '.js'))
}
