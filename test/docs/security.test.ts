// docs/security.md names a test for every requirement: each is there, and no requirement is passed over.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const page = read('docs/security.md')

/** Each table's rows: `| 9.1.2 | what it asks for | `file`: a test's title |`. */
const rows = [...page.matchAll(/^\| *([\d.]*) *\| (.+?) *\| `([\w/-]+)`: (.+?) *\|$/gm)].map(
  ([, number = '', asks = '', file = '', title = '']) => ({ number, asks, file, title }),
)

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The titles of a file's tests, cut where a template fills something in. */
function titlesOf(file: string): string[][] {
  const calls = read(`test/${file}.test.ts`).matchAll(/\b(?:test|it)\(\s*(['"`])((?:\\.|(?!\1).)+)\1/gs)
  return [...calls].map(([, quote, literal = '']) => {
    return quote === '`' ? literal.split(/\$\{.*?\}/) : [literal.replaceAll(/\\(.)/g, '$1')]
  })
}

test('each row names a test that there is', () => {
  assert.ok(rows.length > 60, `${String(rows.length)} rows`)
  assert.equal(
    rows.length,
    page.split('\n').filter((line) => /^\| [\d ]/.test(line)).length,
    'a row of another form',
  )
  const missing = rows.filter(({ file, title }) => {
    const [beginning = '', rest] = title.split('…')
    return !titlesOf(file).some((parts) =>
      rest === undefined
        ? new RegExp(`^${parts.map(escape).join('.+')}$`).test(title)
        : parts[0]?.startsWith(beginning),
    )
  })
  assert.deepEqual(missing, [])
})

/** `{ '7.1': 3 }` is 7.1.1 to 7.1.3. */
const numbered = (sections: Record<string, number>): string[] =>
  Object.entries(sections).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, index) => `${section}.${String(index + 1)}`),
  )

const standards = {
  'ASVS V7': numbered({ '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2 }),
  'ASVS V9': numbered({ '9.1': 3, '9.2': 4 }),
  'ASVS V10': [...numbered({ '10.1': 2, '10.3': 5, '10.5': 5 }), '10.2', '10.4', '10.6', '10.7'],
  'RFC 8725': numbered({ '3': 12 }),
}

for (const [standard, requirements] of Object.entries(standards))
  test(`no requirement of ${standard} is passed over`, () => {
    const section = page.split(/^## /m).find((text) => text.startsWith(standard)) ?? ''
    const named = new Set(section.match(/\b\d+(?:\.\d+)+/g))
    // "10.5.2 to 10.5.4" and "10.2" are about what they span.
    assert.deepEqual(
      requirements.filter((number) => !named.has(number)),
      [],
    )
  })

test('npm run sbom lists what is installed with the package, in the versions of the lock file', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const sbom = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: root, encoding: 'utf8' })
  const { metadata, components } = JSON.parse(sbom) as {
    metadata: { component: { name: string } }
    components: { name: string; version: string }[]
  }
  assert.equal(metadata.component.name, 'custom-jwt-auth')
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { version: string }>
  }
  for (const name of Object.keys(dependencies)) {
    const version = packages[`node_modules/${name}`]?.version
    assert.ok(
      components.some((part) => part.name === name && part.version === version),
      `${name} ${String(version)}`,
    )
  }
  const tools = components.filter(({ name }) => ['typescript', 'eslint', 'tsx', 'express'].includes(name))
  assert.deepEqual(tools, [])
})
