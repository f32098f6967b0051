// What the command repeats of others' errors holds no secret of a URL: drivers and clients quote what they were given.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { foreignMessage } from '../../lib/cli/foreign-message.js'
import { runCli } from '../support/cli.js'

for (const [what, text, shown] of [
  [
    'a user and a password',
    'connect postgres://me:c4nary@db:5432/app failed',
    'connect postgres://db:5432/app failed',
  ],
  ['several hosts', 'bad mongodb://me:c4nary@a:1,b:2/app', 'bad mongodb://a:1,b:2/app'],
  ['a password with odd characters', 'bad redis://me:c4/n@ry@db/1', 'bad redis://db/1'],
  [
    'a query',
    'GET https://issuer.example/jwks?key=c4nary is 403',
    'GET https://issuer.example/jwks?… is 403',
  ],
  ['a query with an @', 'GET https://issuer.example/jwks?key=a@c4nary', 'GET https://…'],
  ['a fragment, in quotes', "'https://issuer.example/#c4nary'", "'https://issuer.example/?…'"],
  ['nothing', 'ENOENT: no such file, open users.db', 'ENOENT: no such file, open users.db'],
] as const)
  test(`a text with ${what}`, () => {
    assert.equal(foreignMessage(new Error(text)), shown)
  })

test('an error without a message is its code', () => {
  assert.equal(foreignMessage(Object.assign(new Error(''), { code: 'ECONNREFUSED' })), 'ECONNREFUSED')
})

test('a long text without a URL costs little', () => {
  const begun = process.cpuUsage()
  foreignMessage('a.'.repeat(200_000))
  assert.ok(process.cpuUsage(begun).user < 1_000_000)
})

const folder = mkdtempSync(join(tmpdir(), 'foreign-message-'))
after(() => {
  rmSync(folder, { recursive: true, force: true })
})

const URL_WITH_SECRET = 'https://me:c4nary@127.0.0.1:1/jwks?key=c4nary'
const failing = `export default {
  appId: 'myapp-abcde',
  signingAlgorithm: 'HS256',
  signingKeys: ['0123456789abcdef0123456789abcdef'],
  store: new Proxy({}, { get: () => () => { throw new Error('no answer from ${URL_WITH_SECRET}') } }),
}
`
const throwing = `throw new Error('cannot reach ${URL_WITH_SECRET}')\n`
writeFileSync(join(folder, 'users.json'), '[]')
writeFileSync(join(folder, 'failing.mjs'), failing)
writeFileSync(join(folder, 'throwing.mjs'), throwing)

for (const args of [
  ['check', '--config', 'failing.mjs'],
  ['check', '--config', 'throwing.mjs'],
  ['check', '--app-id', 'myapp-abcde', '--jwk-uri', URL_WITH_SECRET],
  ['check', '--app-id', 'myapp-abcde', '--discover', 'https://me:c4nary@127.0.0.1:1/'],
  ['explain', 'a.b.c', '--app-id', 'myapp-abcde', '--jwk-uri', URL_WITH_SECRET],
  ['users', 'list', '--config', 'failing.mjs'],
  ['users', 'list', '--store', 'postgres://me:c4nary@127.0.0.1:1/app?password=c4nary'],
  ['users', 'list', '--store', 'mongodb:/me:c4nary@127.0.0.1'],
  ['import-users', 'users.json', '--config', 'failing.mjs'],
])
  for (const form of [[], ['--json']])
    test([...args, ...form].join(' '), async () => {
      const { stdout, stderr } = await runCli([...args, ...form], { cwd: folder })
      assert.ok(!(stdout + stderr).includes('c4nary'), stdout + stderr)
    })
