import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { customJwtAuth, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { runCli } from '../support/cli.js'
import { payloadOf } from '../support/payload.js'
import { APP_ID, rsaKeys, SECRET } from '../support/tokens.js'

const scratch = mkdtempSync(join(tmpdir(), 'token-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}

const env = { SIGNING_KEY: SECRET }
const who = ['--sub', '24601', '--aud', APP_ID]
const isAccepted = async (token: string, options: object) => {
  const explanation = await customJwtAuth({ appId: APP_ID, ...options } as CustomJwtAuthOptions).explain(
    token,
    { user: false },
  )
  assert.ok(explanation.ok, explanation.summary)
}

describe('token', { concurrency: 2 }, () => {
  test('prints the token alone, so that it pipes', async () => {
    const { code, stdout, stderr } = await runCli(['token', ...who], { env })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    await isAccepted(stdout, { signingAlgorithm: 'HS256', signingKeys: [SECRET] })
  })

  test('sets the claims that it is told', async () => {
    const claims = [
      ...['user_data.name=Jean Valjean', 'user_data.aliases=["Madeleine"]', 'user_data.age=17'],
      ...['http://example\\.com/id=x=y', 'text="17"', 'admin=true', 'zip=01234'],
    ]
    const args = [
      '--iss',
      'https://issuer.example',
      '--aud',
      'web',
      '--expires-in',
      '2h',
      '--kid',
      'k1',
      '--json',
    ]
    const flags = claims.flatMap((claim) => ['--claim', claim])
    const { stdout } = await runCli(['token', ...who, ...args, ...flags], { env })
    const {
      token,
      header,
      claims: said,
    } = JSON.parse(stdout) as { token: string; header: object; claims: object }
    const { iat, exp, ...others } = payloadOf(token) as { iat: number; exp: number }
    assert.deepEqual(said, { iat, exp, ...others })
    assert.equal(exp - iat, 7200)
    assert.deepEqual(others, {
      ...{ iss: 'https://issuer.example', sub: '24601', aud: [APP_ID, 'web'] },
      user_data: { name: 'Jean Valjean', aliases: ['Madeleine'], age: 17 },
      ...{ 'http://example.com/id': 'x=y', text: '17', admin: true, zip: '01234' },
    })
    assert.deepEqual(header, { alg: 'HS256', typ: 'JWT', kid: 'k1' })
  })

  test('makes expired tokens too', async () => {
    const { stdout } = await runCli(['token', ...who, '--expires-in=-1m'], { env })
    const { iat, exp } = payloadOf(stdout) as { iat: number; exp: number }
    assert.equal(exp - iat, -60)
  })

  test('signs with a private key for what the key is for', async () => {
    const rsa = rsaKeys()
    const rsaFile = file('rsa.pem', rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    const { stdout } = await runCli(['token', ...who, '--key-file', rsaFile])
    await isAccepted(stdout, { signingAlgorithm: 'RS256', signingKeys: [rsa.publicPem] })

    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const escaped = ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().replaceAll('\n', '\\n')
    const args = ['token', ...who, '--key-env', 'EC_KEY']
    const { stdout: second } = await runCli(args, { env: { EC_KEY: escaped } })
    const publicPem = ec.publicKey.export({ type: 'spki', format: 'pem' })
    await isAccepted(second, { signingAlgorithm: 'ES256', signingKeys: [publicPem] })
  })

  test('reads secrets from an env file, and decodes them when it is told to', async () => {
    const envFile = file('.env', `SIGNING_KEY=${SECRET}\n`)
    const { stdout } = await runCli(['token', ...who, '--dotenv', envFile, '--encoding', 'hex'])
    const signingKeys = [{ key: SECRET, encoding: 'hex' }]
    await isAccepted(stdout, { signingAlgorithm: 'HS256', signingKeys })
  })

  const refusals: [what: string, args: string[], message: RegExp][] = [
    ['without --sub', ['--aud', 'a'], /--sub and --aud are required/],
    ['without a key', [...who, '--key-env', 'NOT_SET'], /there is no key: set NOT_SET, or pass --key-file/],
    ['with two keys', [...who, '--key-env', 'A', '--key-file', 'b'], /--key-file or --key-env, not both/],
    [
      'with a file that does not exist',
      [...who, '--key-file', 'nowhere.pem'],
      /nowhere\.pem cannot be read \(ENOENT\)/,
    ],
    [
      'with an env file that does not exist',
      [...who, '--dotenv', 'nowhere'],
      /nowhere cannot be read \(ENOENT\)/,
    ],
    [
      'with a short secret',
      [...who, '--key-env', 'SHORT'],
      /the key has 9 characters\. Use a secret of 32 to 512/,
    ],
    ['with a public key', [...who, '--key-env', 'PUBLIC'], /the key is not a private key in PEM/],
    ['with a secret for RS256', [...who, '--alg', 'RS256'], /the key is not a private key in PEM/],
    ['with an unknown algorithm', [...who, '--alg', 'none'], /--alg is one of HS256/],
    ['with an unknown encoding', [...who, '--encoding', 'rot13'], /--encoding is one of utf8/],
    ['with a time that is none', [...who, '--expires-in', 'soon'], /--expires-in is a time such as 90/],
    ['with a claim without a value', [...who, '--claim', 'name'], /--claim is path=value/],
    ['with a claim without a name', [...who, '--claim', 'a..b=1'], /--claim is path=value/],
    ['with a date that no issuer writes', [...who, '--claim', 'exp=soon'], /"exp" should be a number/],
  ]
  for (const [what, args, message] of refusals)
    test(`refuses to work ${what}, and shows no key`, async () => {
      const given = { ...env, SHORT: 'topsecret', PUBLIC: rsaKeys().publicPem }
      const { code, stdout, stderr } = await runCli(['token', ...args], { env: given, cwd: scratch })
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
      for (const key of [SECRET, 'topsecret', 'MIIB']) assert.ok(!stderr.includes(key))
    })
})
