// A PostgreSQL server of a test's own, which it may stop and start, from Debian's package.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePort } from './free-port.js'

const PACKAGES = '/usr/lib/postgresql'
const [newest] = existsSync(PACKAGES) ? readdirSync(PACKAGES).sort((a, b) => Number(b) - Number(a)) : []

/** Why the tests that need it are skipped, or false. */
export const skip = newest === undefined ? `needs PostgreSQL's server in ${PACKAGES}` : false

export interface OwnPostgres {
  readonly url: string
  readonly start: () => Promise<void>
  /** @param mode `fast` ends all connections and shuts down; `immediate` leaves the rest to the recovery */
  readonly stop: (mode: 'fast' | 'immediate') => Promise<void>
}

/** A server that is running, until the end of the test. */
export async function startOwnPostgres(t: TestContext): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-postgres-'))
  // The server refuses to run as root.
  chmodSync(folder, 0o777)
  const asOther = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--'] : []
  const data = join(folder, 'data')
  async function run(command: string, ...args: string[]): Promise<void> {
    const [file = '', ...rest] = [
      ...asOther,
      join(PACKAGES, String(newest), 'bin', command),
      '-D',
      data,
      ...args,
    ]
    // No pipes: the server would keep them open.
    const [code] = (await once(spawn(file, rest, { cwd: folder, stdio: 'ignore' }), 'exit')) as [
      number | null,
    ]
    assert.equal(code, 0, `${command} ${args.join(' ')}`)
  }
  const port = await freePort()
  const options = `-c listen_addresses=127.0.0.1 -p ${String(port)} -k ${folder}`
  const waiting = ['-w', '-t', '300'] // as a busy machine may need it
  const start = () => run('pg_ctl', ...waiting, '-l', join(folder, 'log'), '-o', options, 'start')
  const stop: OwnPostgres['stop'] = (mode) => run('pg_ctl', ...waiting, '-m', mode, 'stop')
  t.after(async () => {
    if (existsSync(join(data, 'postmaster.pid'))) await stop('immediate')
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  })
  await run('initdb', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-sync')
  await start()
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, start, stop }
}
