import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { COMMON_FLAGS } from '../../lib/cli/command.js'
import { COMMANDS } from '../../lib/cli/commands.js'
import { commandHelp } from '../../lib/cli/help.js'
import { runCli } from '../support/cli.js'

const docs = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

describe('the command alone', { concurrency: 2 }, () => {
  test('prints its help; as a mistake when nothing was asked', async () => {
    const [asked, alone] = await Promise.all([runCli(['--help']), runCli([])])
    assert.deepEqual([asked.code, alone.code], [0, 2])
    assert.equal(asked.stdout, alone.stdout)
    for (const { name } of COMMANDS) assert.match(asked.stdout, new RegExp(`^  ${name} `, 'm'))
    for (const part of ['Exit codes', 'Examples']) assert.ok(asked.stdout.includes(part), part)
  })

  test('says its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    assert.deepEqual(await runCli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('refuses a command that it does not have, and shows what it says in no way that commands a terminal', async () => {
    const { code, stdout, stderr } = await runCli(['k\u001b[31mygen'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.ok(stderr.includes('unknown command "k\\u001b[31mygen"'), stderr)
    assert.match(stderr, /known commands: keygen, token/)
  })
})

describe('each command', { concurrency: 2 }, () => {
  for (const command of COMMANDS)
    test(`${command.name} --help prints its usage, flags and examples`, async () => {
      const { code, stdout, stderr } = await runCli([command.name, '--help'])
      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(stdout, `${commandHelp(command)}\n`)
      for (const flag of Object.keys({ ...command.flags, ...COMMON_FLAGS }))
        assert.ok(stdout.includes(`--${flag}`), flag)
      assert.ok(command.examples.length > 0)
      for (const example of command.examples) assert.ok(stdout.includes(example))
    })

  const wrong: [what: string, args: string[], message: RegExp][] = [
    ['an unknown flag', ['keygen', '--frob'], /keygen: Unknown option '--frob'$/m],
    ['a flag without its value', ['token', '--sub'], /token: Option '--sub <value>' argument missing$/m],
    ['too many arguments', ['keygen', 'extra'], /keygen: got 1 argument; it takes no arguments$/m],
    ['too few arguments', ['explain', '--alg', 'HS256'], /explain: got 0 arguments; it takes <token\|->$/m],
  ]
  for (const [what, args, message] of wrong)
    test(`refuses ${what} with exit code 2, and points to its help`, async () => {
      const { code, stdout, stderr } = await runCli(args)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
      assert.match(stderr, new RegExp(`see custom-jwt-auth ${args[0] ?? ''} --help`))
    })
})

describe('docs/cli.md', () => {
  /** What stands below the heading of each command. */
  const sections = new Map(
    docs
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf('\n')).trim(), section] as const),
  )
  const flagsIn = (text: string): [name: string, about: string][] =>
    [...text.matchAll(/^\| `--([\w-]+)(?: [^`]*)?` *\| (.*?) *\|$/gm)].map(([, name = '', about = '']) => [
      name,
      about,
    ])

  test('has a section for every command, in their order', () => {
    const names = COMMANDS.map(({ name }) => name)
    assert.deepEqual(
      [...sections.keys()].filter((title) => names.includes(title)),
      names,
    )
  })

  for (const { name, flags } of COMMANDS)
    test(`has a row for every flag of ${name}, and no other rows`, () => {
      const rows = flagsIn(sections.get(name) ?? '')
      assert.deepEqual(
        rows.map(([flag]) => flag),
        Object.keys(flags),
      )
      for (const [flag, about] of rows) assert.ok(about, flag)
    })

  test('has the flags and the exit codes that all commands share', () => {
    const shared = docs.slice(0, docs.indexOf('\n## keygen'))
    assert.deepEqual(
      flagsIn(shared).map(([flag]) => flag),
      Object.keys(COMMON_FLAGS),
    )
    for (const code of ['0', '1', '2', '130']) assert.match(shared, new RegExp(`^\\| \`${code}\``, 'm'))
  })
})
