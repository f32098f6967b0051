// The command as npm would deliver it: packed, installed in an app, started there with npx.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { COMMANDS } from '../../lib/cli/commands.js'
import { pack, runIn } from '../support/packed.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const users = join(root, 'test/fixtures/users.json')
const exportedApp = join(root, 'test/fixtures/exported-app')
const scratch = mkdtempSync(join(tmpdir(), 'custom-jwt-auth-cli-'))
// `node`, in npx and in scripts, is the one that runs the tests.
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
const env = { ...process.env, PATH, NODE_TEST_CONTEXT: undefined }

/** Runs a script in a shell, in an app. */
async function shell(app: string, script: string) {
  const child = spawn('sh', ['-c', script], { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [stdout, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  // npm itself may have something to say about the machine.
  const stderr = errors.replace(/^npm (?:warn|notice).*\n/gm, '')
  return { code, stdout, stderr }
}

async function installApp(name: string, ...packages: string[]): Promise<string> {
  const app = join(scratch, name)
  mkdirSync(app)
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true }))
  await runIn(app, 'npm', 'install', '--prefer-offline', '--no-audit', ...packages)
  return app
}

let bare: string
let app: string
before(async () => {
  const tarball = await pack(scratch)
  bare = await installApp('bare', tarball)
  app = await installApp('with-drivers', tarball, 'libsql', 'pg', 'mongodb')
})
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

test('every test of test/cli passes with the installed command', async () => {
  const CLI_BIN = join(app, 'node_modules/.bin/custom-jwt-auth')
  const child = spawn(process.execPath, ['test/run.mjs', 'test/cli'], { cwd: root, env: { ...env, CLI_BIN } })
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [output, code] = await Promise.all([text(child.stdout), exit])
  assert.equal(code, 0, output)
  assert.ok(Number(/^ℹ pass (\d+)$/m.exec(output)?.[1]) > 100, output)
})

describe('npx', () => {
  test('starts every command', async () => {
    for (const { name } of COMMANDS) {
      const { code, stdout, stderr } = await shell(bare, `npx --no custom-jwt-auth ${name} --help`)
      assert.deepEqual([code, stderr], [0, ''], name)
      assert.match(stdout, new RegExp(`custom-jwt-auth ${name}`))
    }
  })

  test('pipes: a key becomes a token, a token is explained, a refused one ends with 1', async () => {
    const script = `set -e
      npx --no custom-jwt-auth keygen --dotenv .env > wrote.txt
      npx --no custom-jwt-auth token --dotenv .env --sub 24601 --aud myapp-abcde > token.txt
      npx --no custom-jwt-auth explain - --alg HS256 --dotenv .env --app-id myapp-abcde < token.txt | tail -1
      npx --no custom-jwt-auth token --dotenv .env --sub 24601 --aud other \\
        | npx --no custom-jwt-auth explain - --alg HS256 --dotenv .env --app-id other | tail -1
      npx --no custom-jwt-auth check --alg HS256 --dotenv .env --app-id myapp-abcde | tail -1
      npx --no custom-jwt-auth explain - --alg HS256 --dotenv .env --app-id other --json < token.txt > explained.json`
    const { code, stdout, stderr } = await shell(bare, script)
    const accepted = 'accepted as Authorization: Bearer or in the header jwtTokenString\n'
    assert.deepEqual([code, stdout, stderr], [1, `${accepted}${accepted}no problems, 2 notes to read\n`, ''])
    const { ok } = JSON.parse(readFileSync(join(bare, 'explained.json'), 'utf8')) as { ok: boolean }
    assert.equal(ok, false)
  })

  test('audits an exported app', async () => {
    const keys = 'JWT_SIGNING_KEY=$(openssl rand -hex 32) JWT_SIGNING_KEY_2023=$(openssl rand -hex 32)'
    const { code, stdout } = await shell(
      bare,
      `${keys} npx --no custom-jwt-auth check --providers ${exportedApp}`,
    )
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^✓ keys: 2 HS256 secrets$/m)
  })

  test('imports users where a driver is installed', async () => {
    const { code, stdout } = await shell(
      app,
      `npx --no custom-jwt-auth import-users ${users} --store sqlite:users.db`,
    )
    assert.equal(code, 0)
    assert.match(stdout, /^3 users read: 3 added/)
  })

  test('imports users into SQLite with the driver that Node has, or says which one to install', async () => {
    const script = `npx --no custom-jwt-auth import-users ${users} --store sqlite:users.db`
    const { code, stdout, stderr } = await shell(bare, script)
    if (isBuiltin('node:sqlite')) assert.deepEqual([code, /: 3 added/.test(stdout)], [0, true], stderr)
    else {
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /needs a driver: .* Run `npm install libsql`, or use Node 22\.13 or later/)
      assert.doesNotMatch(stderr, /^ +at /m)
    }
  })

  for (const [name, url] of [
    ['pg', 'postgres://127.0.0.1:9/app'],
    ['mongodb', 'mongodb://127.0.0.1:9/app'],
  ])
    test(`says that the package ${name ?? ''} is to be installed where it is not`, async () => {
      const { code, stderr } = await shell(
        bare,
        `npx --no custom-jwt-auth import-users ${users} --store ${url ?? ''}`,
      )
      assert.equal(code, 2)
      assert.match(
        stderr,
        new RegExp(
          `the package ${name ?? ''} is not installed: run npm install custom-jwt-auth ${name ?? ''}`,
        ),
      )
    })
})
