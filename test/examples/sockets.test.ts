import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = '', brief = ''] = readBlocks('sockets', 'sh')
const [promised = '', expired = ''] = readBlocks('sockets', 'text')
const linesOf = (text: string): string[] => text.trimEnd().split(/ *\n/)

test('sockets open for users, and end with their tokens, as the README says', async (t) => {
  const [, port = ''] = await startExample(t, start).printed(/Listening on .* port: (\d+)/)
  const run = (script: string) => runShell(script.replaceAll('localhost:3000', `localhost:${port}`))
  assert.deepEqual(linesOf(await run(tryIt)), linesOf(promised))

  // A slow machine opens the socket when two seconds are over.
  const [sign = ''] = tryIt.split('\n')
  let printed = ''
  for (let seconds = 2; !printed && seconds <= 64; seconds *= 2)
    printed = await run(`${sign}\n${brief.replace("'2s'", `'${seconds}s'`)}`).catch(() => '')
  assert.deepEqual(linesOf(printed), linesOf(expired))
})
