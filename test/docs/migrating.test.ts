// docs/migrating-from-app-services.md, followed to the letter: its files are written, its commands run, and they print
// what the page says. `…` on the page stands for anything: in a line, or, alone in one, for any number of lines.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { builtCli } from '../support/built-cli.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/migrating-from-app-services.md'), 'utf8')
const app = mkdtempSync(join(tmpdir(), 'migrating-'))
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
const env = { ...process.env, PATH, PORT: '0', no_proxy: '*' }
const stops: (() => unknown)[] = []
after(() => {
  for (const stop of stops) stop()
  rmSync(app, { recursive: true, force: true })
})

interface Step {
  readonly command: string
  readonly shown: string
}

/** The blocks of the page: `console` ones as commands with what they print, the others as files. */
const blocks = [...page.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)].map(
  ([, indent = '', language = '', block = '']) => ({
    language,
    text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }),
)

const stepsOf = (text: string): Step[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [, command = '', shown = ''] = /^(.*)\n([^]*)$/.exec(step) ?? []
      return { command, shown }
    })

function patternOf(shown: string): RegExp {
  const lines = shown.split('\n').slice(0, -1)
  const escape = (text: string) => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  const sources = lines.map((line) =>
    line === '…' ? '(?:.*\\n)*' : `${line.split('…').map(escape).join('.+')}\\n`,
  )
  return new RegExp(`^${sources.join('')}$`)
}

/** In place of `npm install`, which would fetch a published version. */
function install(): string {
  const entry = builtCli()
  chmodSync(entry, 0o755)
  mkdirSync(join(app, 'node_modules/.bin'), { recursive: true })
  const packageFolder = join(dirname(entry), '../../..')
  symlinkSync(packageFolder, join(app, 'node_modules/custom-jwt-auth'))
  symlinkSync(entry, join(app, 'node_modules/.bin/custom-jwt-auth'))
  symlinkSync(join(root, 'node_modules/express'), join(app, 'node_modules/express'))
  return ''
}

/** Starts a server, and returns what it printed when it listens. */
async function start(command: string): Promise<string> {
  const child = spawn('sh', ['-c', `exec ${command}`], { cwd: app, env })
  stops.push(() => child.kill())
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  while (!/Listening on .*\n/.test(output)) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
    assert.equal(child.exitCode, null, output + errors)
  }
  return output
}

async function run(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', command], { cwd: app, env })
  return stdout === '' || stdout.endsWith('\n') ? stdout : `${stdout}\n`
}

describe('the page, followed step by step', () => {
  cpSync(join(root, 'test/fixtures/exported-app'), join(app, 'exported-app'), { recursive: true })
  cpSync(join(root, 'test/fixtures/users.json'), join(app, 'users.json'))
  let port = '3000'
  let failed = false

  async function perform(command: string): Promise<string> {
    if (command.startsWith('npm install ')) return install()
    if (!command.startsWith('node ')) return run(command.replaceAll('localhost:3000', `localhost:${port}`))
    const output = await start(command)
    port = /port: (\d+)/.exec(output)?.[1] ?? ''
    return output
  }

  for (const { language, text } of blocks) {
    if (language === 'ini') writeFileSync(join(app, '.env'), text)
    if (language === 'js') writeFileSync(join(app, 'server.mjs'), text)
    for (const { command, shown } of language === 'console' ? stepsOf(text) : [])
      test(command, async (t) => {
        if (failed) {
          t.skip('a step before it failed')
          return
        }
        failed = true
        assert.match(await perform(command), patternOf(shown))
        failed = false
      })
  }
})

test('the page has a block of every kind, and a dozen commands', () => {
  const kinds = new Set(blocks.map(({ language }) => language))
  assert.deepEqual([...kinds].sort(), ['console', 'ini', 'js'])
  const commands = blocks.flatMap(({ language, text }) => (language === 'console' ? stepsOf(text) : []))
  assert.ok(commands.length >= 11)
})

test('the server of the page is examples/app-services', () => {
  const program = blocks.find(({ language }) => language === 'js')?.text
  assert.equal(program, readFileSync(join(root, 'examples/app-services/index.ts'), 'utf8'))
})

test('the files that the page links to are there', () => {
  for (const [, path = ''] of page.matchAll(/\]\(([\w./-]+)(?:#[\w-]+)?\)/g))
    assert.ok(existsSync(join(root, 'docs', path)), path)
})
