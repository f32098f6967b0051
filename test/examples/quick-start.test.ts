import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = ''] = readBlocks('quick-start', 'sh')

test('the quick start answers as its README says, and gives sessions to those who log in', async (t) => {
  const example = startExample(t, start)
  const [, port = ''] = await example.printed(/Listening on .* port: (\d+)/)
  const url = `http://localhost:${port}`
  const script = tryIt.replaceAll('http://localhost:3000', url)
  const [token = '', answer = ''] = (await runShell(`${script}\necho; echo "$TOKEN"`))
    .split('\n')
    .reverse()
    .slice(1)
  const [user, refusal] = readBlocks('quick-start', 'json').map((json): unknown => JSON.parse(json))
  assert.deepEqual(JSON.parse(answer), user)
  const refused = await fetch(`${url}/api/me`)
  assert.equal(refused.status, 401)
  assert.deepEqual(await refused.json(), refusal)

  const login = await fetch(`${url}/api/client/v2.0/app/myapp-abcde/auth/providers/custom-token/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  assert.equal(login.status, 200)
  const { access_token } = (await login.json()) as { access_token: string }
  const me = await fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${access_token}` } })
  assert.equal(me.status, 200)
  assert.deepEqual(await me.json(), user)
})

test('the quick start does not start without its two secrets, and names both', async (t) => {
  const { code, output } = await startExample(t, 'npx tsx examples/quick-start/index.ts', {
    SIGNING_KEY: undefined,
    SESSION_KEY: undefined,
  }).ended()
  assert.equal(code, 1)
  assert.match(
    output,
    /2 problems in the options\n {2}- signingKeys\[0\]: .+\n {2}- session\.signingKeys\[0\]: /,
  )
})
