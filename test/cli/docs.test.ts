// What docs/cli.md shows, run as it stands there.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { builtCli } from '../support/built-cli.js'
import { APP_ID, claims, mint, SECRET } from '../support/tokens.js'

const docs = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')
const scratch = mkdtempSync(join(tmpdir(), 'cli-docs-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

/** The commands of a section, each with the lines that are shown below it. */
function shown(section: string): { script: string; output: string }[] {
  const [, text = ''] = docs.split(`\n## ${section}\n`)
  const [, block = ''] = /^```console\n(.*?)^```$/ms.exec(text) ?? []
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, script = '', output = ''] = /^((?:[^\n]*\\\n)*[^\n]*\n)(.*)$/s.exec(part) ?? []
      return { script: script.trim(), output: output.trim() }
    })
}

/** Numbers are of one day and one file; an ellipsis stands for more. */
function patternOf(output: string): RegExp {
  // The first claim of a token that changes is the third.
  const text = output.replace(/^(eyJ.{87}).*$/m, '$1…')
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll(/\d[\d,]*/g, '\\d[\\d,]*').replaceAll('…', '[^]*')}$`)
}

async function run(script: string): Promise<string> {
  const npx = 'npx() { shift; "$NODE" "$CLI" "$@"; }'
  const env = { ...process.env, NODE: process.execPath, CLI: builtCli(), SIGNING_KEY: undefined }
  return new Promise((resolve) => {
    execFile('sh', ['-c', `${npx}\n${script}`], { cwd: scratch, env }, (_error, stdout, stderr) => {
      resolve((stdout + stderr).trim())
    })
  })
}

const now = Math.floor(Date.now() / 1000)
const options = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
const user = (number: number, disabled: unknown) => ({
  _id: `5f1a2b3c4d5e6f708192030${String(number)}`,
  identities: [{ id: `user-${String(number)}`, provider_type: 'custom-token' }],
  creation_date: 1500000000,
  disabled,
})
const files = {
  'auth.config.mjs': `export default ${JSON.stringify(options)}`,
  'token.txt': mint(claims({ aud: `${APP_ID}/`, iat: now, exp: now + 3600 })),
  'users.json': JSON.stringify([user(1, false), user(4, 'no')]),
}

test('docs/cli.md shows what the commands print', async (t) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(scratch, name), text)
  for (const section of ['keygen', 'token', 'explain', 'import-users']) {
    const commands = shown(section).filter(({ script }) => !script.startsWith('curl'))
    assert.ok(commands.length > 0, section)
    for (const { script, output } of commands)
      await t.test(script, async () => {
        assert.match(await run(script), patternOf(output))
      })
  }
  assert.match(readFileSync(join(scratch, '.env'), 'utf8'), /^SIGNING_KEY=\w{64}\nSESSION_KEY=\w{64}\n$/)
})
