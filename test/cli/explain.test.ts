import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import type { Explanation } from 'custom-jwt-auth'
import { STORE_VERBS } from '../../lib/stores/store.js'
import { runCli, startCli } from '../support/cli.js'
import { APP_ID, claims, mint, OTHER_SECRET, rsaKeys, SECRET } from '../support/tokens.js'

const exportedApp = fileURLToPath(new URL('../fixtures/exported-app', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'explain-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}

const now = Math.floor(Date.now() / 1000)
const fresh = (others: object = {}) => claims({ iat: now - 60, exp: now + 3600, ...others })
const good = mint(fresh())
const env = { SIGNING_KEY: SECRET, JWT_SIGNING_KEY: SECRET, JWT_SIGNING_KEY_2023: OTHER_SECRET }
const flags = ['--alg', 'HS256', '--app-id', APP_ID]
const explain = (...args: string[]) => runCli(['explain', '-', ...args], { env, input: good, cwd: scratch })

describe('explain', { concurrency: 2 }, () => {
  test('accepts a token of standard input, check by check', async () => {
    const { code, stdout, stderr } = await explain(...flags)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^✓ aud +"myapp-abcde"$/m)
    assert.match(stdout, /\naccepted as Authorization: Bearer or in the header jwtTokenString\n$/)
    assert.doesNotMatch(stdout, /✗|\?|\bthat\b/)
    assert.ok(!stdout.includes('\u001b'), 'no colours into a pipe')
  })

  test('takes the token as an argument too', async () => {
    const { code } = await runCli(['explain', good, ...flags], { env })
    assert.equal(code, 0)
  })

  test('refuses with exit code 1, expected, got and fix, and shows neither signature nor key', async () => {
    const token = mint(fresh({ aud: 'other' }), { key: Buffer.from(SECRET, 'hex') })
    const { code, stdout, stderr } = await runCli(['explain', '-', ...flags], { env, input: token })
    assert.deepEqual([code, stderr], [1, ''])
    assert.match(stdout, /^✗ signature /m)
    assert.match(stdout, /Pass \{ key, encoding: 'hex' \}/)
    assert.match(stdout, /^✗ aud +"other"\n +expected: "myapp-abcde"$/m)
    assert.match(stdout, /\nrefused by signature: /)
    for (const secret of [SECRET, token.split('.')[2] ?? '']) assert.ok(!stdout.includes(secret))
  })

  test('prints the explanation as JSON', async () => {
    const { code, stdout } = await explain('--alg', 'HS256', '--app-id', 'other', '--json')
    const explanation = JSON.parse(stdout) as Explanation
    assert.deepEqual([code, explanation.ok], [1, false])
    const failed = explanation.checks.filter(({ pass }) => !pass)
    assert.deepEqual(
      failed.map(({ name }) => name),
      ['aud'],
    )
  })

  test('shows nothing of a token in a way that commands the terminal', async () => {
    const input = mint(fresh({ aud: 'a\u009b31m\u202e' }))
    const { stdout } = await runCli(['explain', '-', ...flags], { env, input })
    assert.match(stdout, /a\\u009b31m\\u202e/)
  })

  const options = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
  const source = JSON.stringify(options)
  for (const [name, text] of [
    ['options.mjs', `export default ${source}`],
    ['options.cjs', `module.exports = ${source}`],
    ['options.json', source],
  ] as const)
    test(`takes the options of ${name}, and flags over them`, async () => {
      const config = file(name, text)
      assert.equal((await explain('--config', config)).code, 0)
      assert.equal((await explain('--config', name, '--audience', 'other')).code, 1)
    })

  test('looks for the user in the store of the options, and for none without', async () => {
    const verbs = Object.keys(STORE_VERBS)
    const store = `const store = {}
      for (const verb of '${verbs.join(' ')}'.split(' ')) store[verb] = () => { throw new Error('explain only reads') }
      export default { ...${source}, store }`
    const nobody = file('nobody.mjs', `${store}\nstore.findIdentity = () => ({ blocked: false })`)
    const { code, stdout } = await explain('--config', nobody)
    assert.equal(code, 1, stdout)
    assert.match(stdout, /^✗ user +no user\n +expected: a user with .*\n +Set autoCreateUser/m)
    const down = await explain('--config', file('down.mjs', store))
    assert.equal(down.code, 2)
    assert.match(down.stdout, /^\? user +explain only reads$/m)
    assert.doesNotMatch((await explain(...flags)).stdout, /user/)
  })

  test('takes an exported app, whose secrets are in the environment', async () => {
    const input = mint(fresh({ aud: 'mobile', user_data: { name: 'Jean Valjean' } }))
    const { code } = await runCli(['explain', '-', '--providers', exportedApp], { env, input })
    assert.equal(code, 0)
    assert.equal((await explain('--providers', exportedApp)).code, 1)
  })

  test('takes secrets from an env file and public keys from a PEM file', async () => {
    const dotenv = file('.env', `SIGNING_KEY=${SECRET}`)
    const given = ['explain', good, ...flags, '--dotenv', dotenv]
    assert.equal((await runCli(given, { env: { SIGNING_KEY: undefined } })).code, 0)
    const { privateKey, publicPem } = rsaKeys()
    const pem = file('public.pem', publicPem)
    const args = [
      'explain',
      '-',
      '--alg',
      'RS256',
      '--key-file',
      pem,
      '--audience',
      APP_ID,
      '--audience',
      'web',
    ]
    const input = mint(fresh({ aud: [APP_ID, 'web'] }), { key: privateKey })
    assert.equal((await runCli(args, { input })).code, 0)
  })

  test('asks an issuer for its keys, and says so when it cannot: that is no verdict on the token', async () => {
    const issuer = await createTestIssuer()
    const input = issuer.mint({ sub: '24601', aud: APP_ID })
    const run = (...args: string[]) =>
      runCli(['explain', '-', '--app-id', APP_ID, ...args], { input, env: { NO_PROXY: '*' } })
    assert.equal((await run('--jwk-uri', issuer.jwkUri)).code, 0)
    assert.equal((await run('--discover', issuer.issuer)).code, 0)
    await issuer.close()
    const { code, stdout } = await run('--jwk-uri', issuer.jwkUri)
    assert.equal(code, 2)
    assert.match(stdout, /^\? signature /m)
    assert.match(stdout, /could not check signature/)
  })

  test('ends quietly when nobody reads on, with the exit code of its verdict', async () => {
    for (const [appId, verdict] of [
      [APP_ID, 0],
      ['other', 1],
    ] as const) {
      const child = startCli(['explain', good, '--alg', 'HS256', '--app-id', appId], { env })
      let errors = ''
      child.stderr.on('data', (text: Buffer) => (errors += text.toString()))
      child.stdout.destroy()
      const code = await new Promise((resolve) => child.on('close', resolve))
      assert.deepEqual([code, errors], [verdict, ''])
    }
  })

  const refusals: [what: string, args: string[], message: RegExp][] = [
    ['without a configuration', [], /pass --config, --providers, --alg with a key, --jwk-uri or --discover/],
    ['with two', ['--config', 'a', '--providers', 'b'], /pass --config or --providers, not both/],
    [
      'with wrong options',
      ['--alg', 'HS256', '--app-id', ' '],
      /appId: is an empty or blank string\. Pass the App ID/,
    ],
    ['with no such file', ['--config', 'nowhere.mjs'], /nowhere\.mjs does not exist/],
    ['with a file that fails', ['--config', 'throws.mjs'], /throws\.mjs cannot be imported: not today/],
    [
      'with a file that exports no options',
      ['--config', 'guard.mjs'],
      /exports a function \(the guard itself\?\)/,
    ],
    ['with JSON that is none', ['--config', 'broken.json'], /broken\.json is not JSON$/m],
    ['with a providers.json for options', ['--config', 'providers.json'], /pass it as --providers/],
    [
      'with secrets without values',
      ['--providers', 'providers.json', '--app-id', 'a'],
      /variable NOT_SET_HERE/,
    ],
  ]
  file('throws.mjs', "throw new Error('not today')")
  file('guard.mjs', 'export default function auth() {}')
  file('broken.json', '{ "signingKeys": ["secret"')
  file(
    'providers.json',
    JSON.stringify({
      'custom-token': {
        config: { signingAlgorithm: 'HS256' },
        secret_config: { signingKeys: ['not-set-here'] },
      },
    }),
  )
  for (const [what, args, message] of refusals)
    test(`refuses to work ${what}`, async () => {
      const { code, stdout, stderr } = await explain(...args)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
      assert.ok(!stderr.includes(SECRET))
    })

  test('refuses an empty standard input, and one that is too long for a token', async () => {
    const run = (input: string) => runCli(['explain', '-', ...flags], { env, input })
    const [empty, long] = await Promise.all([run(' \n'), run('x'.repeat(1_100_000))])
    assert.deepEqual([empty.code, long.code], [2, 2])
    assert.match(empty.stderr, /nothing came from standard input/)
    assert.match(long.stderr, /is not a token/)
  })
})
