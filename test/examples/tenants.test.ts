import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = '', removed = ''] = readBlocks('tenants', 'sh')
const [forbidden = '', refused = ''] = readBlocks('tenants', 'json')

test('tenants are kept apart, come and go as the README says', async (t) => {
  const [, port = ''] = await startExample(t, start).printed(/Listening on .* port: (\d+)/)
  const script = `${tryIt}\n${removed}`.replace('localhost:3000', `localhost:${port}`)
  const answers = (await runShell(script))
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  const [note] = answers[2] as string[]
  assert.match(note ?? '', /^[0-9a-f]{6}: buy anvils$/)
  assert.deepEqual(answers, [
    { id: 'acme', issuer: 'https://login.acme.example' },
    { id: 'globex', issuer: 'https://globex.example' },
    [note],
    [note],
    [],
    JSON.parse(forbidden),
    ...refused.split('\n').map((line): unknown => JSON.parse(line)),
  ])
})
