// The documents say what the code does: neither may change alone.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  ConfigurationError,
  customJwtAuth,
  memoryStore,
  type ConfigurationProblem,
  type CustomJwtAuthOptions,
  type MemoryStoreOptions,
} from 'custom-jwt-auth'
import { authError, ERRORS, type ErrorCode } from '../lib/errors.js'
import { OTHER_NAMES } from '../lib/other-names.js'
import { anchor } from '../site/anchor.mjs'
import { SECTIONS } from '../site/pages.mjs'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** What people read, by path. */
const documents = [
  ...readdirSync(new URL('../docs', import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
  'README.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
]

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
  /** Each option's heading, with what stands below it. */
  const options = read('docs/options.md')
    .split(/^(?=##+ )/m)
    .flatMap((section) => {
      const [, name = '', type = '', text = ''] =
        /^### (\S+)\n\n\*\*Type\*\* (.*) · \*\*default\*\* .+\n\n([\s\S]*)$/.exec(section) ?? []
      return name === '' ? [] : [{ name, type, text }]
    })

  // An unknown option on every level: the message names the known ones.
  const unknown = { '?': true }
  const levels = {
    ...unknown,
    signingAlgorithm: 'HS256',
    signingKeys: [unknown],
    metadataFields: [unknown],
    session: unknown,
    cache: { ...unknown, tokens: unknown, users: unknown, providers: unknown },
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

  test('has a heading with type and default for every option, and for no others', () => {
    assert.ok(known.includes('appId') && known.includes('cache.users.ttlSeconds'))
    assert.deepEqual(options.map(({ name }) => name).sort(), [...new Set(known)].sort())
  })

  for (const { name, text } of options)
    test(`${name}: its meaning, an example, a trap`, () => {
      const leaf = name.split('.').at(-1) ?? ''
      assert.match(text, /^[A-Z]/)
      assert.ok(/^```js\n([\s\S]*?)^```$/m.exec(text)?.[1]?.includes(`${leaf}:`), 'no example names it')
      assert.match(text, /^\*\*Trap:\*\* ./m)
    })

  test('has every name of other packages for which start-up names the counterpart, and no more', () => {
    const [, table = ''] = read('docs/options.md').split('## Names that other packages use')
    const names = [...table.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell = '']) =>
      cell.split(', ').map((name) => name.replaceAll('`', '')),
    )
    assert.deepEqual(names.sort(), [...OTHER_NAMES.keys()].sort())
    for (const [name, [option, fix]] of OTHER_NAMES) {
      const wrong = { [name]: true } as unknown as CustomJwtAuthOptions
      const found = problemsOf(() => customJwtAuth(wrong)).find((problem) => problem.option === name)
      assert.equal(found?.fix, fix)
      assert.ok(known.includes(option), option)
    }
  })

  test('states the bounds that numbers have', () => {
    const bounded = options.filter(({ type }) => /^[\d ]+ to [\d ]+$/.test(type))
    const wrong: Record<string, unknown> = {}
    for (const { name } of bounded) {
      const path = name.split('.')
      const last = path.pop() ?? ''
      let level = wrong
      for (const part of path) level = (level[part] ??= {}) as Record<string, unknown>
      level[last] = '?'
    }
    const { memoryStore: bounds, ...rest } = wrong
    const given = { ...rest, jwkUri: 'https://issuer.example/jwks' } // without it, jwks is not looked at
    const fixes = new Map(
      [
        ...problemsOf(() => customJwtAuth(given as unknown as CustomJwtAuthOptions)),
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
    test(`states status, error_code and words of ${code}, where its errors lead`, () => {
      assert.equal(
        authError(code as ErrorCode).docs,
        `node_modules/custom-jwt-auth/docs/errors.md#${anchor(code)}`,
      )
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

test('every document is in the navigation of the site: site/pages.mjs', () => {
  const listed = Object.values(SECTIONS).flat()
  assert.deepEqual(
    listed.toSorted(),
    [...documents, 'CHANGELOG.md', 'CODE_OF_CONDUCT.md', 'bench/README.md'].sort(),
  )
})

test('no row of a table is longer than 160 characters', () => {
  const long = documents.flatMap((path) =>
    read(path)
      .split('\n')
      .filter((line) => line.startsWith('|') && line.length > 160)
      .map((line) => `${path}: ${line}`),
  )
  assert.deepEqual(long, [])
})

describe('links in the documents', () => {
  const anchorsOf = (text: string): string[] =>
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchor(heading))

  for (const path of ['docs/options.md', 'docs/errors.md', 'docs/migrating-from-app-services.md']) {
    test(`every link of ${path} leads somewhere`, () => {
      const links = [...read(path).matchAll(/\]\(([\w.]*)#([\w-]+)\)/g)]
      assert.ok(links.length > 0)
      for (const [link, file, anchor = ''] of links)
        assert.ok(anchorsOf(read(file ? `docs/${file}` : path)).includes(anchor), link)
    })
  }
})

test('the README has the program of examples/quick-start', () => {
  const programs = [...read('README.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, program]) => program)
  assert.equal(programs[1], read('examples/quick-start/index.ts'))
})
