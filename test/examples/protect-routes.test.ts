import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = '', inTurn = '', refused = ''] = readBlocks('protect-routes', 'sh')

test('the routes are open or guarded as the README says', async (t) => {
  const example = startExample(t, start)
  const [, port = ''] = await example.printed(/Listening on .* port: (\d+)/)
  // Every answer on a line of its own, with its status.
  const script = `${tryIt}\n${inTurn}\n${refused}`
    .replaceAll('localhost:3000', `localhost:${port}`)
    .replaceAll(/^curl .*$/gm, (line) => `${line} --write-out "\\t%{http_code}\\n"`)
  const answers = (await runShell(script)).trim().split('\n')
  const ids = /"(?:of|id)":"[0-9a-f]{24}"/
  assert.match(answers[3] ?? '', ids)
  assert.match(answers[5] ?? '', ids)
  assert.match(answers[7] ?? '', ids)
  const refusal = (error: string, error_code: string) => JSON.stringify({ error, error_code, link: '' })
  assert.deepEqual(
    answers.map((answer) => answer.replace(ids, '"id":…')),
    [
      '{"message":"Everybody may read this."}\t200',
      '{"message":"Hello stranger!"}\t200',
      '{"message":"Hello Jean!"}\t200',
      '{"orders":[],"id":…}\t200',
      '[{"id":"24601","provider_type":"custom-token","data":{"name":"Jean"}}]\t200',
      '{"message":"Welcome, administrator.","id":…}\t200',
      `${refusal('only for users with the role admin', 'Forbidden')}\t403`,
      '{"message":"Welcome, administrator.","id":…}\t200',
      `${refusal('only for users with the role admin', 'Forbidden')}\t403`,
      `${refusal('no authentication methods were specified', 'InvalidParameter')}\t401`,
      `${refusal('invalid custom auth token: token is malformed', 'AuthError')}\t401`,
      `${refusal('only for users with the role admin', 'Forbidden')}\t403`,
    ],
  )
})
