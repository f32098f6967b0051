// The documents say what the code does: neither may change alone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  ConfigurationError,
  customJwtAuth,
  memoryStore,
  type ConfigurationProblem,
  type CustomJwtAuthOptions,
  type MemoryStoreOptions,
} from 'custom-jwt-auth'
import { ERRORS } from '../lib/errors.js'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** What start-up says about options that are all wrong. */
function problemsOf(start: () => unknown): readonly ConfigurationProblem[] {
  try {
    start()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
  return []
}

describe('docs/options.md', () => {
  /** The rows of all tables of options: their cells. */
  const rows = read('docs/options.md')
    .split(/\n\n/)
    .filter((block) => /^\| option /.test(block))
    .flatMap((block) => block.trim().split('\n').slice(2))
    .map((row) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .map(([, name = '', type = '']) => ({ name: name.replaceAll('`', ''), type }))

  // An unknown option on every level: the message names the known ones.
  const unknown = { '?': true }
  const levels = {
    ...unknown,
    signingAlgorithm: 'HS256',
    signingKeys: [unknown],
    metadataFields: [unknown],
    session: unknown,
    cache: { ...unknown, tokens: unknown, users: unknown },
  }
  const known = [
    ...problemsOf(() => customJwtAuth(levels as unknown as CustomJwtAuthOptions)),
    ...problemsOf(() =>
      customJwtAuth({ jwkUri: 'https://?', jwks: unknown } as unknown as CustomJwtAuthOptions),
    ),
    ...problemsOf(() => memoryStore(unknown as MemoryStoreOptions)),
  ].flatMap(({ option, fix }) => {
    const names = /^Remove it; known options are (.*)$/.exec(fix)?.[1]?.split(', ') ?? []
    return names.map((name) => option.replace(/\[0\]/, '[]').replace('?', name))
  })

  test('has a row for every option, and no other rows', () => {
    assert.ok(known.includes('appId') && known.includes('cache.users.ttlSeconds'))
    assert.deepEqual(rows.map(({ name }) => name).sort(), [...new Set(known)].sort())
  })

  test('states the bounds that numbers have', () => {
    const bounded = rows.filter(({ type }) => /^[\d ]+ to [\d ]+$/.test(type))
    const wrong: Record<string, unknown> = {}
    for (const { name } of bounded) {
      const path = name.split('.')
      const last = path.pop() ?? ''
      let level = wrong
      for (const part of path) level = (level[part] ??= {}) as Record<string, unknown>
      level[last] = '?'
    }
    const { memoryStore: bounds, ...rest } = wrong
    const options = { ...rest, jwkUri: 'https://issuer.example/jwks' } // without it, jwks is not looked at
    const fixes = new Map(
      [
        ...problemsOf(() => customJwtAuth(options as unknown as CustomJwtAuthOptions)),
        ...problemsOf(() => memoryStore(bounds as MemoryStoreOptions)),
      ].map(({ option, fix }) => [option, fix]),
    )
    assert.ok(bounded.length > 5)
    for (const { name, type } of bounded)
      assert.equal(
        fixes.get(name),
        `Pass a whole number from ${type.replaceAll(/(?<=\d) (?=\d)/g, '')}, as a number`,
        name,
      )
  })
})

describe('docs/errors.md', () => {
  /** Headings that are codes, each with the line below. */
  const entries = [...read('docs/errors.md').matchAll(/^### (.*)\n\n(.*)$/gm)].map(
    ([, code = '', line = '']) => {
      const [, status, errorCode, words] = /^`(\d+)` · `(\w+)` · `(.*)`$/.exec(line) ?? []
      return { code, status: Number(status), errorCode, words: words ?? '' }
    },
  )

  test('has a heading for every code, and for no others', () => {
    assert.deepEqual(entries.map(({ code }) => code).sort(), Object.keys(ERRORS).sort())
  })

  for (const [code, row] of Object.entries(ERRORS)) {
    test(`states status, error_code and words of ${code}`, () => {
      const entry = entries.find((candidate) => candidate.code === code)
      assert.deepEqual([entry?.status, entry?.errorCode], [row.status, row.error_code])
      const prefix = 'prefix' in row ? row.prefix : ''
      const words = entry?.words ?? ''
      // Words that vary with the request are the author's to get right.
      const isExact =
        words.startsWith(prefix + row.message) || (words.startsWith(prefix) && words.includes('…'))
      assert.ok(isExact, `${words} | ${prefix + row.message}`)
    })
  }
})

describe('links in the documents', () => {
  const anchorsOf = (text: string): string[] =>
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    )

  for (const path of ['docs/options.md', 'docs/errors.md', 'docs/migrating-from-app-services.md']) {
    test(`every link of ${path} leads somewhere`, () => {
      const links = [...read(path).matchAll(/\]\(([\w.]*)#([\w-]+)\)/g)]
      assert.ok(links.length > 0)
      for (const [link, file, anchor = ''] of links)
        assert.ok(anchorsOf(read(file ? `docs/${file}` : path)).includes(anchor), link)
    })
  }
})

test("the README's first program is examples/quick-start", () => {
  const [, program] = /^```(?:ts|js)\n([\s\S]*?)^```$/m.exec(read('README.md')) ?? []
  assert.equal(program, read('examples/quick-start/index.ts'))
})
