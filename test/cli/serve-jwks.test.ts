import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, test, type TestContext } from 'node:test'
import { customJwtAuth } from 'custom-jwt-auth'
import { runCli, startCli } from '../support/cli.js'
import { headerOf, payloadOf } from '../support/payload.js'

/** Starts the issuer, and reads its lines one by one. */
function serve(t: TestContext, ...args: string[]) {
  const child = startCli(['serve-jwks', '--port', '0', ...args])
  const exit = once(child, 'exit') as Promise<[number | null]>
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const line = async () => String((await lines.next()).value)
  return { child, exit, line }
}

describe('serve-jwks', { concurrency: 2 }, () => {
  test('serves keys and tokens that a guard accepts, rotates, and stops', async (t) => {
    const { child, exit, line } = serve(t, '--json', '--sub', 'cosette', '--aud', 'app')
    const { issuer, jwkUri, tokenUri, token } = JSON.parse(await line()) as Record<string, string>
    const auth = customJwtAuth({ appId: 'app', discover: issuer ?? '', jwks: { cooldownSeconds: 1 } })
    t.after(() => auth.close())
    assert.ok((await auth.explain(token ?? '', { user: false })).ok)
    assert.equal(payloadOf(token ?? '').sub, 'cosette')
    assert.equal(new URL(jwkUri ?? '').pathname, '/jwks')

    const second = await (await fetch(tokenUri ?? '')).text()
    assert.ok((await auth.explain(second, { user: false })).ok)
    const other = await (await fetch(`${issuer ?? ''}/token?sub=javert&aud=app&aud=web`)).text()
    assert.deepEqual([payloadOf(other).sub, payloadOf(other).aud], ['javert', ['app', 'web']])

    child.kill('SIGUSR2')
    const { rotated } = JSON.parse(await line()) as { rotated: string }
    const third = await (await fetch(tokenUri ?? '')).text()
    assert.equal(headerOf(third).kid, rotated)
    assert.ok((await auth.explain(third, { user: false })).ok)

    child.kill('SIGINT')
    assert.deepEqual(await exit, [0, null])
  })

  test('prints what to configure, and a token on a line of its own', async (t) => {
    const { line } = serve(t)
    assert.match(await line(), /^issuer {2}http:\/\/127\.0\.0\.1:\d+$/)
    assert.match(await line(), /^jwkUri {2}http:\/\/127\.0\.0\.1:\d+\/jwks$/)
    assert.match(await line(), /^tokens {2}http:\/\/127\.0\.0\.1:\d+\/token\?sub=24601&aud=myapp-abcde$/)
    await line()
    const { sub, aud } = payloadOf(await line())
    assert.deepEqual([sub, aud], ['24601', 'myapp-abcde'])
  })

  test('refuses a port that is taken, or is none', async (t) => {
    const { line } = serve(t, '--json')
    const { port } = new URL((JSON.parse(await line()) as { issuer: string }).issuer)
    const taken = await runCli(['serve-jwks', '--port', port])
    assert.deepEqual([taken.code, taken.stdout], [2, ''])
    assert.match(
      taken.stderr,
      new RegExp(`port ${port} cannot be used \\(EADDRINUSE\\): pass another --port, or 0`),
    )
    for (const wrong of ['70000', 'http', '']) {
      const { code, stderr } = await runCli(['serve-jwks', '--port', wrong])
      assert.equal(code, 2)
      assert.match(stderr, /--port is a number from 0 to 65535/)
    }
  })
})
