// The store that docs/writing-a-store.md shows is the one in examples/, and it passes the contract.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readBlocks, startExample } from '../examples/run-example.js'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

test('the page shows the files of the example', () => {
  const [, store, contract] =
    /^```ts\n(.*?)^```$.*?^```ts\n(.*?)^```$/ms.exec(read('docs/writing-a-store.md')) ?? []
  assert.equal(store, read('examples/writing-a-store/file-store.ts'))
  assert.equal(contract, read('examples/writing-a-store/file-store.test.ts'))
})

test('the example passes the contract, started as its README says', async (t) => {
  const [command = ''] = readBlocks('writing-a-store', 'sh')
  // This test's own runner must not take the example's tests for its own.
  const { code, output } = await startExample(t, command, { NODE_TEST_CONTEXT: undefined }).ended()
  assert.equal(code, 0, output)
  assert.match(output, /^. fail 0$/m)
  const [, passed] = /^. pass (\d+)$/m.exec(output) ?? []
  assert.ok(Number(passed) >= 61, output)
})
