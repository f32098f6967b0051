// Each example starts with one command from its own README, and a test starts it that way.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readBlocks } from './run-example.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const examples = readdirSync(`${root}examples`)
/** Tests that stand elsewhere than `test/examples/<name>.test.ts`. */
const TESTS: Readonly<Record<string, string>> = { 'writing-a-store': 'test/testing/writing-a-store.test.ts' }

for (const example of examples)
  test(`examples/${example} has a README with one start command, which a test takes from there`, () => {
    const isStart = new RegExp(`^(?:\\w+=\\S+ )*npx tsx examples/${example}/[\\w/.-]+|^npm run ${example}$`)
    const commands = readBlocks(example, 'sh').flatMap((block) => block.split('\n'))
    const starts = commands.flatMap((line) => isStart.exec(line) ?? [])
    assert.ok(starts.length > 0, 'no start command')
    // The same with a flag is a variant, not another command.
    assert.equal(new Set(starts).size, 1, starts.join('\n'))
    const path = TESTS[example] ?? `test/examples/${example}.test.ts`
    assert.ok(existsSync(root + path), `${path} is not there`)
    const source = readFileSync(root + path, 'utf8')
    assert.match(source, new RegExp(`readBlocks\\('${example}', 'sh'\\)`))
  })
