// Day two: who is there, and what the command does with them. The other databases are in import-servers.test.ts.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { cliCommand, runCli } from '../support/cli.js'
import { NOW } from '../support/tokens.js'

const folder = mkdtempSync(join(tmpdir(), 'users-'))
const store = sqliteStore({ path: join(folder, 'users.db') })
after(async () => {
  await store.close?.()
  rmSync(folder, { recursive: true, force: true })
})

const idOf = (number: number) => String(number).padStart(24, '0')
const run = (...args: string[]) => runCli(['users', ...args, '--store', 'sqlite:users.db'], { cwd: folder })
const json = async (...args: string[]) => JSON.parse((await run(...args, '--json')).stdout) as unknown
const [jean, cosette, javert] = [1, 2, 3].map(idOf) as [string, string, string]

before(async () => {
  await store.importUsers(
    ['24601', 'cosette\u001b[2J', 'javert'].map((sub, index) => ({
      id: idOf(index + 1),
      type: 'normal',
      identities: [{ id: sub, provider_type: 'custom-token', data: { name: sub } }],
      creation_date: 1_500_000_000,
      last_authentication_date: 1_600_000_000,
      disabled: index === 2,
    })),
  )
  await store.createSession({
    session: {
      ...{ id: idOf(9), userId: jean, deviceId: idOf(8), createdAt: NOW },
      ...{ expiresAt: NOW * 2, generation: 0, rotatedAt: NOW },
    },
    identity: { provider_type: 'custom-token', id: '24601' },
    maxPerUser: 10,
  })
})

describe('users', () => {
  test('list prints a table, page by page', async () => {
    const { code, stdout } = await run('list', '--limit', '2')
    assert.equal(code, 0)
    const [head = '', first, second, ...rest] = stdout.trimEnd().split('\n')
    assert.match(head, /^id +created +last login +identities$/)
    assert.equal(first, `${jean}  2017-07-14 02:40  2020-09-13 12:26            custom-token 24601`)
    assert.ok(second?.endsWith('custom-token cosette\\u{1b}[2J'), second)
    assert.deepEqual(rest, ['', `There may be more: --after ${cosette}`])
    const next = await run('list', '--after', cosette)
    assert.match(next.stdout, /^0{23}3 .* disabled {2}custom-token javert$/m)
    assert.doesNotMatch(next.stdout, /--after/)
    const { users, next: more } = (await json('list', '--limit', '2')) as { users: object[]; next: string }
    assert.deepEqual([users.length, more], [2, cosette])
  })

  test('show prints one of them', async () => {
    const { stdout } = await run('show', javert)
    assert.match(stdout, /^disabled +yes$/m)
    assert.match(stdout, /^identity +custom-token javert$/m)
    assert.match(stdout, /^data +\{"name":"javert"\}$/m)
    const { id, data } = (await json('show', jean)) as { id: string; data: object }
    assert.deepEqual([id, data], [jean, { name: '24601' }])
  })

  test('find is whom a subject signs in, and link gives one more, unless another user has it', async () => {
    const found = (await json('find', '--subject', 'javert')) as { id: string }
    assert.equal(found.id, javert)
    assert.match((await run('find', '--subject', '24601')).stdout, /^id +0{23}1\nt/)
    const elsewhere = await run('find', '--subject', 'javert', '--provider-type', 'local-userpass')
    assert.deepEqual([elsewhere.code, elsewhere.stdout], [1, 'There is no user with the subject javert.\n'])
    assert.deepEqual(await json('find', '--subject', 'nobody'), { subject: 'nobody', found: false })

    const linked = await run('link', jean, '--subject', 'madeleine')
    assert.deepEqual([linked.code, linked.stdout], [0, `${jean} has the identity custom-token madeleine\n`])
    assert.equal(((await json('find', '--subject', 'madeleine')) as { id: string }).id, jean)
    assert.deepEqual(await json('link', jean, '--subject', '24601'), { id: jean, found: true, link: true })
    assert.deepEqual((await store.findUser(jean))?.identities[0]?.data, { name: '24601' })
    const taken = await run('link', jean, '--subject', 'javert')
    assert.deepEqual(
      [taken.code, taken.stdout],
      [1, 'custom-token javert was not linked: another user has it.\n'],
    )
    assert.equal((await run('link', idOf(77), '--subject', 'x')).code, 1)
    await store.unlinkIdentity(jean, { id: 'madeleine', provider_type: 'custom-token' })
  })

  test('enable and disable do what they say', async () => {
    assert.equal((await run('enable', javert)).stdout, `${javert} is enabled\n`)
    assert.equal((await store.findUser(javert))?.disabled, false)
    assert.deepEqual(await json('disable', javert), { id: javert, found: true, disable: true })
    assert.equal((await store.findUser(javert))?.disabled, true)
  })

  test('revoke and delete want --yes where nobody can answer', async () => {
    for (const action of ['revoke', 'delete']) {
      const { code, stderr } = await run(action, jean)
      assert.deepEqual([code, /pass --yes/.test(stderr)], [2, true], action)
    }
    assert.ok(await store.findSession(idOf(9)))
    assert.equal((await run('revoke', jean, '--yes')).stdout, `${jean} is logged out of 1 session\n`)
    assert.equal(await store.findSession(idOf(9)), undefined)
    assert.equal((await run('delete', jean, '--yes')).stdout, `${jean} is deleted\n`)
    assert.equal(await store.findUser(jean), undefined)
  })

  const hasScript = spawnSync('script', ['--version']).status === 0
  test(
    'delete asks on a terminal, and does nothing unless the answer is yes',
    { skip: !hasScript },
    async () => {
      const line = [...cliCommand, 'users', 'delete', cosette, '--store', 'sqlite:users.db'].join(' ')
      for (const [answer, isLeft] of [
        ['no', true],
        ['yes', false],
      ] as const) {
        const child = spawn('script', ['--quiet', '--command', line, '/dev/null'], { cwd: folder })
        let shown = ''
        child.stdout.setEncoding('utf8').on('data', (part: string) => {
          shown += part
          if (part.includes('to continue:')) child.stdin.write(`${answer}\n`)
        })
        await text(child.stdout)
        assert.match(shown, /identity +custom-token cosette\\u\{1b\}\[2J/)
        assert.equal((await store.findUser(cosette)) !== undefined, isLeft, shown)
      }
    },
  )

  test('block keeps a subject out until unblock, of the provider that is named', async () => {
    const [person, named] = [
      ['--subject', 'late'],
      ['--subject', 'late', '--provider', 'staff'],
    ]
    assert.equal((await run('block', ...named)).stdout, 'custom-token (staff) late is blocked\n')
    assert.deepEqual(await json('block', ...named), { subject: 'late', blocked: true, changed: false })
    assert.deepEqual(await json('find', ...named), { subject: 'late', found: false, blocked: true })
    assert.deepEqual(await json('find', ...person), { subject: 'late', found: false })
    assert.equal((await run('link', javert, ...named)).code, 0)
    const found = await run('find', ...named)
    assert.match(found.stdout, /^identity +custom-token \(staff\) late$/m)
    assert.match(found.stdout, /^This subject is blocked\.$/m)
    assert.equal((await run('unblock', ...person)).stdout, 'custom-token late is not blocked, as before\n')
    assert.deepEqual(await json('unblock', ...named), { subject: 'late', blocked: false, changed: true })
  })

  test('who is not there is told, with 1', async () => {
    const nobody = idOf(77)
    assert.deepEqual(await json('show', nobody), { id: nobody, found: false })
    const { code, stdout } = await run('delete', nobody, '--yes')
    assert.deepEqual([code, stdout], [1, `There is no user ${nobody}.\n`])
  })

  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /got 0 arguments; it takes <action> \[id\]/],
    [
      ['promote', jean],
      /the action is one of list, show, find, link, block, unblock, disable, enable, revoke, delete/,
    ],
    [['find'], /find takes --subject/],
    [['find', jean, '--subject', 'x'], /find takes no id/],
    [['link', jean], /link takes --subject/],
    [['link', '--subject', 'x'], /link takes the id of a user/],
    [['show', jean, '--subject', 'x'], /--subject goes with find, link, block, unblock/],
    [['show'], /show takes the id of a user, 24 hex characters/],
    [['disable', 'javert'], /disable takes the id of a user/],
    [['list', jean], /list takes no id/],
    [['list', '--limit', '0'], /--limit is a number from 1 to/],
    [['list', '--after', 'x'], /--after is the id of a user/],
    [['list', '--config', 'x.json'], /pass --store or --config, not both/],
  ]
  for (const [args, message] of wrong)
    test(`users ${args.join(' ')} is wrong usage`, async () => {
      const { code, stderr } = await run(...args)
      assert.equal(code, 2)
      assert.match(stderr, message)
    })

  test('a store that cannot be opened is a failure of the command', async () => {
    const { code, stderr } = await runCli(['users', 'list', '--store', 'sqlite:no/such/users.db'], {
      cwd: folder,
    })
    assert.equal(code, 2)
    assert.match(stderr, /custom-jwt-auth: /)
  })
})
