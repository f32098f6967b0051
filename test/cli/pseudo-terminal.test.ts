// The commands on a pseudo-terminal of 80 and 100 columns, as people see them: `script` of util-linux makes one.
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify, stripVTControlCharacters } from 'node:util'
import { COMMANDS } from '../../lib/cli/commands.js'
import { cliCommand } from '../support/cli.js'

const scratch = mkdtempSync(join(tmpdir(), 'terminal-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})
const users = join(scratch, 'users.json')
writeFileSync(users, '[{ "_id": "no id" }]')

const hasScript = spawnSync('script', ['--version']).status === 0
const skip = hasScript ? false : 'needs `script` of util-linux'
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** What a command shows on a terminal. */
async function onTerminal(columns: number, args: readonly string[]): Promise<string> {
  const command = [...cliCommand, ...args].map(quote).join(' ')
  const none = { NO_COLOR: undefined, FORCE_COLOR: undefined, NODE_DISABLE_COLORS: undefined, CI: undefined }
  const env = { ...process.env, ...none, TERM: 'xterm-256color' }
  // script says 0, whatever the command does.
  const line = `stty cols ${columns} rows 40; ${command}`
  const { stdout } = await promisify(execFile)('script', ['--quiet', '--command', line, '/dev/null'], { env })
  return stdout.replaceAll('\r\n', '\n')
}

for (const columns of [80, 100])
  describe(`on ${columns} columns`, { skip }, () => {
    test('no line of any help breaks inside a word', async () => {
      for (const args of [['-h'], ...COMMANDS.map(({ name }) => [name, '--help'])]) {
        const shown = stripVTControlCharacters(await onTerminal(columns, args))
        const [prose = ''] = shown.split('\nExamples\n') // which are for copying
        assert.match(prose, /Usage/)
        for (const line of prose.split('\n')) assert.ok(line.length <= columns, `${line.length}: ${line}`)
      }
    })

    test('a problem is wrapped between words, below where its text begins', async () => {
      const shown = stripVTControlCharacters(
        await onTerminal(columns, ['check', '--providers', 'test/fixtures/exported-app']),
      )
      for (const line of shown.split('\n')) assert.ok(line.length <= columns, `${line.length}: ${line}`)
      assert.match(shown, /\n2 problems to fix\n/)
    })

    test('a skipped user is in colour, not in escape codes', async () => {
      const shown = await onTerminal(columns, ['import-users', users, '--dry-run'])
      assert.ok(shown.includes('\u001b[33mskipped\u001b[0m line 1, user 1'), shown)
      assert.doesNotMatch(shown, /u\{1b\}/)
      assert.match(shown, /^1 user read: /m)
    })
  })

test('what was meant by a misspelt command or flag is said', { skip }, async () => {
  const said = async (...args: string[]) => stripVTControlCharacters(await onTerminal(80, args))
  assert.match(await said('chek'), /did you mean check\?/)
  assert.match(await said('keygen', '--forc'), /Unknown option '--forc': did you mean --force\?/)
  assert.match(await said('-v'), /^\d+\.\d+\.\d+\n$/)
})
