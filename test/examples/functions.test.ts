import assert from 'node:assert/strict'
import { test } from 'node:test'
import { App, BSON, Credentials, type User } from 'realm-web'
import { APP_ID, claims, mint } from '../support/tokens.js'
import { readBlocks, runShell, startExample } from './run-example.js'

const [start = '', tryIt = ''] = readBlocks('functions', 'sh')
const [, SIGNING_KEY = ''] = /SIGNING_KEY=(\S+)/.exec(start) ?? []
const [, SESSION_KEY = ''] = /SESSION_KEY=(\S+)/.exec(start) ?? []

/** The user's access token as it will be in half an hour: over. */
function expire(user: User): string {
  const [, payload = ''] = String(user.accessToken).split('.')
  const session = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { iat: number; exp: number }
  const expired = mint({ ...session, iat: session.iat - 3600, exp: session.exp - 3600 }, { key: SESSION_KEY })
  Object.assign(user, { _accessToken: expired })
  assert.equal(user.accessToken, expired)
  return expired
}

test('functions', async (t) => {
  const [, port = ''] = await startExample(t, start).printed(/Listening on .* port: (\d+)/)
  const url = `http://127.0.0.1:${port}`
  const now = Math.floor(Date.now() / 1000)
  const token = mint(claims({ iat: now, exp: now + 600, name: 'Jean' }), { key: SIGNING_KEY })

  await t.test('answer as the README says', async () => {
    const script = tryIt.replaceAll('http://localhost:3000', url)
    const answers = (await runShell(script))
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    assert.deepEqual(
      answers,
      readBlocks('functions', 'json').map((block): unknown => JSON.parse(block)),
    )
  })

  await t.test('are called by realm-web, also when its access token has expired in between', async () => {
    const app = new App({ id: APP_ID, baseUrl: url })
    const user = await app.logIn(Credentials.jwt(token))
    assert.equal(await user.functions.sum?.(1, 2), 3)
    const expired = expire(user)
    assert.equal(await user.functions.sum?.(3, 4), 7)
    assert.notEqual(user.accessToken, expired)
    assert.deepEqual(await user.functions.whoAmI?.(), { id: user.id, name: 'Jean' })
    const date = new Date('2020-02-28T00:00:00Z')
    assert.deepEqual(await user.functions.nextDay?.(date), new Date('2020-02-29T00:00:00Z'))
    const failures: readonly (readonly [() => Promise<unknown> | undefined, number, string])[] = [
      [() => user.functions.subtract?.(), 404, 'FunctionNotFound'],
      [() => user.functions.constructor2?.(), 404, 'FunctionNotFound'],
      [() => user.functions.sum?.(new BSON.ObjectId()), 400, 'FunctionExecutionError'],
      [() => user.mongoClient('mongodb-atlas').db('a').collection('b').find(), 404, 'FunctionNotFound'],
    ]
    for (const [call, statusCode, errorCode] of failures)
      await assert.rejects(async () => call(), { statusCode, errorCode })
  })

  await t.test(
    'refuse what is not a call, in the type that native SDKs want, and who has no token',
    async () => {
      const path = `${url}/api/client/v2.0/app/${APP_ID}/functions/call`
      const post = (body: string, headers: Record<string, string>) =>
        fetch(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
      for (const body of ['{', '[]', '{}', '{"name":1}', '{"name":"sum","arguments":{}}', '"x"', 'null']) {
        const answer = await post(body, { jwtTokenString: token })
        assert.deepEqual([answer.status, answer.headers.get('content-type')], [400, 'application/json'], body)
        assert.equal(((await answer.json()) as { error_code: string }).error_code, 'InvalidParameter')
      }
      assert.equal((await post('{"name":"sum"}', {})).status, 401)
    },
  )
})
