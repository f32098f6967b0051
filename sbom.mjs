// npm run sbom: what the package brings with it at run time, as CycloneDX, in the versions that the tests ran with.
// `npm sbom --omit dev` alone leaves out what tools for development need as well, http-errors for one: so it is asked about the
// manifest and the lock file without them.
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const scratch = mkdtempSync(join(tmpdir(), 'sbom-'))
// npm calls the package by its folder.
const folder = join(scratch, 'custom-jwt-auth')
mkdirSync(folder)
const npm = (...args) =>
  execFileSync('npm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
try {
  const { name, version, description, license, repository, dependencies } = JSON.parse(
    readFileSync(new URL('package.json', import.meta.url), 'utf8'),
  )
  const manifest = { name, version, description, license, repository, dependencies }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  copyFileSync(new URL('package-lock.json', import.meta.url), join(folder, 'package-lock.json'))
  npm('install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund')
  process.stdout.write(
    npm('sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'library'),
  )
} finally {
  rmSync(scratch, { recursive: true })
}
