import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { customJwtAuth } from 'custom-jwt-auth'
import { runCli } from '../support/cli.js'

const scratch = mkdtempSync(join(tmpdir(), 'keygen-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})
const modeOf = (path: string) => statSync(path).mode & 0o777
const read = (...path: string[]) => readFileSync(join(scratch, ...path), 'utf8')

describe('keygen', { concurrency: 2 }, () => {
  test('prints a secret as a line for .env, another one each time', async () => {
    const [one, two] = await Promise.all([runCli(['keygen']), runCli(['keygen'])])
    for (const { code, stdout, stderr } of [one, two]) {
      assert.deepEqual([code, stderr], [0, ''])
      assert.match(stdout, /^SIGNING_KEY=[0-9a-f]{64}\n$/)
    }
    assert.notEqual(one.stdout, two.stdout)
  })

  test('writes into a .env file that nobody else can read, and never one name twice', async () => {
    const file = join(scratch, '.env')
    writeFileSync(file, 'PORT=3000', { mode: 0o644 }) // without a newline at its end
    const { code, stdout } = await runCli(['keygen', '--dotenv', file])
    assert.deepEqual([code, stdout], [0, `wrote SIGNING_KEY to ${file}\n`])
    await runCli(['keygen', '--dotenv', file, '--name', 'SESSION_KEY'])
    const text = read('.env')
    assert.match(text, /^PORT=3000\nSIGNING_KEY=[0-9a-f]{64}\nSESSION_KEY=[0-9a-f]{64}\n$/)
    assert.equal(modeOf(file), 0o600)

    const again = await runCli(['keygen', '--dotenv', file])
    assert.equal(again.code, 2)
    assert.match(again.stderr, /SIGNING_KEY is already in .*\.env: remove it there, or pass another --name/)
    assert.equal(read('.env'), text)
    const nowhere = await runCli(['keygen', '--dotenv', join(scratch, 'none', '.env')])
    assert.deepEqual([nowhere.code, nowhere.stdout], [2, ''])
    assert.match(nowhere.stderr, /cannot be written \(ENOENT\)/)
  })

  test('prints JSON, by the name that was asked for', async () => {
    const { stdout } = await runCli(['keygen', '--name', 'SESSION_KEY', '--json'])
    const { SESSION_KEY, ...others } = JSON.parse(stdout) as Record<string, string>
    assert.deepEqual(others, {})
    customJwtAuth({ appId: 'a', signingAlgorithm: 'HS256', signingKeys: [SESSION_KEY] })
  })

  test('prints a key pair as lines for .env, which the guard reads', async () => {
    const { stdout } = await runCli(['keygen', '--alg', 'RS256', '--format', 'env', '--json'])
    const { SIGNING_KEY, SIGNING_KEY_PRIVATE } = JSON.parse(stdout) as Record<string, string>
    customJwtAuth({ appId: 'a', signingAlgorithm: 'RS256', signingKeys: [SIGNING_KEY] })
    assert.match(SIGNING_KEY_PRIVATE ?? '', /^-----BEGIN PRIVATE KEY-----\\n[^\n]*$/)
  })

  for (const alg of ['RS256', 'ES256'] as const)
    test(`writes ${alg} keys as PEM, the private one for its owner alone, and replaces them only by force`, async () => {
      const out = join(scratch, alg)
      const args = ['keygen', '--alg', alg, '--out', out]
      const first = await runCli(args)
      const [privateFile, publicFile] = [join(out, 'private.pem'), join(out, 'public.pem')]
      assert.deepEqual(first, { code: 0, stdout: `wrote ${privateFile}\nwrote ${publicFile}\n`, stderr: '' })
      assert.equal(modeOf(privateFile), 0o600)
      const publicPem = read(alg, 'public.pem')
      customJwtAuth({ appId: 'a', signingAlgorithm: alg, signingKeys: [publicPem] })

      rmSync(publicFile)
      const before = read(alg, 'private.pem')
      const refused = await runCli(args)
      assert.deepEqual([refused.code, refused.stdout], [2, ''])
      assert.match(refused.stderr, /private\.pem exists: pass --force to replace it, or another --out/)
      assert.deepEqual(readdirSync(out), ['private.pem'], 'nothing was written')
      assert.equal(read(alg, 'private.pem'), before)

      writeFileSync(privateFile, 'old', { mode: 0o666 })
      const forced = await runCli([...args, '--force', '--json'])
      assert.deepEqual(JSON.parse(forced.stdout), { algorithm: alg, files: [privateFile, publicFile] })
      assert.equal(modeOf(privateFile), 0o600)
      const made = createPublicKey(read(alg, 'private.pem')).export({ type: 'spki', format: 'pem' })
      assert.equal(made, read(alg, 'public.pem'))
    })

  test('writes a key set with public parts alone', async () => {
    const out = join(scratch, 'jwks')
    const args = ['keygen', '--alg', 'ES256', '--format', 'jwks', '--kid', '2024-05', '--out', out]
    const { code, stdout } = await runCli(args)
    assert.equal(code, 0)
    assert.match(stdout, /kid 2024-05/)
    const { keys } = JSON.parse(read('jwks', 'jwks.json')) as { keys: object[] }
    assert.equal(keys.length, 1)
    assert.deepEqual(Object.keys(keys[0] ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  const refusals: [args: string[], message: RegExp][] = [
    [['--alg', 'none'], /--alg is one of HS256, RS256, ES256/],
    [['--format', 'der'], /--format is one of env, pem, jwks/],
    [['--format', 'jwks'], /a secret is not published/],
    [['--out', scratch], /--format env prints/],
    [['--name', 'A B'], /--name is not the name of a variable/],
    [['--name', 'A,A'], /--name has one name twice/],
    [['--name', 'A,B', '--alg', 'RS256', '--format', 'env'], /--name is not the name of a variable/],
    [['--alg', 'RS256', '--out', '/dev/null/keys'], /cannot be written to \/dev\/null\/keys \(ENOTDIR\)/],
  ]
  for (const [args, message] of refusals)
    test(`refuses ${args.join(' ')}`.replace(scratch, '<folder>'), async () => {
      const { code, stdout, stderr } = await runCli(['keygen', ...args])
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
    })
})
