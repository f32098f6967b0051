// The README's first screen, pasted: its program, the lines that start it, and those of the second terminal.
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeApp } from '../support/installed-app.js'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const blocksOf = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)

test('the first screen answers as the README says', async () => {
  const [program = ''] = blocksOf('ts')
  const [toStart = '', toTry = ''] = blocksOf('sh')
  const [answer = ''] = blocksOf('json')
  const [install, ...commands] = toStart.trim().split('\n')
  const server = commands.pop() ?? ''
  assert.equal(install, 'npm install custom-jwt-auth express')

  const app = makeApp()
  writeFileSync(join(app.folder, 'app.mjs'), program)
  app.install()
  assert.equal(await app.run(commands.join('\n')), 'wrote SIGNING_KEY to .env\nwrote SESSION_KEY to .env\n')
  assert.equal(statSync(join(app.folder, '.env')).mode & 0o777, 0o600)
  const { port } = await app.start(server)
  const printed = await app.run(toTry.replace('localhost:3000', `localhost:${port}`))
  assert.deepEqual(JSON.parse(printed), JSON.parse(answer))
})
