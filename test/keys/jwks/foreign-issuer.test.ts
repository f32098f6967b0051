// What others can do with key ids and documents of theirs: floods, long texts, other people's addresses.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { discoverKeySet } from '../../../lib/keys/jwks/discovery.js'
import { parseIssuerUrl, parseNamedUrl } from '../../../lib/keys/jwks/issuer-url.js'
import { startApp } from '../../support/app.js'
import { rotatingIssuer } from '../../support/rotating-issuer.js'

test('1,000 forged tokens in one pipelined connection are refused at once, for six fetches and one log line', async (t) => {
  const issuer = await rotatingIssuer(t)
  const app = await startApp(t, { jwkUri: issuer.jwkUri })
  await app.auth.ready()
  const before = app.logger.lines.length
  const [, ...rest] = issuer.token().split('.')
  const requests = Array.from({ length: 1000 }, (_, index) => {
    const header = Buffer.from(
      JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: `kid-${String(index)}\u202e` }),
    )
    return `GET /api/me HTTP/1.1\r\nhost: x\r\njwtTokenString: ${[header.toString('base64url'), ...rest].join('.')}\r\n\r\n`
  })
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  t.after(() => socket.destroy())
  let answers = ''
  socket.write(requests.join(''))
  for await (const chunk of socket) {
    answers += String(chunk)
    if (answers.split('HTTP/1.1 401 ').length > 1000) break
  }
  assert.ok(issuer.fetches <= 6, `${issuer.fetches} fetches`)
  const lines = app.logger.lines.slice(before).filter(({ fields }) => fields.code === 'TOKEN_KEY_ID_UNKNOWN')
  assert.equal(lines.length, 1)
  assert.match(JSON.stringify(lines), /"got":"kid-\d+\\\\u\{202e\}"/)
  assert.equal((await app.me(issuer.token())).status, 200)
})

test('jwks.allowHttp is written to the log at start-up, without what may be secret', async (t) => {
  const app = await startApp(t, {
    jwkUri: 'http://u:secret@keycloak:8080/keys?k=secret',
    jwks: { allowHttp: true },
  })
  const [line] = app.logger.lines
  assert.deepEqual([line?.level, line?.fields], ['warn', { uri: 'http://keycloak:8080/keys' }])
})

test('a remote issuer names no address on this machine, and http only where that is allowed', () => {
  const remote = new URL('https://issuer.example')
  const local = new URL('http://localhost:1')
  for (const allowHttp of [true, false]) {
    for (const host of [
      '127.0.0.1',
      'localhost',
      'localhost.',
      'x.localhost',
      '[::1]',
      '0.0.0.0',
      '[::]',
      '[::ffff:127.0.0.1]',
    ])
      for (const scheme of ['http', 'https'])
        assert.equal(parseNamedUrl(`${scheme}://${host}/k`, remote, { allowHttp }), undefined, host)
    assert.ok(parseNamedUrl('http://127.0.0.1/k', local, { allowHttp }))
    for (const host of ['keys.example', 'notlocalhost', 'localhost.example'])
      assert.ok(parseNamedUrl(`https://${host}/k`, remote, { allowHttp }), host)
    assert.equal(Boolean(parseNamedUrl('http://keys.example/k', remote, { allowHttp })), allowHttp)
  }
})

test('a refused jwks_uri is told with what would be allowed', async () => {
  const issuer = 'https://issuer.example'
  for (const [allowHttp, says] of [
    [true, 'jwks_uri that may be used'],
    [false, 'https jwks_uri (see jwks.allowHttp)'],
  ] as const)
    await assert.rejects(
      async () =>
        discoverKeySet(issuer, { allowHttp })(() =>
          Promise.resolve({ body: { issuer, jwks_uri: 'file:///k' }, maxAgeSeconds: 0 }),
        ),
      { message: `the discovery document of ${issuer} names no ${says}` },
    )
})

test('without a word about it, http is not allowed off this machine', () => {
  assert.equal(parseIssuerUrl('http://keys.example/k'), undefined)
  assert.ok(parseIssuerUrl('http://127.0.0.1/k'))
})

test('a discovery document with 400,000 slashes costs linear time', async () => {
  const named = `https://x${'/'.repeat(400_000)}x`
  const locate = discoverKeySet('https://issuer.example', { allowHttp: false })
  const { user } = process.cpuUsage()
  await assert.rejects(async () =>
    locate(() => Promise.resolve({ body: { issuer: named }, maxAgeSeconds: 0 })),
  )
  assert.ok(process.cpuUsage().user - user < 1_000_000)
})
