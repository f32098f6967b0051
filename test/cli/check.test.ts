import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import type { Finding } from '../../lib/cli/finding.js'
import { STORE_VERBS } from '../../lib/stores/store.js'
import { runCli } from '../support/cli.js'
import { writeApp } from '../migrate/exported-providers.js'
import { startIssuer } from '../support/scripted-issuer.js'
import { APP_ID, OTHER_SECRET, rsaKeys, SECRET, SESSION_SECRET } from '../support/tokens.js'

const exportedApp = fileURLToPath(new URL('../fixtures/exported-app', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'check-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}

const env = {
  SIGNING_KEY: SECRET,
  JWT_SIGNING_KEY: SECRET,
  JWT_SIGNING_KEY_2023: OTHER_SECRET,
  NO_PROXY: '*',
}
const flags = ['--alg', 'HS256', '--app-id', APP_ID]

async function audit(...args: string[]) {
  const { code, stdout, stderr } = await runCli(['check', ...args, '--json'], { env })
  assert.equal(stderr, '')
  const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] }
  assert.equal(code, ok ? 0 : 1)
  return {
    ok,
    findings,
    of: (name: string) => findings.find((finding) => finding.name === name),
    problems: findings.filter(({ level }) => level === 'problem').map(({ name, text }) => `${name}: ${text}`),
  }
}

/** An issuer with one key, whose clock is ahead of ours by some seconds. */
function issuerAhead(t: TestContext, seconds: number, headers: Record<string, string> = {}, kid?: string) {
  const jwk = { ...rsaKeys().publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) }
  return startIssuer(t, (_req, res) => {
    const date = new Date(Date.now() + seconds * 1000).toUTCString()
    res.writeHead(200, { 'content-type': 'application/json', date, ...headers })
    res.end(JSON.stringify({ keys: [jwk] }))
  })
}

/** The first problem names so many seconds: the answer may have been under way for some of them. */
function assertSeconds(
  [problem = '']: readonly string[],
  pattern: RegExp,
  least: number,
  most: number,
): void {
  const [, seconds] = pattern.exec(problem) ?? assert.fail(problem)
  assert.ok(Number(seconds) >= least && Number(seconds) <= most, problem)
}

describe('check', { concurrency: 2 }, () => {
  test('finds nothing wrong with good options, in words', async () => {
    const { code, stdout, stderr } = await runCli(['check', ...flags], { env })
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^✓ keys: 1 HS256 secret$/m)
    assert.match(stdout, /^✓ audience: myapp-abcde$/m)
    assert.match(stdout, /\nno problems(?:, \d+ notes? to read)?\n$/)
    assert.ok(!stdout.includes(SECRET))
  })

  test('names every mistake in the options, and ends with 1', async () => {
    const options = { appId: '', signingAlgorithm: 'HS256', signingKeys: ['short'], sesion: {} }
    const config = file('wrong.json', JSON.stringify(options))
    const { ok, findings } = await audit('--config', config)
    assert.equal(ok, false)
    assert.deepEqual(
      findings.map(({ text }) => text),
      ['sesion: is not an option', 'appId: is an empty or blank string', 'signingKeys[0]: has 5 characters'],
    )
    assert.ok(findings.every(({ fix }) => fix))
    const { code, stdout } = await runCli(['check', '--config', config])
    assert.equal(code, 1)
    assert.match(stdout, /^✗ options: sesion: is not an option\n +Did you mean session$/m)
    assert.match(stdout, /\n3 problems to fix(?:, \d+ notes? to read)?\n$/)
  })

  test('lists what of an exported app is not carried over, without calling it a problem', async () => {
    const { ok, findings, of } = await audit('--providers', exportedApp)
    assert.equal(ok, true)
    assert.equal(of('audience')?.text, 'any of web, mobile')
    const notes = findings.filter(({ name }) => name === 'not carried over')
    assert.ok(notes.length > 5)
    assert.ok(notes.every(({ level, fix }) => level === 'note' && fix))
  })

  test('prints apart what an exported app decides and what it leaves to decide', async () => {
    const { stdout, code } = await runCli(['check', '--providers', exportedApp], { env })
    assert.equal(code, 0)
    const [decided = '', open = '', end] = stdout.split(/\n\n(?=To decide\n|no problems)/)
    assert.match(decided, /^Decided\n(?:✓ .*\n?)+$/)
    assert.match(open, /^To decide\n(?:! .*\n {4}.*\n?)+$/)
    assert.equal(end, 'no problems, 17 notes to read\n')
    assert.doesNotMatch(stdout, /sessions|store:/)
  })

  test('takes the values of template expressions from the environment that is named', async () => {
    const app = writeApp({
      'realm_config.json': { app_id: APP_ID },
      'environments/production.json': { values: { audience: 'web' } },
      'auth/providers.json': {
        'custom-token': {
          config: { audience: '%(%%environment.values.audience)', signingAlgorithm: 'HS256' },
          secret_config: { signingKeys: ['SIGNING_KEY'] },
        },
      },
    })
    const named = await audit('--providers', app, '--environment', 'production')
    assert.equal(named.of('audience')?.text, 'web')
    const [problem = ''] = (await audit('--providers', app)).problems
    assert.match(
      problem,
      /config\.audience: is "%\(%%environment\.values\.audience\)", whose value is not in/,
    )
    const { code, stderr } = await runCli(['check', ...flags, '--environment', 'qa'], { env })
    assert.deepEqual([code, /goes with --providers/.test(stderr)], [2, true])
  })

  test('names the secrets of an exported app that have no value', async () => {
    const { stdout, code } = await runCli(['check', '--providers', exportedApp], {
      env: { ...env, JWT_SIGNING_KEY: '' },
    })
    assert.equal(code, 1)
    assert.match(stdout, /is the secret "jwt-signing-key", which has no value/)
  })

  test('wants something that tells the own tokens from those of other apps', async () => {
    const options = { appId: APP_ID, audience: null, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
    const anyone = await audit('--config', file('anyone.json', JSON.stringify(options)))
    assert.deepEqual(anyone.problems, [
      'audience: anyone: a token that the issuer issued for another app is accepted too',
    ])
    const claimed = { ...options, requiredClaims: { azp: 'web' } }
    assert.equal(
      (await audit('--config', file('claimed.json', JSON.stringify(claimed)))).of('audience')?.level,
      'note',
    )
  })

  test('says when the provider is switched off', async () => {
    const options = { appId: APP_ID, disabled: true, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
    assert.equal(
      (await audit('--config', file('off.json', JSON.stringify(options)))).of('provider')?.level,
      'note',
    )
  })

  test('wants a persistent store for sessions in production', async () => {
    const options = { session: { signingKeys: [SESSION_SECRET] } }
    const config = file('sessions.json', JSON.stringify(options))
    assert.equal((await audit('--config', config, ...flags, '--key-env', 'SIGNING_KEY')).ok, true)
    const { problems } = await audit('--config', config, ...flags, '--key-env', 'SIGNING_KEY', '--production')
    assert.match(problems.join(), /^options: store: is not set, so sessions would end/)
  })

  test('opens the store, and closes it', async () => {
    const verbs = Object.keys(STORE_VERBS).filter((verb) => verb !== 'findUser')
    const store = (
      ready: string,
    ) => `const store = { ready() { ${ready} }, findUser() {}, close() { console.error('closed') } }
      for (const verb of '${verbs.join(' ')}'.split(' ')) store[verb] = () => { throw new Error('an audit only reads') }
      export default { appId: 'a', signingAlgorithm: 'HS256', signingKeys: ['${SECRET}'], store }`
    const good = await runCli(['check', '--config', file('store.mjs', store(''))])
    assert.deepEqual([good.code, good.stderr], [0, 'closed\n'])
    assert.match(good.stdout, /^✓ store: answers$/m)
    const bad = await runCli([
      'check',
      '--config',
      file('bad.mjs', store("throw new Error('refused on port 5432')")),
    ])
    assert.deepEqual([bad.code, bad.stderr], [1, 'closed\n'])
    assert.match(bad.stdout, /^✗ store: does not answer: refused on port 5432\n +Start the database/m)
  })
})

describe('check refuses to work', { concurrency: 2 }, () => {
  const refusals: [what: string, args: string[], message: RegExp][] = [
    [
      'without a configuration',
      [],
      /check: pass --config, --providers, --alg with a key, --jwk-uri or --disc/,
    ],
    ['with two', ['--config', 'a', '--providers', 'b'], /pass --config or --providers, not both/],
    ['with a file that does not exist', ['--config', 'nowhere.mjs'], /nowhere\.mjs does not exist/],
    ['with a file that fails', ['--config', 'fails.mjs'], /fails\.mjs cannot be imported: not today/],
    [
      'with a file that exports no options',
      ['--config', 'text.mjs'],
      /text\.mjs exports string: make the opt/,
    ],
    ['with JSON that is none', ['--config', 'half.json'], /half\.json is not JSON$/m],
    ['with no env file', [...flags, '--dotenv', 'nowhere'], /nowhere cannot be read \(ENOENT\)/],
    [
      'with a key that is not set',
      [...flags, '--key-env', 'NOT_SET'],
      /there is no key: set NOT_SET, or pass/,
    ],
    ['with no key file', [...flags, '--key-file', 'nowhere.pem'], /nowhere\.pem cannot be read \(ENOENT\)/],
    [
      'with two keys',
      [...flags, '--key-file', 'a', '--key-env', 'B'],
      /pass --key-file or --key-env, not both/,
    ],
    ['with an unknown encoding', [...flags, '--encoding', 'rot13'], /--encoding is one of utf8, base64/],
  ]
  file('fails.mjs', "throw new Error('not today')")
  file('text.mjs', "export default 'options'")
  file('half.json', `{ "signingKeys": ["${SECRET}"`)
  for (const [what, args, message] of refusals)
    test(`${what}, also as JSON`, async () => {
      for (const given of [args, [...args, '--json']]) {
        const { code, stdout, stderr } = await runCli(['check', ...given], { env, cwd: scratch })
        assert.deepEqual([code, stdout], [2, ''])
        assert.match(stderr, message)
        assert.ok(!stderr.includes(SECRET))
      }
    })
})

describe('check of an issuer', { concurrency: 2 }, () => {
  test('names its keys, and finds its clock right', async (t) => {
    const issuer = await createTestIssuer()
    t.after(() => issuer.close())
    for (const way of [
      ['--jwk-uri', issuer.jwkUri],
      ['--discover', issuer.issuer],
    ]) {
      const { ok, of } = await audit('--app-id', APP_ID, ...way)
      assert.equal(ok, true)
      const pattern = new RegExp(`^1 usable RS256 of at most 20 in \\d+ ms: ${issuer.kids.join()}$`)
      assert.match(of('key set')?.text ?? '', pattern)
      assert.equal(of('clock')?.level, 'ok')
    }
  })

  test('that cannot be reached is a problem', async () => {
    const issuer = await createTestIssuer()
    await issuer.close()
    const { problems, of } = await audit('--app-id', APP_ID, '--jwk-uri', issuer.jwkUri)
    assert.match(problems.join(), /^key set: .*\/jwks could not be fetched: .*ECONNREFUSED/)
    assert.equal(of('clock')?.level, 'note')
  })

  test('that answers with something else is a problem', async (t) => {
    const issuer = await startIssuer(t, (_req, res) => {
      res.end('<html>')
    })
    const { problems } = await audit('--app-id', APP_ID, '--jwk-uri', issuer.jwkUri)
    assert.match(problems.join(), /answered with something that is not JSON/)
  })

  test('whose key has no name is a problem, unless that is allowed', async (t) => {
    const { jwkUri } = await issuerAhead(t, 0)
    assert.match((await audit('--app-id', APP_ID, '--jwk-uri', jwkUri)).problems.join(), /a key has no kid/)
    const options = { appId: APP_ID, jwkUri, jwks: { allowMissingKid: true } }
    assert.equal((await audit('--config', file('kid.json', JSON.stringify(options)))).ok, true)
  })

  test('whose clock is ahead is a problem: its new tokens would be refused', async (t) => {
    const { jwkUri } = await issuerAhead(t, 90, {}, 'k')
    const { problems } = await audit('--app-id', APP_ID, '--jwk-uri', jwkUri)
    assertSeconds(problems, /^clock: the issuer's is (\d+) s ahead: its new tokens are refused/, 80, 90)
    const options = { appId: APP_ID, jwkUri, clockToleranceSeconds: 90 }
    assert.equal((await audit('--config', file('tolerant.json', JSON.stringify(options)))).ok, true)
  })

  test('whose clock is behind is a problem: its tokens would expire too early', async (t) => {
    const { jwkUri } = await issuerAhead(t, -90, {}, 'k')
    const { problems } = await audit('--app-id', APP_ID, '--jwk-uri', jwkUri)
    assertSeconds(problems, /^clock: the issuer's is (\d+) s behind: its tokens expire/, 89, 100)
  })

  test('whose answer is an old one of a cache has its age counted', async (t) => {
    const { jwkUri } = await issuerAhead(t, -90, { age: '90' }, 'k')
    const options = { appId: APP_ID, jwkUri, clockToleranceSeconds: 60 }
    assert.equal((await audit('--config', file('aged.json', JSON.stringify(options)))).ok, true)
  })
})
