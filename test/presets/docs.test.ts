// docs/issuers.md beside the code that it is about.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { issuers } from 'custom-jwt-auth'
import { ERRORS } from '../../lib/errors.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const guide = read('docs/issuers.md')
const sections = [...guide.matchAll(/^## (.+)$/gm)].map(([, title = '']) =>
  title.toLowerCase().replaceAll(' ', '-'),
)
/** Those that are not about one issuer. */
const GENERAL = ['several-issuers', 'tenants-from-a-database']
const anchors = sections.filter((section) => !GENERAL.includes(section))

describe('docs/issuers.md', () => {
  test('shows code that compiles: test/types/issuers.ts has it', () => {
    const plain = (code: string): string =>
      code
        .replace(/^import .*$/gm, '')
        .replace(/\s+/g, ' ')
        .trim()
    const compiled = plain(read('test/types/issuers.ts'))
    const blocks = [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => plain(code))
    assert.equal(blocks.length, 23)
    assert.deepEqual(
      blocks.filter((code) => !compiled.includes(code)),
      [],
    )
  })

  test('has a section for every preset, and each preset points to its own', () => {
    const sources = readdirSync(new URL('../../lib/presets', import.meta.url)).map((file) =>
      read(`lib/presets/${file}`),
    )
    const pointers = sources.flatMap((source) =>
      [...source.matchAll(/@see docs\/issuers\.md#(\S+)/g)].map(([, anchor]) => anchor),
    )
    assert.deepEqual(pointers.sort(), [...anchors].sort())
    assert.equal(anchors.length, Object.keys(issuers).length)
  })

  test('has links that lead somewhere', () => {
    for (const [, anchor = ''] of guide.matchAll(/\]\(#([^)]+)\)/g))
      assert.ok(sections.includes(anchor), anchor)
  })

  test('names only error codes that there are', () => {
    const codes = [...guide.matchAll(/`(TOKEN_[A-Z_]+)`/g)].map(([, code = '']) => code)
    assert.ok(codes.length > 20)
    assert.deepEqual(
      codes.filter((code) => !(code in ERRORS)),
      [],
    )
  })
})
