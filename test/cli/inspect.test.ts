// The command that opens the page. What the page does: test/inspect.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Report } from '../../lib/inspect/report.js'
import { needsChromium, openPage } from '../examples/browser-page.js'
import { runCli, startCli } from '../support/cli.js'
import { APP_ID, claims, mint, OTHER_SECRET, SECRET } from '../support/tokens.js'

const exportedApp = fileURLToPath(new URL('../fixtures/exported-app', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'inspect-'))
after(() => {
  rmSync(scratch, { recursive: true, force: true })
})
for (const [name, key] of [
  ['staging.json', OTHER_SECRET],
  ['production.json', SECRET],
] as const)
  writeFileSync(
    join(scratch, name),
    JSON.stringify({ appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [key] }),
  )

const now = Math.floor(Date.now() / 1000)
const token = mint(claims({ iat: now - 60, exp: now + 3600 }))
const env = { SIGNING_KEY: SECRET, JWT_SIGNING_KEY: SECRET, JWT_SIGNING_KEY_2023: OTHER_SECRET }

/** Starts the command, and waits for its URL. */
async function start(t: TestContext, args: readonly string[], input = '') {
  const child = startCli(['inspect', '--port', '0', ...args], { env, cwd: scratch })
  t.after(() => child.kill('SIGKILL'))
  child.stdin.end(input)
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  child.stdout.on('data', (text: Buffer) => (said += text.toString()))
  const exit = once(child, 'exit') as Promise<[number | null]>
  for await (const line of createInterface(child.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}/.exec(line) ?? []
    if (url !== undefined) return { child, exit, url, said: () => said }
  }
  throw new Error(`no URL: ${said}`)
}

/** What the script of the page does. */
async function asPage(url: string) {
  const html = await (await fetch(url)).text()
  const [, secret = ''] = /name="page-secret" content="([^"]+)"/.exec(html) ?? []
  const post = (body: object) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-page-secret': secret, origin: new URL(url).origin },
      body: JSON.stringify(body),
    })
  const inspect = async () => ((await (await post({ token })).json()) as Report).verdicts
  return { html, post, inspect }
}

describe('inspect', { concurrency: 2 }, () => {
  test('serves the page at a path of its own, and hands a token over once', async (t) => {
    const { child, exit, url, said } = await start(
      t,
      ['-', '--alg', 'HS256', '--app-id', APP_ID],
      `${token}\n`,
    )
    for (const path of ['/', '/inspect', `${new URL(url).pathname}/more`])
      assert.equal((await fetch(new URL(path, url))).status, 404, path)
    const { html, post, inspect } = await asPage(url)
    assert.match(html, /data-token-waiting="true"/)
    assert.equal(((await (await post({ handOver: true })).json()) as { token: string }).token.trim(), token)
    assert.equal((await post({ handOver: true })).status, 404)
    assert.match((await asPage(url)).html, /data-token-waiting="false"/)
    const [verdict] = await inspect()
    assert.deepEqual(
      [verdict?.configuration, verdict?.explanation.ok, verdict?.hasStore],
      ['the flags', true, false],
    )
    child.kill('SIGINT')
    assert.deepEqual(await exit, [0, null])
    assert.ok(!said().includes(token.split('.')[1] ?? '?'))
  })

  test('inspects with every configuration', async (t) => {
    const configs = ['--config', 'staging.json', '--config', 'production.json', '--providers', exportedApp]
    const { url } = await start(t, configs)
    const { html, inspect } = await asPage(url)
    assert.match(html, /data-token-waiting="false"/)
    assert.deepEqual(
      (await inspect()).map(({ configuration, explanation }) => [configuration, explanation.ok]),
      [
        ['staging.json', false],
        ['production.json', true],
        [exportedApp, false],
      ],
    )
  })

  test(
    'a token leaves no trace: not on disk, in what is printed, or in a URL',
    needsChromium(),
    async (t) => {
      const { url, said } = await start(t, ['-', '--config', 'production.json'], token)
      const { page, complaints } = await openPage(t)
      const requests: string[] = []
      page.context().on('request', (request) => requests.push(request.url()))
      await page.goto(url)
      await page.getByRole('heading', { name: 'Accepted' }).waitFor()
      assert.ok(requests.length >= 3)
      assert.deepEqual([...new Set(requests)], [url], 'nothing is asked for elsewhere')
      const [header = '', payload = '', signature = ''] = token.split('.')
      const files = readdirSync(scratch, { recursive: true, encoding: 'utf8' })
        .map((name) => join(scratch, name))
        .filter((path) => statSync(path).isFile())
      const texts = [
        said(),
        await page.content(),
        ...requests,
        ...files.map((path) => readFileSync(path, 'utf8')),
      ]
      for (const text of texts)
        for (const part of [header, payload, signature]) assert.ok(!text.includes(part))
      assert.deepEqual(complaints, [])
    },
  )

  test('refuses a port that is taken, no configuration, and one with mistakes', async (t) => {
    const { url } = await start(t, ['--config', 'production.json'])
    const refusals: [args: string[], message: RegExp][] = [
      [['--config', 'production.json', '--port', new URL(url).port], /cannot be used \(EADDRINUSE\)/],
      [['--port', '0'], /pass --config, --providers, --alg with a key/],
      [['--config', 'production.json', '--environment', 'production'], /--environment goes with --providers/],
      [['--config', 'production.json', '--port', 'http'], /--port is a number/],
      [['--config', 'production.json', '--app-id', ' '], /appId: is an empty or blank string/],
    ]
    for (const [args, message] of refusals) {
      const { code, stdout, stderr } = await runCli(['inspect', ...args], { env, cwd: scratch })
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, message)
    }
  })
})
