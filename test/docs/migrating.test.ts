// docs/migrating-from-app-services.md, followed to the letter: its files are written, its commands run, and they print
// what the page says. `…` on the page stands for anything: in a line, or, alone in one, for any number of lines.
import assert from 'node:assert/strict'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeApp } from '../support/installed-app.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(join(root, 'docs/migrating-from-app-services.md'), 'utf8')
const app = makeApp()

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

describe('the page, followed step by step', () => {
  cpSync(join(root, 'test/fixtures/exported-app'), join(app.folder, 'exported-app'), { recursive: true })
  cpSync(join(root, 'test/fixtures/users.json'), join(app.folder, 'users.json'))
  let port = '3000'
  let failed = false

  async function perform(command: string): Promise<string> {
    if (command.startsWith('npm install ')) {
      app.install()
      return ''
    }
    if (!command.startsWith('node '))
      return app.run(command.replaceAll('localhost:3000', `localhost:${port}`))
    const started = await app.start(command)
    port = started.port
    return started.output
  }

  for (const { language, text } of blocks) {
    if (language === 'ini') writeFileSync(join(app.folder, '.env'), text)
    if (language === 'json') writeFileSync(join(app.folder, 'subjects.json'), text)
    if (language === 'js') writeFileSync(join(app.folder, 'server.mjs'), text)
    for (const { command, shown } of language === 'console' ? stepsOf(text) : [])
      test(command, async () => {
        assert.ok(!failed, 'not run: a step before it failed')
        failed = true
        assert.match(await perform(command), patternOf(shown))
        failed = false
      })
  }
})

test('the script for social logins maps each to the subject that a token of the same provider has', async () => {
  const identities = ['oauth2-google', 'local-userpass'].map((provider_type, index) => ({
    id: `id${index}`,
    provider_type,
  }))
  writeFileSync(join(app.folder, 'users.json'), JSON.stringify([{ identities }]))
  await app.run(blocks.find(({ language }) => language === 'sh')?.text ?? '')
  assert.deepEqual(JSON.parse(readFileSync(join(app.folder, 'google.json'), 'utf8')), { id0: 'id0' })
})

test('the page has a block of every kind, and a dozen commands', () => {
  const kinds = new Set(blocks.map(({ language }) => language))
  assert.deepEqual([...kinds].sort(), ['console', 'ini', 'js', 'json', 'sh'])
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
