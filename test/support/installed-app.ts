// The folder of an app that has installed the package: as npm would do it, from what is built of these sources.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { builtCli } from './built-cli.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Makes an empty folder, which is removed after the test file, with all that was started in it. */
export function makeApp() {
  const folder = mkdtempSync(join(tmpdir(), 'installed-app-'))
  const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = { ...process.env, PATH, PORT: '0', no_proxy: '*' }
  const stops: (() => unknown)[] = []
  after(() => {
    for (const stop of stops) stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,

    /** In place of `npm install custom-jwt-auth express`, which would fetch a published version. */
    install(...others: readonly string[]): void {
      const entry = builtCli()
      chmodSync(entry, 0o755)
      const modules = join(folder, 'node_modules')
      mkdirSync(join(modules, '.bin'), { recursive: true })
      symlinkSync(join(dirname(entry), '../../..'), join(modules, 'custom-jwt-auth'))
      symlinkSync(entry, join(modules, '.bin/custom-jwt-auth'))
      for (const name of ['express', ...others])
        symlinkSync(join(root, 'node_modules', name), join(modules, name))
    },

    /** Starts a server, and returns what it printed when it listens, on which port, and what ends it. */
    async start(command: string) {
      const child = spawn('sh', ['-c', `exec ${command}`], { cwd: folder, env })
      const exit = once(child, 'close') as Promise<[code: number | null]>
      stops.push(() => child.kill())
      let output = ''
      let errors = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
      while (!/Listening on .*\n/.test(output)) {
        await Promise.race([once(child.stdout, 'data'), exit])
        assert.deepEqual([child.exitCode, child.signalCode], [null, null], output + errors)
      }
      return {
        output,
        port: /port: (\d+)/.exec(output)?.[1] ?? '',
        /** @returns its exit code; null when it did not care for the signal and was killed by it */
        async end(signal: NodeJS.Signals): Promise<number | null> {
          child.kill(signal)
          return (await exit)[0]
        },
      }
    },

    /** Runs lines in a shell, and returns what they printed. */
    async run(lines: string): Promise<string> {
      const { stdout } = await promisify(execFile)('sh', ['-e', '-c', lines], { cwd: folder, env })
      return stdout === '' || stdout.endsWith('\n') ? stdout : `${stdout}\n`
    },
  }
}
