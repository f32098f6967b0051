// The README's first screens, pasted: each program, the lines that start it, and those of the second terminal.
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeApp } from '../support/installed-app.js'
import { ACCOUNT, newKey, startProvider } from '../support/oidc-provider.js'
import { APP_ID } from '../support/tokens.js'
import { draw, readPicture } from './draw-explain.js'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const [front = '', more = ''] = readme.split('\n## More\n')

const blocksOf = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, block = '']) => block)

const [providerProgram = '', secretProgram = ''] = blocksOf(front, 'ts')
/** Commands, not lines: a line that ends in \ goes on. */
const [providerCommands = [], secretCommands = []] = blocksOf(front, 'sh').map((block) =>
  block.replaceAll('\\\n', '').trim().split('\n'),
)

test('from an empty folder to an answer it takes at most four commands', () => {
  assert.equal(providerCommands.length, 3)
  assert.equal(secretCommands.length, 4)
})

test('with an OpenID provider, the first screen answers with the user', async (t) => {
  const provider = await startProvider()
  t.after(() => {
    provider.close()
  })
  provider.publish(newKey('first'))
  const { access_token: token } = await provider.codeFlow({
    scope: 'openid api',
    resource: 'https://api.example.com',
  })

  const app = makeApp()
  writeFileSync(join(app.folder, 'app.mjs'), providerProgram)
  app.install()
  const [install, server = '', ask = ''] = providerCommands
  assert.equal(install, 'npm install custom-jwt-auth express')
  const { port } = await app.start(
    `env ${server.replace('https://issuer.example', provider.issuer).replace('https://api.example.com', APP_ID)}`,
  )
  const answer = await app.run(`TOKEN=${token}\n${ask.replace('localhost:3000', `localhost:${port}`)}`)
  const { identities } = JSON.parse(answer) as { identities: unknown }
  assert.deepEqual(identities, [{ id: ACCOUNT, provider_type: 'custom-token', data: {} }])
})

test('with a secret, the second screen answers as the README says', async () => {
  const [answer = ''] = blocksOf(more, 'json')
  const [install, keygen = '', server = '', ask = ''] = secretCommands
  assert.equal(install, 'npm install custom-jwt-auth express')

  const app = makeApp()
  writeFileSync(join(app.folder, 'app.mjs'), secretProgram)
  app.install()
  assert.equal(await app.run(keygen), 'wrote SIGNING_KEY and SESSION_KEY to .env\n')
  assert.equal(statSync(join(app.folder, '.env')).mode & 0o777, 0o600)
  const { port } = await app.start(server)
  const printed = await app.run(ask.replace('localhost:3000', `localhost:${port}`))
  assert.deepEqual(JSON.parse(printed), JSON.parse(answer))
})

test('the picture is what the command prints: npx tsx test/docs/draw-explain.ts', async () => {
  assert.equal(readPicture(), await draw())
})
