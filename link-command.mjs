// Lets `npx custom-jwt-auth` work in a checkout as it does in an app: npm links the commands of dependencies alone.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const NAME = 'custom-jwt-auth'
const ENTRY = ['dist', 'esm', 'cli', 'main.js']

/** @param {string} folder where package.json and dist are */
export function linkCommand(folder) {
  const bin = join(folder, 'node_modules', '.bin')
  mkdirSync(bin, { recursive: true })
  const link = join(bin, NAME)
  rmSync(link, { force: true })
  if (process.platform === 'win32')
    writeFileSync(`${link}.cmd`, `@node "%~dp0\\..\\..\\${ENTRY.join('\\')}" %*\r\n`)
  else symlinkSync(join('..', '..', ...ENTRY), link)
}
