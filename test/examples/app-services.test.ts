import assert from 'node:assert/strict'
import { chmodSync, cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, beforeEach, describe, test, type TestContext } from 'node:test'
import { fromProvidersJson } from 'custom-jwt-auth'
import { App, Credentials, getEnvironment, MongoDBRealmError } from 'realm-web'
import { linkCommand } from '../../link-command.mjs'
import { builtCli } from '../support/built-cli.js'
import { APP_ID, claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'
import { readBlocks, runShell, startExample } from './run-example.js'

const [importUsers = '', start = '', tryIt = ''] = readBlocks('app-services', 'sh')
const [jean] = readBlocks('app-services', 'json').map((json) => JSON.parse(json) as { id: string })
const [, SIGNING_KEY = ''] = /JWT_SIGNING_KEY=(\S+)/.exec(start) ?? []
const scratch = mkdtempSync(join(tmpdir(), 'app-services-'))
// Of the checkout, what has been built and what the lines name.
const checkout = join(scratch, 'checkout')
cpSync(join(dirname(builtCli()), '../../..'), checkout, { recursive: true })
cpSync('test/fixtures', join(checkout, 'test/fixtures'), { recursive: true })
chmodSync(join(checkout, 'dist/esm/cli/main.js'), 0o755) // as build.mjs does
linkCommand(checkout)
for (const name of readdirSync('node_modules'))
  if (!name.startsWith('.')) symlinkSync(resolve('node_modules', name), join(checkout, 'node_modules', name))
const USERS_DB = join(scratch, 'users.db')
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

/** Runs lines of the README as they are, in a folder like a checkout after its build. */
function run(lines: string): Promise<string> {
  return runShell(lines, checkout)
}

function tokenFor(sub: string, others: object = {}): string {
  const now = Math.floor(Date.now() / 1000)
  const user_data = { name: 'Jean Valjean' }
  return mint(claims({ sub, aud: 'web', user_data, iat: now, exp: now + 600, ...others }), {
    key: SIGNING_KEY,
  })
}

async function startServer(t: TestContext): Promise<{ url: string; said: string }> {
  const example = startExample(t, start, { USERS_DB })
  const { 0: said, 1: port = '' } = await example.printed(/[^]*Listening on .* port: (\d+)/)
  return { url: `http://127.0.0.1:${port}`, said }
}

async function getMe(url: string, token: string) {
  const answer = await fetch(`${url}/me`, { headers: { jwtTokenString: token } })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}

// One after the other: each starts a server on the same users.
describe('an exported app, in two commands', () => {
  before(async () => {
    const said = await run(importUsers.replace('sqlite:users.db', `sqlite:${USERS_DB}`))
    assert.match(said, /^3 users read: 3 added, 0 already there, 0 skipped \(/)
  })
  // What the client keeps between visits, it keeps by app id: each test is a new device.
  beforeEach(() => {
    getEnvironment().defaultStorage.clear()
  })

  test('becomes a server whose user has the old id, for unmodified realm-web and for curl with jwtTokenString', async (t) => {
    const { url } = await startServer(t)
    const script = tryIt.replaceAll('http://localhost:3000', url).replaceAll(/^curl /gm, 'curl --silent ')
    const byCurl = JSON.parse(await run(script)) as { identities: { id: string; provider_type: string }[] }
    assert.deepEqual(byCurl, jean)

    const app = new App({ id: APP_ID, baseUrl: url })
    const user = await app.logIn(Credentials.jwt(tokenFor('24601', { 'http://example.com/id': 'crm-8' })))
    assert.equal(user.id, jean?.id)
    assert.deepEqual(
      user.identities,
      byCurl.identities.map(({ id, provider_type }) => ({ id, providerType: provider_type })),
    )
    assert.deepEqual(user.profile, { name: 'Jean Valjean', crmId: 'crm-8' })
  })

  test('keeps the identities of other providers', async (t) => {
    const { url } = await startServer(t)
    const user = await new App({ id: APP_ID, baseUrl: url }).logIn(Credentials.jwt(tokenFor('users/cosette')))
    assert.equal(user.id, '5f1a2b3c4d5e6f7081920304')
    assert.deepEqual(
      user.identities.map(({ providerType }) => providerType),
      ['local-userpass', 'custom-token'],
    )
  })

  test('goes on refusing a user who was disabled', async (t) => {
    const { url } = await startServer(t)
    const login = new App({ id: APP_ID, baseUrl: url }).logIn(Credentials.jwt(tokenFor('javert')))
    await assert.rejects(login, (error) => {
      assert(error instanceof MongoDBRealmError)
      assert.deepEqual(
        [error.statusCode, error.errorCode, error.error],
        [401, 'UserDisabled', 'user disabled'],
      )
      return true
    })
    const { status, body } = await getMe(url, tokenFor('javert'))
    assert.deepEqual([status, body.error_code], [401, 'UserDisabled'])
  })

  test('creates a new user at the first login, who is there after a restart', async (t) => {
    const first = await startServer(t)
    const app = new App({ id: APP_ID, baseUrl: first.url })
    const { id } = await app.logIn(Credentials.jwt(tokenFor('marius')))
    assert.match(id, /^[0-9a-f]{24}$/)
    const second = await startServer(t)
    assert.equal((await getMe(second.url, tokenFor('marius'))).body.id, id)
  })

  test('has everything that is not carried over printed, item by item', async (t) => {
    const { said } = await startServer(t)
    const secrets = { 'jwt-signing-key': SECRET, 'jwt-signing-key.2023': OTHER_SECRET }
    const { notCarriedOver } = fromProvidersJson('test/fixtures/exported-app', { secrets })
    assert.ok(notCarriedOver.length > 10)
    for (const { item, reason, fix } of notCarriedOver)
      assert.ok(said.includes(`Not carried over: ${item}: ${reason}\n    ${fix}\n`), item)
  })
})

test('without its secrets the server does not start, and names the variables', async (t) => {
  const command = start.slice(start.indexOf('npx tsx'))
  const unset = { JWT_SIGNING_KEY: undefined, JWT_SIGNING_KEY_2023: undefined, SESSION_KEY: undefined }
  const { code, output } = await startExample(t, command, { ...unset, USERS_DB }).ended()
  assert.equal(code, 1)
  assert.match(output, /set the environment variable JWT_SIGNING_KEY\.\n.* variable JWT_SIGNING_KEY_2023\.\n/)
})
