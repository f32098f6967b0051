import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { customJwtAuth, type User } from 'custom-jwt-auth'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { eventually } from '../support/eventually.js'
import { runCli, startCli } from '../support/cli.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, SECRET } from '../support/tokens.js'

const users = fileURLToPath(new URL('../fixtures/users.json', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'import-users-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  writeFileSync(join(scratch, name), text)
  return join(scratch, name)
}

const run = (...args: string[]) => runCli(['import-users', ...args], { cwd: scratch })

/** A user in a line of its own. */
const user = (number: number, others: object = {}) =>
  JSON.stringify({
    _id: String(number).padStart(24, '0'),
    identities: [{ id: `user-${String(number)}`, provider_type: 'custom-token' }],
    creation_date: 1500000000,
    ...others,
  })

describe('import-users --map', () => {
  const subjects = (name: string, map: object): string => file(name, JSON.stringify(map))
  const storeAt = (t: TestContext, name: string) => {
    const store = sqliteStore({ path: join(scratch, name) })
    t.after(() => store.close?.())
    return store
  }

  test('gives people new subjects, and can be run again', async (t) => {
    const map = subjects('map.json', { '24601': 'auth0|1', '5f1a2b3c4d5e6f7081920305': 'auth0|2' })
    for (const [index, outcome] of ['3 added, 0 already there', '0 added, 3 already there'].entries()) {
      const { code, stdout, stderr } = await run(users, '--map', map, '--store', 'sqlite:mapped.db')
      assert.deepEqual([code, stderr], [0, ''], String(index))
      assert.ok(stdout.includes(outcome), stdout)
    }
    const store = storeAt(t, 'mapped.db')
    const find = async (id: string) => (await store.findIdentity({ id, provider_type: 'custom-token' })).user
    assert.equal((await find('auth0|1'))?.id, '59fdd02846244cd5e5369ebf')
    assert.equal((await find('auth0|2'))?.id, '5f1a2b3c4d5e6f7081920304')
    for (const old of ['24601', 'users/cosette']) assert.equal(await find(old), undefined)
  })

  test('gives people the name of their provider, with new subjects too', async (t) => {
    const map = subjects('named.json', { '24601': 'auth0|1' })
    const args = [users, '--map', map, '--provider', 'staff', '--store', 'sqlite:named.db']
    for (const outcome of ['3 added, 0 already there', '0 added, 3 already there'])
      assert.ok((await run(...args)).stdout.includes(outcome))
    const store = storeAt(t, 'named.db')
    const name = { id: 'auth0|1', provider_type: 'custom-token' }
    assert.equal(
      (await store.findIdentity({ ...name, provider_id: 'staff' })).user?.id,
      '59fdd02846244cd5e5369ebf',
    )
    assert.equal((await store.findIdentity(name)).user, undefined)
    const all = (await store.listUsers({ limit: 10 })).flatMap(({ identities }) => identities)
    for (const { provider_type, provider_id } of all)
      assert.equal(provider_id, provider_type === 'custom-token' ? 'staff' : undefined)
  })

  test('tells whom it finds without the new subject', async () => {
    await run(users, '--store', 'sqlite:unmapped.db')
    const map = subjects('late.json', { '24601': 'auth0|1' })
    const { code, stdout } = await run(users, '--map', map, '--store', 'sqlite:unmapped.db')
    assert.equal(code, 1)
    assert.match(stdout, /59fdd02846244cd5e5369ebf\): already exists, without the new subject: .* users link/)
    assert.match(stdout, /0 added, 2 already there, 1 skipped/)
  })

  test('adds nobody when an entry does not fit', async () => {
    const map = subjects('wrong.json', { '24601': 'auth0|1', gavroche: 'auth0|2' })
    const { code, stdout, stderr } = await run(users, '--map', map, '--store', 'sqlite:untouched.db')
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(
      stderr,
      /wrong\.json does not fit, and nobody was added:\n.*"gavroche" names nobody in the file/,
    )
    assert.ok(!existsSync(join(scratch, 'untouched.db')))
  })

  const wrong: readonly (readonly [string[], RegExp])[] = [
    [['-', '--map', 'map.json', '--dry-run'], /--map reads the users twice: pass a file, not -/],
    [[users, '--map', 'nowhere.json', '--dry-run'], /nowhere\.json cannot be read \(ENOENT\)/],
    [
      [file('cut.json', `[${user(1)},`), '--map', 'map.json', '--dry-run'],
      /the file is damaged, and nobody was added/,
    ],
  ]
  for (const [args, message] of wrong)
    test(`is refused: ${String(message)}`, async () => {
      subjects('map.json', { '24601': 'auth0|1' })
      const { code, stderr } = await run(...args)
      assert.equal(code, 2)
      assert.match(stderr, message)
    })
})

describe('import-users', { concurrency: 2 }, () => {
  test('brings exported users into SQLite: they sign in, with their old ids, and the disabled one does not', async (t) => {
    const first = await run(users, '--store', 'sqlite:users.db')
    assert.deepEqual([first.code, first.stderr], [0, ''])
    assert.match(first.stdout, /^3 users read: 3 added, 0 already there, 0 skipped \(/)

    const again = await run(users, '--store', `sqlite:${join(scratch, 'users.db')}`)
    assert.equal(again.code, 0)
    assert.match(again.stdout, /^3 users read: 0 added, 3 already there, 0 skipped \(/)

    const store = sqliteStore({ path: join(scratch, 'users.db') })
    const options = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] } as const
    const auth = customJwtAuth({ ...options, store, clock: () => NOW * 1000 })
    t.after(() => auth.close())
    const server = await listen((req, res) => {
      auth(req, res, (error) => {
        res.end(
          JSON.stringify({
            id: (req as { user?: User }).user?.id,
            code: (error as { code?: string } | undefined)?.code,
          }),
        )
      })
    })
    t.after(() => server.close())
    const signIn = async (sub: string) => {
      const response = await fetch(server.url, { headers: { jwtTokenString: mint(claims({ sub })) } })
      return (await response.json()) as { id?: string; code?: string }
    }
    assert.equal((await signIn('24601')).id, '59fdd02846244cd5e5369ebf')
    assert.equal((await signIn('users/cosette')).id, '5f1a2b3c4d5e6f7081920304')
    assert.equal((await signIn('javert')).code, 'USER_DISABLED')
    const { identities, creation_date } = (await auth.users.get('5f1a2b3c4d5e6f7081920304')) ?? assert.fail()
    assert.deepEqual(
      [identities.map(({ provider_type }) => provider_type), creation_date],
      [['local-userpass', 'custom-token'], 1595550524],
    )
  })

  test('looks at the file alone with --dry-run', async () => {
    const { code, stdout } = await run(users, '--dry-run', '--store', 'sqlite:dry.db')
    assert.equal(code, 0)
    assert.match(stdout, /^3 users read: 3 can be added, 0 already there, 0 skipped \(/)
    assert.ok(!existsSync(join(scratch, 'dry.db')))
  })

  test('says of every skipped user where it is and why, and ends with 1', async () => {
    const lines = [
      user(1),
      user(2, { disabled: 'no' }),
      user(3, { _id: '\u001b[2J' }),
      user(4, { profile: {} }),
    ]
    const path = file('some.jsonl', lines.join('\n'))
    const { code, stdout, stderr } = await run(path, '--store', 'sqlite:some.db')
    assert.deepEqual([code, stderr], [1, ''])
    assert.deepEqual(stdout.split('\n').slice(0, 2), [
      'skipped line 2, user 2 (000000000000000000000002): disabled is a string, not true or false',
      'skipped line 3, user 3 (\\u{1b}[2J): _id is not 24 hex characters',
    ])
    assert.match(stdout, /^4 users read: 2 added, 0 already there, 2 skipped \(/m)
    assert.match(
      stdout,
      /^Not kept, because users have no place for it \(with the number of users\): profile \(1\)$/m,
    )
  })

  test('says the same as JSON, a line for each', async () => {
    const path = file(
      'taken.jsonl',
      [user(1), user(2, { identities: [{ id: 'user-1', provider_type: 'custom-token' }] })].join('\n'),
    )
    const { code, stdout } = await run(path, '--store', 'sqlite:taken.db', '--json')
    assert.equal(code, 1)
    const [skipped, last, ...rest] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, object>)
    assert.deepEqual(rest, [])
    assert.deepEqual(skipped, {
      skipped: {
        ...{ line: 2, index: 2, id: '000000000000000000000002' },
        reason: 'another user has one of its identities: it signed in here before, or is there twice',
      },
    })
    const { usersPerSecond, ...summary } = last?.summary as { usersPerSecond: number }
    assert.ok(usersPerSecond > 0)
    assert.deepEqual(summary, {
      ...{ read: 2, added: 1, known: 0, skipped: 1, ignoredKeys: {} },
      ...{ interrupted: false, dryRun: false },
    })
  })

  test('reads standard input, and takes the store of a configuration file', async () => {
    const store = `const added = []
      export default { store: {
        importUsers: (users) => users.map(({ id }) => (added.push(id), 'added')),
        close: () => console.error('closed', added.join()),
      } }`
    const config = file('auth.config.mjs', store)
    const result = await runCli(['import-users', '-', '--config', config], {
      input: [user(1), user(2)].join('\n'),
    })
    assert.deepEqual(
      [result.code, result.stderr],
      [0, 'closed 000000000000000000000001,000000000000000000000002\n'],
    )
  })

  test('imports what is complete of a damaged file, says where it breaks off, and ends with 1', async () => {
    const path = file('damaged.json', `[${user(1)},\n${user(2)},\n{"_id":`)
    const { code, stdout } = await run(path, '--store', 'sqlite:damaged.db')
    assert.equal(code, 1)
    assert.match(stdout, /^The file is damaged: line 3: the file ends before the array does, in the middle/)
    assert.match(stdout, /^2 users read: 2 added/m)
  })

  test('ends with 1 when there is nobody in the file', async () => {
    const { code, stdout } = await run(file('nobody.json', '[]'), '--dry-run')
    assert.equal(code, 1)
    assert.match(stdout, /^The file has no users\.$/m)
  })

  test('stops at Ctrl-C while it waits for more, with what it has', async (t) => {
    const child = startCli(['import-users', '-', '--store', `sqlite:${join(scratch, 'waits.db')}`])
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (text: Buffer) => (output += text.toString()))
    const exit = once(child, 'close')
    const lines = Array.from({ length: 1500 }, (_, index) => user(index + 1))
    // Of the last one it says at once that it has read it.
    lines.push(user(1501, { disabled: 'no' }))
    child.stdin.write(`${lines.join('\n')}\n{"_id":"0000`)
    await eventually(() => /^skipped line 1501,/m.test(output))
    child.kill('SIGINT')
    assert.deepEqual(await exit, [130, null])
    assert.match(output, /^1,501 users read: 1,500 added, 0 already there, 1 skipped/m)
    assert.match(output, /^Stopped\. What was added is complete; run the same command again/m)
  })

  const refusals: [what: string, args: string[], message: RegExp][] = [
    ['without a store', [users], /pass --store, or --dry-run/],
    [
      'with two stores',
      [users, '--store', 'sqlite:a', '--config', 'b'],
      /pass --store or --config, not both/,
    ],
    [
      'with a store of another kind',
      [users, '--store', 'mysql://host/db'],
      /--store is sqlite:<path>, postgres:\/\/… or/,
    ],
    ['with SQLite and no path', [users, '--store', 'sqlite:'], /lacks the path of a file/],
    [
      'with a folder that does not exist',
      [users, '--store', 'sqlite:no/where.db'],
      /sqliteStore\.path: cannot be opened/,
    ],
    [
      'with MongoDB and no database',
      [users, '--store', 'mongodb://u:hidden@127.0.0.1:9'],
      /lacks the name of a database/,
    ],
    ...[
      'mongodb://u:hid@den@127.0.0.1:9/x',
      'mongodb://u:hidden/2@127.0.0.1:9/x',
      'mongodb://h:9/x?frob=1',
      'postgres://u:hidden@127.0.0.1:port/x',
    ].map((url): [string, string[], RegExp] => [
      `with ${url}`,
      [users, '--store', url],
      /import-users: --store is not a URL that (?:MongoDB|PostgreSQL) understands: .*\n.* see custom-jwt-auth import-users --help\n$/,
    ]),
    [
      'with ObjectIds elsewhere',
      [users, '--store', 'sqlite:a', '--object-ids'],
      /--object-ids is for mongodb:/,
    ],
    [
      'with a file that does not exist',
      ['nowhere.json', '--dry-run'],
      /nowhere\.json cannot be read \(ENOENT\)/,
    ],
    ['with a folder', ['.', '--dry-run'], /\. is a folder/],
    ['with options without a store', [users, '--config', 'none.json'], /none\.json exports no store/],
  ]
  file('none.json', '{}')
  for (const [what, args, message] of refusals)
    test(`refuses to work ${what}`, async () => {
      const { code, stdout, stderr } = await run(...args)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
      assert.ok(!stderr.includes('hidden'))
    })

  test('says so when the database cannot be reached, and tells no password', async (t) => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.destroy()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    const { code, stdout, stderr } = await run(
      users,
      '--store',
      `postgres://jean:hidden@127.0.0.1:${String(port)}/app`,
    )
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^custom-jwt-auth: import-users: the store failed: .*run the same command again/)
    assert.ok(sockets.length > 0 && !stderr.includes('hidden'))
  })
})
