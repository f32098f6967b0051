// What requests meet while their issuer is down, through a listening app.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startApp } from '../../support/app.js'
import { eventually } from '../../support/eventually.js'
import { rotatingIssuer } from '../../support/rotating-issuer.js'

const AGE = 600
const STALE = 3600

describe('an issuer that is down', () => {
  test('for the whole stale window fails no request with a known key; after it 503; then it is back', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    const seen = issuer.token()
    assert.equal((await app.me(seen)).status, 200)
    issuer.goDown()
    for (let elapsed = 0; elapsed < AGE + STALE - 120; elapsed += 120) {
      app.clock.advance(120)
      assert.equal((await app.me(seen)).status, 200, `after ${String(elapsed)} s, a token seen before`)
      assert.equal((await app.me(issuer.token())).status, 200, `after ${String(elapsed)} s, a new token`)
    }
    app.clock.advance(121)
    for (const token of [seen, issuer.token(), seen]) {
      const { status, headers, body } = await app.me(token)
      assert.equal(status, 503)
      assert.equal(headers['retry-after'], '5')
      assert.equal(headers['www-authenticate'], undefined)
      assert.deepEqual(body, {
        error: 'temporarily unavailable, try again later',
        error_code: 'InternalServerError',
        link: '',
      })
      assert.equal(app.lastCode(), 'KEYS_UNAVAILABLE')
    }
    issuer.recover()
    assert.equal((await app.me(seen)).status, 503, 'it is not asked again at once')
    app.clock.advance(5)
    assert.equal((await app.me(seen)).status, 200)
    assert.equal((await app.me(issuer.token())).status, 200)
  })

  test('is asked once in a cool-down, with one retry, however many requests come', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    const token = issuer.token()
    await app.me(token)
    issuer.goDown()
    app.clock.advance(AGE)
    const before = issuer.fetches
    const failures = () => app.logger.lines.filter(({ level }) => level === 'error')
    for (let cooldowns = 0; cooldowns < 3; cooldowns += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => app.me(token)))
      assert.ok(answers.every(({ status }) => status === 200))
      // The end of a load that nobody waited for.
      await eventually(() => failures().length === cooldowns + 1)
      app.clock.advance(5)
    }
    assert.equal(issuer.fetches - before, 6)
  })

  test('that never answers costs one request the deadline, and the others nothing', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri, jwks: { timeoutSeconds: 3 } })
    const token = issuer.token()
    assert.equal((await app.me(token)).status, 200)
    issuer.goSlow(60_000)
    app.clock.advance(AGE)
    const began = performance.now()
    assert.equal((await app.me(token)).status, 200)
    assert.ok(performance.now() - began >= 2990)
    const fetches = issuer.fetches
    for (let times = 0; times < 10; times += 1) assert.equal((await app.me(token)).status, 200)
    assert.equal(issuer.fetches, fetches, 'a request asked again')
  })

  test('never logs anybody out: a login with a known key goes on, one after the window is 503', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    await app.loggedIn(issuer.token())
    issuer.goDown()
    app.clock.advance(AGE + STALE - 1)
    const { access_token: accessToken } = await app.loggedIn(issuer.token())
    app.clock.advance(1)
    const { status, headers, body } = await app.login(issuer.token())
    assert.deepEqual([status, headers['retry-after'], body.error_code], [503, '5', 'InternalServerError'])
    assert.equal((await app.meBearer(accessToken)).status, 200, 'sessions need no keys of the issuer')
  })

  test('for a window of nothing: 503 as soon as the set is too old', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri, jwks: { staleSeconds: 0 } })
    const token = issuer.token()
    await app.me(token)
    issuer.goDown()
    app.clock.advance(AGE - 1)
    assert.equal((await app.me(token)).status, 200)
    app.clock.advance(1)
    assert.equal((await app.me(token)).status, 503)
  })

  test('that publishes a set that is no good is the same: known keys are served', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    const token = issuer.token()
    await app.me(token)
    issuer.withdraw() // all it had
    app.clock.advance(AGE)
    assert.equal((await app.me(token)).status, 200)
    app.clock.advance(STALE)
    assert.equal((await app.me(token)).status, 503)
    issuer.rotate()
    app.clock.advance(5)
    const { status, body } = await app.me(token)
    assert.deepEqual([status, body.error_code, app.lastCode()], [401, 'AuthError', 'TOKEN_KEY_ID_UNKNOWN'])
    assert.equal((await app.me(issuer.token())).status, 200)
  })

  test('when the app starts: ready() says so, and so does explain()', async (t) => {
    const issuer = await rotatingIssuer(t)
    const app = await startApp(t, { jwkUri: issuer.jwkUri })
    issuer.goDown()
    await assert.rejects(app.auth.ready(), ({ code, status, cause }: Error & Record<string, unknown>) => {
      assert.deepEqual([code, status], ['KEYS_UNAVAILABLE', 503])
      assert.match((cause as Error).message, /^http:.*\/jwks could not be fetched: .+/)
      return true
    })
    const { ok, checks } = await app.auth.explain(issuer.token())
    const signature = checks.find(({ name }) => name === 'signature')
    assert.deepEqual([ok, signature?.pass], [false, undefined])
    assert.match(signature?.got ?? '', /could not be fetched/)
  })
})
