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
  const output = await runShell(script)
  assert.match(output, /www-authenticate: Bearer .*error="insufficient_scope", scope="read:reports"/i)
  const answers = output.split('\n').filter((line) => /\t\d+$/.test(line))
  const ids = /"(?:of|id)":"[0-9a-f]{24}"/
  assert.match(answers[3] ?? '', ids)
  assert.match(answers[5] ?? '', ids)
  const refusal = (error: string, error_code = 'AuthError') => JSON.stringify({ error, error_code, link: '' })
  const admin = '{"message":"Welcome, administrator.","id":…}\t200'
  const forbidden = `${refusal(`the token's claim "roles" does not allow this`)}\t403`
  assert.deepEqual(
    answers.map((answer) => answer.replace(ids, '"id":…')),
    [
      '{"message":"Everybody may read this."}\t200',
      '{"message":"Hello stranger!"}\t200',
      '{"message":"Hello Jean!"}\t200',
      '{"orders":[],"id":…}\t200',
      '[{"id":"24601","provider_type":"custom-token","data":{"name":"Jean"}}]\t200',
      admin,
      '{"reports":[]}\t200',
      forbidden,
      admin,
      forbidden,
      `${refusal('no authentication methods were specified', 'InvalidParameter')}\t401`,
      `${refusal('invalid custom auth token: token is malformed')}\t401`,
      forbidden,
      `${refusal('the token lacks the scope read:reports')}\t403`,
    ],
  )
})
