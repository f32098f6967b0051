// How an issuer is asked: by Node's own client and by a `fetch` of the app's, of servers that do what they should not.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent, type RequestListener } from 'node:http'
import { Agent as HttpsAgent, createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { fetchJson } from '../../../lib/keys/jwks/fetch-json.js'
import type { JwksOptions } from '../../../lib/keys/jwks/jwks-options.js'
import { certificateOf } from '../../support/certificate.js'
import { eventually } from '../../support/eventually.js'
import { freePort } from '../../support/free-port.js'
import { requestRules } from '../../support/request-rules.js'
import { answerWith, startIssuer, type ScriptedIssuer } from '../../support/scripted-issuer.js'
import { rsaKeys } from '../../support/tokens.js'

const LIMIT = 512 * 1024
const document = { keys: [] }

const clients: Readonly<Record<string, Pick<JwksOptions, 'fetch'>>> = {
  "Node's client": {},
  fetch: { fetch: globalThis.fetch },
}

const get = (issuer: ScriptedIssuer, options: JwksOptions, path = '/jwks') =>
  getFrom(new URL(path, issuer.url), options)
const getFrom = (url: URL, options: JwksOptions = {}, signal = AbortSignal.timeout(60_000)) =>
  fetchJson(url, requestRules(options, url.href), signal)

/** What a failed request says. */
async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    return assert.fail(`it succeeded: ${JSON.stringify(await promise)}`)
  } catch (error) {
    assert(error instanceof Error)
    if (error instanceof assert.AssertionError) throw error
    return error.message
  }
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_req, res) => {
    res.writeHead(code, headers)
    res.end('{"keys":[]}')
  }

/** A body in small pieces, for as long as anybody listens. */
const drip: RequestListener = (_req, res) => {
  res.writeHead(200)
  const timer = setInterval(() => res.write('{'), 10)
  res.on('close', () => {
    clearInterval(timer)
  })
}

/** 50 MB, as fast as they are taken. */
const flood: RequestListener = (_req, res) => {
  const chunk = Buffer.alloc(64 * 1024, '[')
  let left = 800
  const more = (): void => {
    while (left > 0 && !res.destroyed) {
      left -= 1
      if (!res.write(chunk)) {
        res.once('drain', more)
        return
      }
    }
    res.end()
  }
  more()
}

const failures: Readonly<Record<string, [RequestListener, RegExp]>> = {
  'the status 500': [status(500), /answered 500$/],
  'the status 404': [status(404), /answered 404$/],
  'the status 401': [status(401), /answered 401$/],
  'no content': [status(204), /answered 204$/],
  'the status 304': [status(304), /answered 304$/],
  'a redirect to nowhere': [status(302), /answered 302$/],
  'the status 201 with a location': [status(201, { location: '/other' }), /answered 201$/],
  'the status 400 with a location': [status(400, { location: '/other' }), /answered 400$/],
  'a redirect to what is not a URL': [
    status(302, { location: 'http://[' }),
    /redirects to another host: configure the URL that it redirects to$/,
  ],
  HTML: [answerWith('<!doctype html><title>Sign in</title>', { 'content-type': 'text/html' }), /not JSON$/],
  'half of a document': [answerWith('{"keys":['), /not JSON$/],
  'an empty body': [answerWith(''), /not JSON$/],
  'garbage that it calls gzip': [
    answerWith('{"keys":[]} is no gzip', { 'content-encoding': 'gzip' }),
    /not JSON$|broke off its answer: .+/,
  ],
  '50 MB': [flood, /answered with more than 524288 bytes$/],
  'one byte too many': [answerWith(`"${'x'.repeat(LIMIT - 1)}"`), /answered with more than 524288 bytes$/],
  'a connection reset': [(req) => req.socket.resetAndDestroy(), /could not be fetched: .+/],
  'a connection closed without an answer': [(req) => req.socket.end(), /could not be fetched: .+/],
  'a connection reset in the middle': [
    (req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('{"keys":[')
      setTimeout(() => req.socket.resetAndDestroy(), 20)
    },
    /broke off its answer: .+/,
  ],
  'an answer that is not HTTP': [(req) => req.socket.end('SSH-2.0\r\n\r\n'), /could not be fetched: .+/],
}

for (const [name, client] of Object.entries(clients))
  describe(`by ${name}`, () => {
    test('a document comes with its max-age', async (t) => {
      const ages: Readonly<Record<string, number | undefined>> = {
        'max-age=300': 300,
        'public, max-age=19845, must-revalidate, no-transform': 19_845,
        'MAX-AGE=60': 60,
        's-maxage=10, max-age=20': 20,
        's-maxage=10': undefined,
        'max-age=0': 0,
        'no-store': 0,
        'no-cache, max-age=300': 0,
        'max-age=soon': undefined,
        'max-age=-5': undefined,
        public: undefined,
      }
      const issuer = await startIssuer(t, answerWith(document))
      assert.deepEqual(await get(issuer, client), { body: document, maxAgeSeconds: undefined })
      for (const [value, maxAgeSeconds] of Object.entries(ages)) {
        issuer.answer = answerWith(document, { 'cache-control': value })
        assert.deepEqual(await get(issuer, client), { body: document, maxAgeSeconds }, value)
      }
    })

    test('a byte order mark and the wrong content type do no harm', async (t) => {
      const issuer = await startIssuer(t, answerWith('\ufeff{"keys":[]}', { 'content-type': 'text/plain' }))
      assert.deepEqual((await get(issuer, client)).body, document)
    })

    test('a body of just 512 KB is read', async (t) => {
      const issuer = await startIssuer(t, answerWith(`"${'x'.repeat(LIMIT - 2)}"`))
      assert.equal(String((await get(issuer, client)).body).length, LIMIT - 2)
    })

    test('headers of the app are sent, beside an accept', async (t) => {
      const issuer = await startIssuer(t, answerWith(document))
      await get(issuer, { ...client, headers: { 'x-api-key': 'k', 'user-agent': 'my-app' } })
      const { headers, method } = issuer.requests[0] ?? assert.fail('nothing was asked')
      assert.equal(method, 'GET')
      assert.deepEqual(
        [headers.accept, headers['x-api-key'], headers['user-agent']],
        ['application/json', 'k', 'my-app'],
      )
      await get(issuer, { ...client, headers: { Accept: 'application/jwk-set+json' } })
      assert.match(issuer.requests[1]?.headers.accept ?? '', /application\/jwk-set\+json$/)
    })

    for (const [what, [answer, message]] of Object.entries(failures))
      test(`${what} is a failure that says so, and leaves no connection`, async (t) => {
        const issuer = await startIssuer(t, answer)
        const said = await failureOf(get(issuer, client))
        assert.match(said, message)
        assert.ok(said.startsWith(`${issuer.url}/jwks `), said)
        assert.equal(issuer.requests.length, 1)
        // When fetch ends its connections is its own business.
        if (name !== 'fetch') await eventually(async () => (await issuer.connections()) === 0)
      })

    test('no more of 50 MB is taken than the limit and what was under way', async (t) => {
      let taken = 0
      const issuer = await startIssuer(t, (req, res) => {
        flood(req, res)
        res.on('close', () => (taken = req.socket.bytesWritten))
      })
      await failureOf(get(issuer, client))
      await eventually(() => taken > 0)
      assert.ok(taken < 16 * 1024 * 1024, `${taken} bytes were sent`)
    })

    test('a redirect on the same host is followed, with the headers', async (t) => {
      const issuer = await startIssuer(t, (req, res) => {
        const redirects: Readonly<Record<string, [number, string]>> = {
          '/a': [300, '/b'],
          '/b': [302, `${issuer.url}/c`],
          '/c': [308, '../d'],
        }
        const [code, location] = redirects[req.url ?? ''] ?? []
        if (location === undefined) answerWith(document)(req, res)
        else status(code ?? 0, { location })(req, res)
      })
      assert.deepEqual((await get(issuer, { ...client, headers: { 'x-api-key': 'k' } }, '/a')).body, document)
      assert.deepEqual(
        issuer.requests.map(({ url, headers }) => [url, headers['x-api-key']]),
        ['/a', '/b', '/c', '/d'].map((url) => [url, 'k']),
      )
    })

    test('a redirect without end is given up', async (t) => {
      const issuer = await startIssuer(t, status(307, { location: '/jwks' }))
      assert.match(await failureOf(get(issuer, client)), /redirected more than 3 times$/)
      assert.equal(issuer.requests.length, 4)
    })

    test('a redirect to another host or port is refused, and nothing is asked there', async (t) => {
      const other = await startIssuer(t, answerWith(document))
      for (const location of [
        `${other.url}/jwks`,
        other.url.replace('http:', ''),
        other.url.replace('http:', 'https:'),
        'file:///etc/passwd',
      ]) {
        const issuer = await startIssuer(t, status(301, { location }))
        assert.match(await failureOf(get(issuer, client)), /redirects to another host: configure the URL/)
      }
      assert.equal(other.requests.length, 0)
    })

    test('the signal ends it at any point', async (t) => {
      const stages: Readonly<Record<string, RequestListener>> = {
        'before the answer': () => undefined,
        'in the body': drip,
        'in a body that never comes': (_req, res) => {
          res.writeHead(200).flushHeaders()
        },
      }
      for (const [stage, answer] of Object.entries(stages)) {
        const issuer = await startIssuer(t, answer)
        const end = new AbortController()
        const asked = getFrom(new URL(issuer.jwkUri), client, end.signal)
        setTimeout(() => {
          end.abort()
        }, 100)
        assert.match(await failureOf(asked), /abort/, stage)
        if (name !== 'fetch') await eventually(async () => (await issuer.connections()) === 0)
      }
    })

    test('nobody listens: the failure names the reason', async () => {
      const port = await freePort()
      for (const host of ['127.0.0.1', 'localhost']) {
        const asked = getFrom(new URL(`http://${host}:${String(port)}/`), client)
        assert.match(await failureOf(asked), /could not be fetched: .*ECONNREFUSED/)
      }
    })

    test('a secret in the URL is used, and not told', async (t) => {
      const issuer = await startIssuer(t, status(500))
      const said = await failureOf(get(issuer, client, '/jwks?key=hunter2#x'))
      assert.equal(said, `${issuer.url}/jwks answered 500`)
      assert.equal(issuer.requests[0]?.url, '/jwks?key=hunter2')
    })
  })

test('a password in the URL is sent, and not told', async (t) => {
  const issuer = await startIssuer(t, status(500))
  const url = new URL(issuer.jwkUri)
  url.username = 'app'
  url.password = 'hunter2'
  // The last is no encoding of anything.
  for (const [password, meant] of [
    ['hunter2', 'hunter2'],
    ['hunter%2F2', 'hunter/2'],
    ['hunter%2', 'hunter%2'],
  ] as const)
    for (const client of Object.values(clients)) {
      url.password = password
      const said = await failureOf(getFrom(url, client))
      assert.equal(said, `${issuer.url}/jwks answered 500`)
      assert.equal(issuer.requests[0]?.headers.authorization, `Basic ${btoa(`app:${meant}`)}`)
      issuer.requests.length = 0
    }
})

test("Node's client asks for a body that is not compressed, on a connection that ends with it", async (t) => {
  const issuer = await startIssuer(t, answerWith(document))
  await get(issuer, {})
  const { headers } = issuer.requests[0] ?? assert.fail('nothing was asked')
  assert.deepEqual([headers['accept-encoding'], headers.connection], ['identity', 'close'])
})

test('fetch may have it compressed: the limit is on what comes out', async (t) => {
  const gzip = { 'content-encoding': 'gzip' }
  const issuer = await startIssuer(t, answerWith(gzipSync('{"keys":[]}'), gzip))
  assert.deepEqual((await get(issuer, { fetch })).body, document)
  issuer.answer = answerWith(gzipSync('['.repeat(50_000_000)), gzip)
  assert.match(await failureOf(get(issuer, { fetch })), /more than 524288 bytes$/)
})

describe('an agent', () => {
  function agentFor(t: TestContext, agent: Agent): Agent {
    t.after(() => {
      agent.destroy()
    })
    return agent
  }

  test('of the app makes the connections, and may keep them', async (t) => {
    const issuer = await startIssuer(t, answerWith(document))
    const agent = agentFor(t, new Agent({ keepAlive: true, maxSockets: 1 }))
    for (let count = 0; count < 3; count += 1) await get(issuer, { agent })
    assert.equal(new Set(issuer.requests.map(({ socket }) => socket)).size, 1)
  })

  test("of the app is not kept busy by an answer that nobody reads: the next request isn't stuck", async (t) => {
    const issuer = await startIssuer(t, (_req, res) => {
      res.writeHead(500)
      res.write('x'.repeat(100_000))
    })
    const agent = agentFor(t, new Agent({ keepAlive: true, maxSockets: 1 }))
    for (let count = 0; count < 3; count += 1)
      assert.match(await failureOf(get(issuer, { agent })), /answered 500$/)
  })

  test('trusts a private certificate authority', async (t) => {
    const keys = rsaKeys()
    const cert = certificateOf(keys)
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    const server = createHttpsServer({ key, cert }, answerWith(document)).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const url = new URL(`https://127.0.0.1:${String((server.address() as AddressInfo).port)}/`)
    assert.match(await failureOf(getFrom(url)), /could not be fetched: .*self.signed/)
    const agent = agentFor(t, new HttpsAgent({ ca: cert, checkServerIdentity: () => undefined }))
    assert.deepEqual((await getFrom(url, { agent })).body, document)
  })

  test('for https with an http URL is a failure, not a crash', async (t) => {
    const issuer = await startIssuer(t, answerWith(document))
    const agent = agentFor(t, new HttpsAgent())
    assert.match(await failureOf(get(issuer, { agent })), /could not be fetched: .*protocol/i)
  })
})

test('a fetch of the app gets the URL, and what it rejects with is told', async (t) => {
  const issuer = await startIssuer(t, answerWith(document))
  const asked: unknown[] = []
  const spy: typeof fetch = (input, init) => {
    asked.push([input instanceof URL && input.href, init?.redirect, init?.signal instanceof AbortSignal])
    return fetch(input, init)
  }
  await get(issuer, { fetch: spy })
  assert.deepEqual(asked, [[issuer.jwkUri, 'manual', true]])
  const proxy = () => Promise.reject(new TypeError('fetch failed', { cause: new Error('no such proxy') }))
  assert.equal(
    await failureOf(get(issuer, { fetch: proxy, headers: { authorization: 'Bearer x-1' } }, '/jwks?a=y-2')),
    `${issuer.jwkUri} could not be fetched: no such proxy`,
  )
})

test('a fetch of the app is told that nobody reads a body, and may fail at that', async (t) => {
  const issuer = await startIssuer(t, answerWith(document))
  let isCancelled = false
  const body = new ReadableStream({
    cancel() {
      isCancelled = true
      throw new Error('it cannot be ended')
    },
  })
  const broken = () => Promise.resolve(new Response(body, { status: 500 }))
  assert.match(await failureOf(get(issuer, { fetch: broken })), /answered 500$/)
  assert.ok(isCancelled)
})

describe('what an error says', () => {
  const secret = 'hunter2-and-more'
  const query = 'hunter2%2Fquery'
  const url = `https://app:${secret}@127.0.0.1:1/jwks?key=${secret}&more=${query}`
  const credentials = btoa(`app:${secret}`)
  const thrown: Readonly<Record<string, Error>> = {
    'the URL with its password': new TypeError(`Request cannot be constructed from ${url}`),
    'a header': new TypeError(`Headers.append: "${secret}" is an invalid header value.`),
    'the password as it is sent': new TypeError(`refused: Basic ${credentials}`),
    'a part of the query': new TypeError(`refused: more=${query}`),
    'a code that is the URL': Object.assign(new Error(''), { code: url }),
    'a secret in its cause': new TypeError('fetch failed', { cause: new Error(`no route to ${url}`) }),
  }
  for (const [what, error] of Object.entries(thrown))
    test(`is not ${what}, nor is that in its cause`, async () => {
      const options = { headers: { authorization: `Bearer ${secret}` }, fetch: () => Promise.reject(error) }
      const failed = await getFrom(new URL(url), options).catch((failure: unknown) => failure)
      const said = inspect(failed, { depth: 20, showHidden: true })
      for (const hidden of ['hunter2', credentials]) assert.ok(!said.includes(hidden), said)
      assert.match(String(failed), /^Error: https:\/\/127\.0\.0\.1:1\/jwks could not be fetched: /)
    })

  // Each secret in one place alone, as it is sent and as it is meant.
  const places: Readonly<Record<string, readonly string[]>> = {
    'https://hunter%2Fuser@127.0.0.1/': ['hunter%2Fuser', 'hunter/user'],
    'https://app:hunter%2Fword@127.0.0.1/': ['hunter%2Fword', 'hunter/word', btoa('app:hunter/word')],
    'https://127.0.0.1/?key=hunter%2Fkey&a=b-c': ['hunter%2Fkey', 'hunter/key', 'b-c'],
    'https://127.0.0.1/?hunter%2Fbare': ['hunter%2Fbare', 'hunter/bare'],
    'https://127.0.0.1/': ['hunter-header'],
  }
  for (const [place, secrets] of Object.entries(places))
    for (const secret of secrets)
      test(`is not ${secret} of ${place}`, async () => {
        const headers = place.endsWith('1/') ? { authorization: 'Bearer hunter-header' } : {}
        const fetch = () => Promise.reject(new Error(`refused:${secret}`))
        const said = await failureOf(getFrom(new URL(place), { headers, fetch }))
        assert.match(said, /could not be fetched: an error that holds what was sent$/)
      })

  test('is said of everything that a fetch can throw', async () => {
    for (const thrown of [undefined, null, 'text', {}, { message: 5 }, { message: '', code: 5 }])
      assert.match(
        await failureOf(getFrom(new URL('https://127.0.0.1/'), { fetch: () => Promise.reject(thrown) })),
        /could not be fetched: an error that holds what was sent$/,
      )
  })

  test('is the code when the message is a secret, or holds one', async () => {
    const error = Object.assign(new Error(`no ${secret}`), { code: 'ECONNREFUSED' })
    const said = await failureOf(getFrom(new URL(url), { fetch: () => Promise.reject(error) }))
    assert.match(said, /could not be fetched: ECONNREFUSED$/)
  })
})

describe('every request', () => {
  for (const [name, client] of Object.entries(clients)) {
    test(`by ${name} has a User-Agent with the version in package.json, unless the app has its own`, async (t) => {
      const issuer = await startIssuer(t, answerWith(document))
      await get(issuer, client)
      await get(issuer, { ...client, headers: { 'USER-AGENT': 'my-app' } })
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
      assert.deepEqual(
        issuer.requests.map(({ headers }) => headers['user-agent']),
        [`custom-jwt-auth/${version}`, 'my-app'],
      )
    })

    test(`by ${name} has the app's headers only at the configured origin`, async (t) => {
      const issuer = await startIssuer(t, answerWith(document))
      await get(issuer, client)
      const rules = requestRules({ ...client, headers: { 'x-api-key': 'k' } }, 'http://127.0.0.1:1/')
      await fetchJson(new URL(issuer.jwkUri), rules, AbortSignal.timeout(60_000))
      const [bare, foreign] = issuer.requests
      assert.deepEqual(foreign?.headers, bare?.headers)
    })
  }
})
