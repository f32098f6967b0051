// One load of an issuer's keys: found, fetched, tried again, and ended in time whatever the issuer does.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import type { RequestListener } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { IssuerClient, type IssuerRules } from '../../../lib/keys/jwks/issuer-client.js'
import { discoverKeySet } from '../../../lib/keys/jwks/discovery.js'
import type { JwksOptions } from '../../../lib/keys/jwks/jwks-options.js'
import { eventually } from '../../support/eventually.js'
import { requestRules } from '../../support/request-rules.js'
import { answerWith, jwksOf, startIssuer, type ScriptedIssuer } from '../../support/scripted-issuer.js'

const open = new AbortController().signal

function clientOf(
  issuer: ScriptedIssuer,
  { discover, ...request }: JwksOptions & { discover?: string } = {},
  parts: Partial<IssuerRules> = {},
): IssuerClient {
  return new IssuerClient({
    algorithms: ['RS256'],
    maxKeys: 3,
    timeoutSeconds: 60,
    locate:
      discover === undefined ? () => new URL(issuer.jwkUri) : discoverKeySet(discover, { allowHttp: false }),
    request: requestRules(request, issuer.url),
    ...parts,
  })
}

const kidsOf = async (client: IssuerClient, closing = open) =>
  (await client.loadKeys(closing)).keys.map(({ kid }) => kid)

/** Does the first things once each, then the last forever. */
function inTurn(...answers: readonly RequestListener[]): RequestListener {
  let count = 0
  return (req, res) => {
    const answer = answers[Math.min(count, answers.length - 1)]
    count += 1
    answer?.(req, res)
  }
}

const fail: RequestListener = (_req, res) => {
  res.writeHead(503)
  res.end()
}
const never: RequestListener = () => undefined

/** How long a promise takes to reject with this message, in milliseconds. */
async function timeToReject(promise: Promise<unknown>, message: RegExp): Promise<number> {
  const began = performance.now()
  await assert.rejects(promise, { message })
  return performance.now() - began
}

describe('a load', () => {
  test('brings the keys and what the issuer says of their age', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwksOf('a', 'b'), { 'cache-control': 'max-age=90' }))
    const { keys, maxAgeSeconds } = await clientOf(issuer).loadKeys(open)
    assert.deepEqual(
      keys.map(({ kid }) => kid),
      ['a', 'b'],
    )
    assert.equal(maxAgeSeconds, 90)
    assert.equal(issuer.requests.length, 1)
    assert.deepEqual(getEventListeners(open, 'abort'), [], 'one more for each load that was made')
  })

  test('is tried once more after a short pause when the first try fails', async (t) => {
    const issuer = await startIssuer(t, inTurn(fail, answerWith(jwksOf('a'))))
    const began = performance.now()
    assert.deepEqual(await kidsOf(clientOf(issuer)), ['a'])
    assert.equal(issuer.requests.length, 2)
    assert.ok(performance.now() - began >= 190)
  })

  test('fails with what was wrong the second time', async (t) => {
    const reset: RequestListener = (req) => req.socket.destroy()
    const issuer = await startIssuer(t, inTurn(reset, fail))
    await assert.rejects(clientOf(issuer).loadKeys(open), { message: `${issuer.jwkUri} answered 503` })
    assert.equal(issuer.requests.length, 2)
  })

  test('is not repeated for a set that is no good: it would be none the second time', async (t) => {
    const issuer = await startIssuer(t, answerWith({ keys: [] }))
    await assert.rejects(clientOf(issuer).loadKeys(open), { message: /no usable RS256 key/ })
    assert.equal(issuer.requests.length, 1)
  })
})

describe('the deadline', { concurrency: true }, () => {
  const drip: RequestListener = (_req, res) => {
    res.write('{')
    const timer = setInterval(() => res.write(' '), 1000)
    res.on('close', () => {
      clearInterval(timer)
    })
  }
  const faults: Readonly<Record<string, [RequestListener, JwksOptions?]>> = {
    'an issuer that never answers': [never],
    'an issuer that drips one byte a second': [drip],
    'an issuer that fails first and then never answers': [inTurn(fail, never)],
    'an issuer that redirects forever, slowly': [
      (_req, res) => {
        setTimeout(() => res.writeHead(302, { location: '/jwks' }).end(), 300)
      },
    ],
    'a fetch that does not heed the signal': [never, { fetch: () => new Promise(() => undefined) }],
    'a fetch whose body does not heed the signal': [
      never,
      {
        fetch: () =>
          Promise.resolve(new Response(new ReadableStream({ pull: () => new Promise(() => undefined) }))),
      },
    ],
  }
  for (const [what, [answer, options]] of Object.entries(faults))
    test(`ends ${what}`, async (t) => {
      const issuer = await startIssuer(t, answer)
      const client = clientOf(issuer, options, { timeoutSeconds: 1 })
      const took = await timeToReject(client.loadKeys(open), /^no complete answer within 1 s$/)
      assert.ok(took > 950 && took < 4000, `${took} ms`)
      await eventually(async () => (await issuer.connections()) === 0)
    })

  test('covers discovery too', async (t) => {
    // It takes a part of the time that is long enough to be seen, and leaves a longer one to a busy machine.
    const issuer = await startIssuer(t, (req, res) => {
      if (req.url === '/jwks') return
      setTimeout(answerWith({ issuer: issuer.url, jwks_uri: issuer.jwkUri }), 600, req, res)
    })
    const client = clientOf(issuer, { discover: issuer.url }, { timeoutSeconds: 4 })
    const took = await timeToReject(client.loadKeys(open), /^no complete answer within 4 s$/)
    assert.ok(took < 7000, `${took} ms`)
    assert.equal(issuer.requests.length, 2)
  })
})

describe('closing', () => {
  const faults: Readonly<Record<string, RequestListener>> = {
    'an answer': never,
    'a body': (_req, res) => res.write('{'),
    'the second try': fail,
  }
  for (const [what, answer] of Object.entries(faults))
    test(`ends a load that waits for ${what}, at once`, async (t: TestContext) => {
      const closing = new AbortController()
      const issuer = await startIssuer(t, (req, res) => {
        // Begun before the pause between two tries and shorter than it: on a busy machine too it is over first.
        setTimeout(() => {
          closing.abort(new Error('closed'))
        }, 50)
        answer(req, res)
      })
      const took = await timeToReject(clientOf(issuer).loadKeys(closing.signal), /^closed$/)
      assert.ok(took < 2000, `${took} ms`)
      await eventually(async () => (await issuer.connections()) === 0)
      assert.equal(issuer.requests.length, 1)
    })

  test('lets no load begin', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwksOf('a')))
    await assert.rejects(clientOf(issuer).loadKeys(AbortSignal.abort(new Error('closed'))), {
      message: 'closed',
    })
    assert.equal(issuer.requests.length, 0)
  })
})

describe('discovery', { concurrency: true }, () => {
  const WELL_KNOWN = '/.well-known/openid-configuration'
  const paths = ({ requests }: ScriptedIssuer) => requests.map(({ url }) => url)

  /** Serves a discovery document, by default a good one, and a key set. */
  async function startProvider(
    t: TestContext,
    document: (url: string) => object,
    path = '',
  ): Promise<ScriptedIssuer> {
    const issuer = await startIssuer(t, (req, res) => {
      if (req.url === '/jwks') answerWith(jwksOf('a'))(req, res)
      else if (req.url === path + WELL_KNOWN) answerWith(document(issuer.url))(req, res)
      else res.writeHead(404).end()
    })
    return issuer
  }
  const good = (url: string) => ({ issuer: url, jwks_uri: `${url}/jwks` })

  test('leads to the keys, and is not asked again while they can be had', async (t) => {
    const issuer = await startProvider(t, good)
    const client = clientOf(issuer, { discover: issuer.url })
    for (let count = 0; count < 3; count += 1) assert.deepEqual(await kidsOf(client), ['a'])
    assert.deepEqual(paths(issuer), [WELL_KNOWN, '/jwks', '/jwks', '/jwks'])
  })

  test('of an issuer with a path, with and without a slash at its end', async (t) => {
    for (const issuerPath of ['/tenant/v2.0', '/tenant/v2.0/']) {
      const document = (url: string) => ({ issuer: url + issuerPath, jwks_uri: `${url}/jwks` })
      const issuer = await startProvider(t, document, '/tenant/v2.0')
      assert.deepEqual(await kidsOf(clientOf(issuer, { discover: issuer.url + issuerPath })), ['a'])
    }
  })

  test('is asked again when the key set has moved, within the same load', async (t) => {
    let path = '/jwks'
    const issuer = await startIssuer(t, (req, res) => {
      if (req.url === WELL_KNOWN) answerWith({ issuer: issuer.url, jwks_uri: issuer.url + path })(req, res)
      else if (req.url === path) answerWith(jwksOf('a'))(req, res)
      else res.writeHead(404).end()
    })
    const client = clientOf(issuer, { discover: issuer.url })
    assert.deepEqual(await kidsOf(client), ['a'])
    path = '/new-jwks'
    assert.deepEqual(await kidsOf(client), ['a'])
    assert.deepEqual(paths(issuer), [WELL_KNOWN, '/jwks', '/jwks', WELL_KNOWN, '/new-jwks'])
  })

  test('is asked again after a set that was no good', async (t) => {
    let set: object = { keys: [] }
    const issuer = await startIssuer(t, (req, res) => {
      answerWith(req.url === '/jwks' ? set : good(issuer.url))(req, res)
    })
    const client = clientOf(issuer, { discover: issuer.url })
    await assert.rejects(client.loadKeys(open))
    set = jwksOf('a')
    assert.deepEqual(await kidsOf(client), ['a'])
    assert.deepEqual(paths(issuer), [WELL_KNOWN, '/jwks', WELL_KNOWN, '/jwks'])
  })

  const wrong: Readonly<Record<string, [(url: string) => object, RegExp]>> = {
    'names another issuer': [
      (url) => ({ ...good(url), issuer: 'https://other.example' }),
      /^discover is http:.*, but the issuer calls itself https:\/\/other\.example$/,
    ],
    'names the issuer with a slash more': [
      (url) => ({ ...good(url), issuer: `${url}/` }),
      /calls itself .*\/: they differ by a trailing slash$/,
    ],
    'names the issuer with another case': [
      (url) => ({ ...good(url), issuer: url.toUpperCase() }),
      /calls itself HTTP:\/\/127/,
    ],
    'names no issuer': [(url) => ({ jwks_uri: `${url}/jwks` }), /calls itself nothing$/],
    'names an issuer that is not a string': [
      (url) => ({ ...good(url), issuer: [url] }),
      /calls itself nothing$/,
    ],
    'names no jwks_uri': [
      (url) => ({ issuer: url }),
      /^the discovery document of .* names no https jwks_uri \(see jwks\.allowHttp\)$/,
    ],
    'names a jwks_uri that is not a URL': [
      (url) => ({ issuer: url, jwks_uri: '/jwks' }),
      /names no https jwks_uri \(see jwks\.allowHttp\)$/,
    ],
    'names a jwks_uri that is not a string': [
      (url) => ({ issuer: url, jwks_uri: [`${url}/jwks`] }),
      /names no https jwks_uri \(see jwks\.allowHttp\)$/,
    ],
    'names an http jwks_uri off loopback': [
      (url) => ({ issuer: url, jwks_uri: 'http://issuer.example/jwks' }),
      /names no https jwks_uri \(see jwks\.allowHttp\)$/,
    ],
    'names a file': [
      (url) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' }),
      /names no https jwks_uri \(see jwks\.allowHttp\)$/,
    ],
    'is a list': [() => [], /calls itself nothing$/],
  }
  for (const [what, [document, message]] of Object.entries(wrong))
    test(`fails when the document ${what}`, async (t) => {
      const issuer = await startProvider(t, document)
      await assert.rejects(clientOf(issuer, { discover: issuer.url }).loadKeys(open), { message })
      assert.ok(!paths(issuer).includes('/jwks'))
    })

  test('without a slash, of an issuer that has one, names the slash', async (t) => {
    const issuer = await startProvider(t, good)
    await assert.rejects(clientOf(issuer, { discover: `${issuer.url}/` }).loadKeys(open), {
      message: /they differ by a trailing slash$/,
    })
  })

  test('tells an endless name in few words', async (t) => {
    const issuer = await startProvider(t, (url) => ({ ...good(url), issuer: 'x'.repeat(100_000) }))
    await assert.rejects(
      clientOf(issuer, { discover: issuer.url }).loadKeys(open),
      ({ message }: Error) => message.length < 500,
    )
  })
})

test('4 keys: the message names jwks.maxKeys, and the raised option takes them', async (t) => {
  const issuer = await startIssuer(t, answerWith(jwksOf('a', 'b', 'c', 'd')))
  await assert.rejects(clientOf(issuer).loadKeys(open), {
    message: /4 usable keys, more than jwks\.maxKeys \(3\)/,
  })
  assert.deepEqual(await kidsOf(clientOf(issuer, {}, { maxKeys: 4 })), ['a', 'b', 'c', 'd'])
})
