import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { APP_ID, createApp } from '../../examples/demo/app.js'
import { createCounter } from '../../examples/demo/issuer.js'
import { createScreen } from '../../examples/demo/screen.js'
import { tellStory } from '../../examples/demo/story.js'
import { listen } from '../support/server.js'
import { readBlocks, runShell, startExample } from './run-example.js'

const COMMAND = 'npx tsx examples/demo/index.ts'

test('npm run demo is what these tests start', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }
  assert.equal(`npx ${String(scripts.demo)}`, COMMAND)
  assert.deepEqual(readBlocks('demo', 'sh'), ['npm run demo'])
})

// Side by side: they mostly wait.
describe('the demo, started', { concurrency: true }, () => {
  test('tells the whole story, and with --once it ends well', async (t) => {
    const { code, output } = await startExample(t, `${COMMAND} --once`).ended()
    assert.equal(code, 0, output)
    const steps = [...output.matchAll(/^ ?(\d+) {2}(.+)$/gm)]
    assert.deepEqual(
      steps.map(([, number]) => Number(number)),
      steps.map((_, index) => index + 1),
    )
    const told = [
      'The issuer signs a token for the user 24601',
      'POST http://127\\.0\\.0\\.1:\\d+/token',
      'The token alone opens the guarded route',
      'GET /api/me {2}jwtTokenString: ',
      '200 {"id":"[0-9a-f]{24}","type":"normal","data":{"name":"Jean Valjean"}',
      'The client logs in with it',
      'POST /api/client/v2\\.0/app/myapp-abcde/auth/providers/custom-token/login',
      '200 {"access_token":".+","refresh_token":".+","user_id":"[0-9a-f]{24}","device_id":"[0-9a-f]{24}"}',
      'The access token opens the guarded route too',
      'GET /api/me {2}Authorization: Bearer ',
      'the client fetches a new access token',
      '201 {"access_token":".+"}',
      'The next login picks the change up',
      '"data":{"name":"Monsieur Madeleine"}',
      'The client logs out',
      '204\n',
      'Refused: no credentials',
      '401 {"error":"no authentication methods were specified",',
      'Refused: a token that somebody else signed',
      '401 {"error":"invalid custom auth token: signature is invalid",',
      'Refused: a token for another app',
      `401 {"error":"invalid custom auth token: '\\\\"myapp-abcde\\\\"' not present in 'aud' claim",`,
      'Refused: a token that expired',
      '401 {"error":"invalid custom auth token: token is expired",',
      'Refused: the access token of the session that was logged out',
      '401 {"error":"invalid session",',
      'Refused: its refresh token',
      '401 {"error":"invalid session: failed to find refresh token",',
      'Everything went as told\\.',
    ]
    assert.match(output, new RegExp(told.join('[^]*')))
    assert(!output.includes('\u001b'), 'no colours where there is no terminal')
  })

  test('stays up, its curl lines do what it says, and Ctrl-C ends it', async (t) => {
    const demo = startExample(t, COMMAND)
    const { input: output } = await demo.printed(/stay up until Ctrl-C/)
    const lines = [...output.slice(output.indexOf('Now you:')).matchAll(/^ {2}(\S.+)$/gm)].map(
      ([, line]) => line,
    )
    // A mark after what each line printed.
    const printed = (await runShell(lines.join('\necho =====\n'))).split('=====\n')
    const [token, me, login, tokens, meAgain, refreshed, loggedOut, refused, ...more] = printed
    assert.deepEqual([token, login, tokens, more], ['', '', '', []])
    assert.deepEqual((JSON.parse(me ?? '') as { data: object }).data, { name: 'Jean Valjean' })
    assert.equal(meAgain, me)
    assert.match(refreshed ?? '', /^{"access_token":"[\w.-]+"}$/)
    assert.match(loggedOut ?? '', /^HTTP\/1\.1 204 /)
    assert.match(
      refused ?? '',
      /^HTTP\/1\.1 401 [^]*{"error":"invalid session","error_code":"InvalidSession","link":""}$/,
    )

    const urls = [...output.matchAll(/^ {4}(?:issuer|app) +(\S+)/gm)].map(([, url = '']) => url)
    assert.equal(urls.length, 2)
    assert.equal(await demo.stop(), 0)
    for (const url of urls) await assert.rejects(fetch(url), TypeError)
  })

  test('ends with exit code 1 when the story goes wrong', async (t) => {
    const broken = 'data:text/javascript,globalThis.fetch=async()=>new(Response)(``,{status:500})'
    const demo = startExample(t, COMMAND, { NODE_OPTIONS: `--import=${broken}` })
    const { code, output } = await demo.ended()
    assert.match(output, /The story went wrong: Error: status should be 200, but is 500/)
    assert.equal(code, 1)
  })
})

test('the issuer signs tokens on a page where every field has its label, and shows no markup of others', async (t) => {
  const issuer = await createTestIssuer()
  const server = await listen(createCounter(issuer, APP_ID))
  t.after(() => Promise.all([server.close(), issuer.close()]))
  const form = await (await fetch(server.url)).text()
  const fields = [...form.matchAll(/<input id="(\w+)" name="(\w+)"/g)]
  assert.deepEqual(
    fields.map(([, , name]) => name),
    ['sub', 'name', 'audience', 'seconds'],
  )
  for (const [, id = ''] of fields) assert(form.includes(`<label for="${id}">`), id)

  const post = (body: string | URLSearchParams, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/token`, { method: 'POST', body, headers })
  const order = new URLSearchParams({ sub: '24601', name: '<script>"Jean" & Co.' })
  const answer = await (await post(order, { accept: 'text/html,*/*;q=0.8' })).text()
  assert(answer.includes('Signed for &#60;script&#62;&#34;Jean&#34; &#38; Co..'))
  assert.match(
    answer,
    /<label for="token">.*<\/label>\n<textarea id="token" rows="10" readonly>eyJ[\w.-]+<\/textarea>/,
  )
  const json = { 'content-type': 'application/json', accept: 'application/json' }
  assert.match(await (await post('{"sub":"24601","name":"Jean"}', json)).text(), /^{"token":"eyJ[\w.-]+"}$/)
  assert.equal((await post('sub=24601', { 'content-type': 'application/x-www-form-urlencoded' })).status, 400)
  assert.equal((await post(new URLSearchParams({ sub: '1', name: 'a', seconds: 'x' }))).status, 400)
})

test('the story ends at the first answer that is not as told', async (t) => {
  const [issuer, stranger] = [await createTestIssuer(), await createTestIssuer()]
  const servers = [
    await listen(createCounter(issuer, APP_ID)),
    await listen(createApp(stranger.jwkUri)),
  ] as const
  t.after(() => Promise.all([...servers, issuer, stranger].map((server) => server.close())))
  const lines: string[] = []
  const screen = createScreen((line) => lines.push(line))
  const [issuerUrl, appUrl] = servers.map(({ url }) => url) as [string, string]
  await assert.rejects(tellStory({ issuerUrl, appUrl, forgedToken: '', screen }), {
    message: 'status should be 200, but is 401',
  })
  assert.match(
    lines.at(-1) ?? '',
    /401 {"error":"invalid custom auth token: 'kid' does not name a signing key"/,
  )
})
