// Which keys are served when: one fetch for many, none for strangers, and old keys while the issuer is down.
import assert from 'node:assert/strict'
import { isCounted } from '../../../lib/errors.js'
import { describe, test, type TestContext } from 'node:test'
import type { AuthError } from 'custom-jwt-auth'
import { assertFreed, memoryInUse } from '../../support/heap.js'
import { remoteVerifier, type RemoteVerifier } from '../../support/remote-verifier.js'
import { rotatingIssuer, type RotatingIssuer } from '../../support/rotating-issuer.js'
import { answerWith, jwkOf, jwksOf, startIssuer } from '../../support/scripted-issuer.js'
import { claims, mint, NOW, rsaKeys, withSegment } from '../../support/tokens.js'

const AGE = 600
const STALE = 3600
const COOLDOWN = 5
/** Searches for unknown kids that are saved up. */
const BURST = 5

interface Parties extends RemoteVerifier, Pick<RotatingIssuer, 'token'> {
  readonly issuer: RotatingIssuer
}

/** An issuer with one key, and a verifier that has not asked it yet. */
async function start(t: TestContext, options: Parameters<typeof remoteVerifier>[1] = {}): Promise<Parties> {
  const issuer = await rotatingIssuer(t)
  const verifier = remoteVerifier(issuer.jwkUri, options)
  t.after(() => {
    verifier.keys.close()
  })
  return { issuer, token: (...args) => issuer.token(...args), ...verifier }
}

/** Makes tokens whose kids nobody has. Their signatures are nobody's either. */
function inventor(good: string) {
  const [, ...rest] = good.split('.')
  let count = 0
  return (kid = `invented-${String((count += 1))}`): string =>
    [Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid })).toString('base64url'), ...rest].join('.')
}

function count(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  return counts
}

describe('a set that nobody has asked for yet', () => {
  test('5,000 tokens at once cause one fetch', async (t) => {
    const { issuer, verdict, token } = await start(t)
    const tokens = Array.from({ length: 10 }, () => token())
    const verdicts = await Promise.all(
      Array.from({ length: 5000 }, (_, index) => verdict(tokens[index % tokens.length] ?? '')),
    )
    assert.deepEqual(count(verdicts), { accepted: 5000 })
    assert.equal(issuer.fetches, 1)
    issuer.rotate()
    assert.equal(await verdict(token()), 'accepted', 'those who waited make room for others')
  })

  test('is waited for by 5,000: one more is 503 at once, with the reason', async (t) => {
    const { issuer, verdict, verify, token, keys } = await start(t)
    issuer.goSlow(60_000)
    const known = token()
    const waiting = Array.from({ length: 5000 }, () => verdict(known))
    await assert.rejects(verify(known), ({ code, cause }: AuthError) => {
      assert.equal((cause as Error).message, '5000 wait for keys')
      return code === 'KEYS_UNAVAILABLE'
    })
    keys.close()
    assert.deepEqual(count(await Promise.all(waiting)), { KEYS_UNAVAILABLE: 5000 })
  })

  test('an invented kid causes one fetch, not a second that looks for it', async (t) => {
    const { issuer, verify, token } = await start(t)
    issuer.rotate()
    await assert.rejects(verify(inventor(token())()), ({ code, detail }: AuthError) => {
      assert.deepEqual(
        [detail?.check, detail?.expected, detail?.got],
        ['kid', "one of the issuer's keys: key-1, key-2", 'invented-1'],
      )
      return code === 'TOKEN_KEY_ID_UNKNOWN'
    })
    assert.equal(issuer.fetches, 1)
  })

  test('ready() fetches it, and the first request need not', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    await keys.ready(NOW)
    assert.equal(issuer.fetches, 1)
    assert.equal(await verdict(token()), 'accepted')
    assert.equal(issuer.fetches, 1)
  })

  test('while it cannot be had: KEYS_UNAVAILABLE, one load for each cool-down, and then it is had', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    issuer.goDown()
    await assert.rejects(keys.ready(NOW), { code: 'KEYS_UNAVAILABLE', status: 503 })
    const loaded = issuer.fetches
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => verdict(token(), NOW + 4)))
    assert.deepEqual(count(verdicts), { KEYS_UNAVAILABLE: 100 })
    assert.equal(issuer.fetches, loaded)
    const others = await Promise.all(Array.from({ length: 100 }, () => verdict(token(), NOW + 5)))
    assert.deepEqual(count(others), { KEYS_UNAVAILABLE: 100 })
    assert.equal(issuer.fetches, 2 * loaded)
    issuer.recover()
    assert.equal(await verdict(token(), NOW + 10), 'accepted')
  })

  test('while it cannot be had, one refusal of many is logged in each cool-down, with their number', async (t) => {
    const { issuer, verify, token, keys } = await start(t)
    issuer.goDown()
    await assert.rejects(keys.ready(NOW))
    const logged: unknown[] = []
    for (const [requests, now] of [
      [2, NOW],
      [1, NOW + COOLDOWN - 1],
      [100, NOW + COOLDOWN], // which wait for one fetch
      [1, NOW + COOLDOWN + 1],
      [1, NOW + 2 * COOLDOWN + 1],
    ] as const)
      await Promise.all(
        Array.from({ length: requests }, () =>
          assert.rejects(verify(token(), now), (error: AuthError) => {
            if (!isCounted(error)) logged.push(error.detail?.count)
            return error.code === 'KEYS_UNAVAILABLE'
          }),
        ),
      )
    // The first of all was ready()'s.
    assert.deepEqual(logged, [4, 101])
  })
})

describe('the age of a set', () => {
  test('while it is fresh nothing is asked', async (t) => {
    const { issuer, verdict, token, settled } = await start(t)
    for (let now = NOW; now < NOW + 0.8 * AGE; now += 10)
      assert.equal(await verdict(token(), now), 'accepted')
    await settled()
    assert.equal(issuer.fetches, 1)
  })

  test('at four fifths it is refreshed beside the requests, which do not wait', async (t) => {
    const { issuer, verdict, token, settled } = await start(t)
    await verdict(token())
    issuer.goSlow(200)
    const began = performance.now()
    const late = NOW + 0.8 * AGE
    const verdicts = await Promise.all(
      Array.from({ length: 100 }, () => verdict(token({ kid: issuer.kids[0] ?? '' }), late)),
    )
    assert.deepEqual(count(verdicts), { accepted: 100 })
    assert.ok(performance.now() - began < 190 || issuer.fetches === 1, 'a request waited')
    await settled()
    assert.equal(issuer.fetches, 2)
    assert.equal(await verdict(token(), late + 0.7 * AGE), 'accepted')
    assert.equal(issuer.fetches, 2)
  })

  test('when it is past, the next request waits for a better one', async (t) => {
    const { issuer, verdict, token, events } = await start(t)
    const old = token()
    await verdict(old)
    issuer.rotate()
    issuer.withdraw()
    assert.equal(await verdict(old, NOW + AGE / 2), 'accepted')
    assert.equal(await verdict(old, NOW + AGE), 'TOKEN_KEY_ID_UNKNOWN')
    assert.deepEqual(
      events.map(({ name }) => name),
      ['keysRefreshed', 'keysRefreshed'],
    )
  })

  test('when it is past, the next request waits also if the issuer was down for a while before', async (t) => {
    const { issuer, verdict, token, settled } = await start(t)
    const old = token()
    await verdict(old)
    const late = NOW + 0.8 * AGE
    issuer.goDown()
    assert.equal(await verdict(old, late), 'accepted')
    await settled()
    issuer.recover()
    assert.equal(await verdict(old, late + COOLDOWN), 'accepted')
    await settled()
    issuer.rotate()
    issuer.withdraw()
    assert.equal(await verdict(old, late + COOLDOWN + AGE), 'TOKEN_KEY_ID_UNKNOWN')
  })

  const ages: Readonly<Record<string, number>> = {
    'max-age=300': 300,
    'max-age=60': 60,
    'max-age=3600': 3600,
    'max-age=5': 60,
    'max-age=0': 60,
    'no-store': 60,
    'max-age=31536000': 3600,
    public: AGE,
  }
  for (const [value, age] of Object.entries(ages))
    test(`Cache-Control: ${value} makes it ${age} s`, async (t) => {
      const issuer = await startIssuer(t, answerWith(jwksOf('a'), { 'cache-control': value }))
      const { keys, settled } = remoteVerifier(issuer.jwkUri)
      await keys.ready(NOW)
      const refreshAt = NOW + 0.8 * age
      await keys.find('a', refreshAt - 0.1)
      await settled()
      assert.equal(issuer.requests.length, 1)
      await keys.find('a', refreshAt + 0.1)
      await settled()
      assert.equal(issuer.requests.length, 2)
    })

  test('jwks.maxAgeSeconds makes it what the issuer does not say', async (t) => {
    const { issuer, keys, settled } = await start(t, { jwks: { maxAgeSeconds: 100 } })
    await keys.ready(NOW)
    await keys.find(issuer.kids[0], NOW + 81)
    await settled()
    assert.equal(issuer.fetches, 2)
  })

  test('a clock that was wrong when the set came, and is set back, does not keep it forever', async (t) => {
    const { issuer, verdict, token, settled } = await start(t)
    assert.equal(await verdict(token(), NOW + 500_000), 'accepted')
    assert.equal(await verdict(token(), NOW), 'accepted')
    await settled()
    assert.equal(issuer.fetches, 2)
    assert.equal(await verdict(token(), NOW + 1), 'accepted')
    await settled()
    assert.equal(issuer.fetches, 2)
  })
})

describe('a rotated key', () => {
  test('is accepted at once: its first 100 tokens come together and cause one fetch', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] }) // nobody may wait for a cool-down
    const { issuer, verdict, token } = await start(t)
    await verdict(token())
    issuer.rotate()
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => verdict(token())))
    assert.deepEqual(count(verdicts), { accepted: 100 })
    assert.equal(issuer.fetches, 2)
  })

  for (const [when, now] of [
    ['the first load', NOW],
    ['a refresh beside the requests', NOW + 0.8 * AGE],
  ] as const)
    for (const isEarly of [true, false])
      test(`that is published ${isEarly ? 'before' : 'while'} ${when} is under way needs ${isEarly ? 'no' : 'one'} other`, async (t) => {
        const issuer = await startIssuer(t, answerWith(jwksOf('a')))
        const { verdict, events, keys, fetches } = remoteVerifier(issuer.jwkUri)
        const tokenOf = (kid: string) => mint(claims(), { key: rsaKeys(kid).privateKey, header: { kid } })
        if (now > NOW) await keys.ready(NOW)
        const before = fetches()
        const arrived = new Promise<void>((resolve) => {
          issuer.answer = (req, res) => {
            setTimeout(answerWith(jwksOf('a', ...(isEarly ? ['b'] : []))), 100, req, res)
            issuer.answer = answerWith(jwksOf('a', 'b'))
            resolve()
          }
        })
        const first = verdict(tokenOf('a'), now)
        await arrived
        assert.deepEqual([await verdict(tokenOf('b'), now), await first], ['accepted', 'accepted'])
        assert.equal(fetches() - before, isEarly ? 1 : 2)
        assert.equal(events.filter(({ name }) => name === 'unknownKeyId').length, isEarly ? 0 : 1)
      })

  test('that somebody asked for too early is accepted as soon as it is published', async (t) => {
    const { issuer, verdict, token } = await start(t)
    await verdict(token())
    const forged = withSegment(token({ header: { kid: 'key-2' } }), 2, 'AAAA')
    assert.equal(await verdict(forged), 'TOKEN_KEY_ID_UNKNOWN')
    issuer.rotate()
    assert.equal(await verdict(token()), 'accepted')
    assert.equal(issuer.fetches, 3)
  })

  test('is refused under a flood for one cool-down at the most, and nobody waits', async (t) => {
    const { issuer, verdict, token } = await start(t)
    const known = token()
    const invent = inventor(known)
    await verdict(known)
    for (let times = 0; times < 10; times += 1) await verdict(invent())
    assert.equal(issuer.fetches, 1 + BURST)
    issuer.rotate()
    assert.equal(await verdict(token(), NOW + COOLDOWN - 0.1), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(await verdict(known, NOW + COOLDOWN - 0.1), 'accepted')
    assert.equal(await verdict(token(), NOW + COOLDOWN), 'accepted')
    assert.equal(issuer.fetches, 2 + BURST)
  })

  test('is found under a flood when the set is refreshed for another reason', async (t) => {
    const { issuer, verdict, token, settled } = await start(t)
    const known = token()
    const invent = inventor(known)
    await verdict(known)
    const late = NOW + 0.8 * AGE
    for (let times = 0; times < 10; times += 1) await verdict(invent(), late - 0.1)
    issuer.rotate()
    assert.equal(await verdict(token(), late - 0.1), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(await verdict(known, NOW + 1.5 * AGE), 'accepted')
    await settled()
    assert.equal(await verdict(token(), NOW + 1.5 * AGE), 'accepted')
  })

  test('after a refresh that failed: 503 at once for a cool-down, and then it is accepted', async (t) => {
    const { issuer, verdict, token } = await start(t)
    await verdict(token())
    issuer.rotate()
    issuer.goDown()
    assert.equal(await verdict(token()), 'KEYS_UNAVAILABLE')
    const { fetches } = issuer
    issuer.recover()
    assert.equal(await verdict(token(), NOW + COOLDOWN - 1), 'KEYS_UNAVAILABLE')
    assert.equal(issuer.fetches, fetches)
    assert.equal(await verdict(token(), NOW + COOLDOWN), 'accepted')
  })
})

describe('a withdrawn key', () => {
  test('dies with the refresh: a token that was remembered as verified is refused on the first request', async (t) => {
    const { issuer, verdict, token } = await start(t)
    const old = token()
    for (let times = 0; times < 3; times += 1) assert.equal(await verdict(old), 'accepted')
    issuer.rotate()
    issuer.withdraw()
    assert.equal(await verdict(old), 'accepted', 'nobody knows yet')
    assert.equal(await verdict(token()), 'accepted', 'this one caused a refresh')
    for (let times = 0; times < 10; times += 1) assert.equal(await verdict(old), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(issuer.fetches, 4, 'a withdrawn key leaves two searches to others')
  })

  test('whose kid has a new key now: its remembered token is refused on the first request', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwksOf('a')))
    const { verdict, settled } = remoteVerifier(issuer.jwkUri)
    const old = mint(claims(), { key: rsaKeys('a').privateKey, header: { kid: 'a' } })
    const renewed = mint(claims(), { key: rsaKeys('b').privateKey, header: { kid: 'a' } })
    assert.equal(await verdict(old), 'accepted')
    assert.equal(await verdict(renewed), 'TOKEN_SIGNATURE')
    issuer.answer = answerWith({ keys: [jwkOf(rsaKeys('b').publicKey, { kid: 'a' })] })
    assert.equal(await verdict(old, NOW + 0.8 * AGE), 'accepted')
    await settled()
    assert.equal(await verdict(old, NOW + 0.8 * AGE), 'TOKEN_SIGNATURE')
    assert.equal(await verdict(renewed, NOW + 0.8 * AGE), 'accepted')
  })

  test('that is published under another name has that name alone', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwksOf('a')))
    const { verdict } = remoteVerifier(issuer.jwkUri)
    const tokenOf = (kid: string) => mint(claims(), { key: rsaKeys('a').privateKey, header: { kid } })
    assert.equal(await verdict(tokenOf('a')), 'accepted')
    issuer.answer = answerWith(jwkOf(rsaKeys('a').publicKey, { kid: 'renamed' }))
    assert.equal(await verdict(tokenOf('renamed')), 'accepted')
    assert.equal(await verdict(tokenOf('a')), 'TOKEN_KEY_ID_UNKNOWN')
  })

  test('that was withdrawn leaves the last two searches to new kids', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwksOf('a', 'b')))
    const { verdict, keys, fetches } = remoteVerifier(issuer.jwkUri)
    const tokenOf = (kid: string) => mint(claims(), { key: rsaKeys(kid).privateKey, header: { kid } })
    await keys.ready(NOW)
    issuer.answer = answerWith(jwksOf('b'))
    for (let times = 0; times < 10; times += 1) await verdict(tokenOf('c'))
    assert.equal(fetches(), 1 + BURST - 2)
    assert.equal(await verdict(tokenOf('a')), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(fetches(), 1 + BURST - 2)
    issuer.answer = answerWith(jwksOf('b', 'new'))
    assert.equal(await verdict(tokenOf('new')), 'accepted')
  })

  test('that is published again is accepted again', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwksOf('a', 'b')))
    const { verdict, keys, settled } = remoteVerifier(issuer.jwkUri)
    const token = mint(claims({ exp: NOW + 1e6 }), { key: rsaKeys('a').privateKey, header: { kid: 'a' } })
    assert.equal(await verdict(token), 'accepted')
    issuer.answer = answerWith(jwksOf('b'))
    await keys.find('b', NOW + 0.8 * AGE)
    await settled()
    assert.equal(await verdict(token, NOW + 0.8 * AGE), 'TOKEN_KEY_ID_UNKNOWN')
    issuer.answer = answerWith(jwksOf('a', 'b'))
    assert.equal(await verdict(token, NOW + 0.8 * AGE + COOLDOWN), 'accepted')
  })
})

test('a key that stays keeps the verdicts that rest on it, through any number of refreshes', async (t) => {
  const { issuer, verify, token, keys, settled } = await start(t)
  const known = token()
  const verdict = await verify(known)
  for (let times = 1; times <= 3; times += 1) {
    if (times === 2) issuer.rotate()
    const now = NOW + times * AGE
    await keys.ready(now)
    await settled()
    assert.equal(issuer.fetches, 1 + times)
    assert.equal(await verify(known, now), verdict, 'it was verified again')
  }
})

describe('invented kids', () => {
  test('100,000 over a minute cost a burst and one fetch for each cool-down, and no known key anything', async (t) => {
    const { issuer, verdict, token, settled, keys } = await start(t)
    const [firstKid = ''] = issuer.kids
    const honest = Array.from({ length: 60 }, () => token())
    await keys.ready(NOW)
    // Most of the time would go into stacks that nobody reads.
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    t.after(() => (Error.stackTraceLimit = stackTraceLimit))

    const STEPS = 600
    const STEP_SECONDS = 60 / STEPS
    const ROTATION = 272
    let strangers = 0
    const refused: Record<string, number> = {}
    const refuse = ({ code }: AuthError): void => {
      refused[code] = (refused[code] ?? 0) + 1
    }
    const known: string[] = []
    const fresh: { readonly step: number; readonly verdict: string }[] = []
    for (let step = 0; step < STEPS; step += 1) {
      const now = NOW + step * STEP_SECONDS
      for (let each = 0; each < 100_000 / STEPS; each += 1)
        Promise.resolve(keys.find(`invented-${String((strangers += 1))}`, now)).catch(refuse)
      // Neither at the beginning nor at the end of a cool-down.
      if (step === ROTATION) issuer.rotate()
      if (step % 10 === 0) {
        known.push(await verdict(token({ kid: firstKid }), now))
        known.push(await verdict(honest[step / 10] ?? '', now))
      }
      if (step >= ROTATION && step % 3 === 0) fresh.push({ step, verdict: await verdict(token(), now) })
      await settled()
    }

    assert.deepEqual(count(known), { accepted: 120 })
    const late = fresh.filter(({ step }) => step >= ROTATION + COOLDOWN / STEP_SECONDS)
    assert.deepEqual(count(late.map(({ verdict }) => verdict)), { accepted: late.length })
    assert.ok(strangers >= 100_000)
    assert.deepEqual(refused, { TOKEN_KEY_ID_UNKNOWN: strangers })
    assert.ok(issuer.fetches <= 1 + BURST + 60 / COOLDOWN, `${issuer.fetches} fetches`)
  })

  test('one that is repeated leaves two searches to kids that nobody has asked for', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    await keys.ready(NOW)
    const invent = inventor(token())
    for (let times = 0; times < 10; times += 1)
      assert.equal(await verdict(invent('same'), NOW), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(issuer.fetches, 1 + BURST - 2)
    for (let times = 0; times < 10; times += 1) await verdict(invent(), NOW)
    assert.equal(issuer.fetches, 1 + BURST)
  })

  test('one that was refused without a search is not remembered', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    await keys.ready(NOW)
    const invent = inventor(token())
    for (let times = 0; times <= BURST; times += 1) await verdict(invent(`invented-${String(times)}`))
    assert.equal(await verdict(invent('invented-5'), NOW + COOLDOWN), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(issuer.fetches, 2 + BURST)
  })

  test('cost what they cost also when the clock is set back', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    await keys.ready(NOW)
    const invent = inventor(token())
    for (const now of [NOW + 100, NOW])
      for (let times = 0; times < 3; times += 1) await verdict(invent(), now)
    assert.equal(issuer.fetches, 1 + BURST)
  })

  test('that come in one go share one search, and another for those that came while it was under way', async (t) => {
    const { issuer, verdict, token, keys, events } = await start(t)
    await keys.ready(NOW)
    const invent = inventor(token())
    const verdicts = await Promise.all(Array.from({ length: 4000 }, () => verdict(invent())))
    assert.deepEqual(count(verdicts), { TOKEN_KEY_ID_UNKNOWN: 4000 })
    assert.equal(issuer.fetches, 3)
    assert.equal(events.filter(({ name }) => name === 'unknownKeyId').length, 2)
    // Of the burst, they have taken no more than that.
    for (let times = 0; times < 10; times += 1) await verdict(invent())
    assert.equal(issuer.fetches, 1 + BURST)
  })

  test('wait for a slow issuer in a bounded number: further ones are refused at once', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    const known = token()
    const invent = inventor(known)
    await keys.ready(NOW)
    issuer.goSlow(60_000)
    const waiting = Array.from({ length: 5000 }, () => verdict(invent()))
    const refused = await Promise.all(Array.from({ length: 50 }, () => verdict(invent())))
    assert.deepEqual(count(refused), { TOKEN_KEY_ID_UNKNOWN: 50 })
    assert.equal(await verdict(known), 'accepted')
    keys.close()
    assert.deepEqual(count(await Promise.all(waiting)), { KEYS_UNAVAILABLE: 5000 })
  })

  test('take a bounded memory, however long they are', async (t) => {
    const { keys, settled, events } = await start(t)
    const round = async (now: number): Promise<void> => {
      const refused = Array.from({ length: 500 }, async (_, index) => {
        const kid = `${String(now)}-${String(index)}-`.padEnd(10_000, 'x')
        await assert.rejects(async () => keys.find(kid, now), { code: 'TOKEN_KEY_ID_UNKNOWN' })
      })
      await settled()
      await Promise.all(refused)
      events.length = 0
    }
    await round(NOW)
    const before = await memoryInUse()
    for (let times = 1; times <= 6; times += 1) await round(NOW + 100 * times)
    // 30 MB of kids went by.
    await assertFreed(before, 4_000_000)
  })

  test('an empty kid is one like others', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    await keys.ready(NOW)
    const nameless = inventor(token())('')
    assert.equal(await verdict(nameless), 'TOKEN_KEY_ID_UNKNOWN')
    assert.equal(issuer.fetches, 2)
  })

  test('__proto__ and its like name no key', async (t) => {
    const { verdict, token, keys } = await start(t)
    await keys.ready(NOW)
    const invent = inventor(token())
    for (const [index, kid] of ['__proto__', 'constructor', 'toString', 'keys'].entries())
      assert.equal(await verdict(invent(kid), NOW + index * COOLDOWN), 'TOKEN_KEY_ID_UNKNOWN')
  })

  test('while the issuer is down: 503, one load for each cool-down, and known keys are served', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    const known = token()
    const invent = inventor(known)
    await keys.ready(NOW)
    issuer.goDown()
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => verdict(invent())))
    assert.deepEqual(count(verdicts), { KEYS_UNAVAILABLE: 100 })
    assert.equal(issuer.fetches, 3, 'the first, and a load of two tries')
    assert.equal(await verdict(known), 'accepted')
  })
})

describe('a token without kid', () => {
  const nameless = { header: { kid: undefined } }

  test('is refused, though the set has just one key', async (t) => {
    const { verdict, token } = await start(t)
    assert.equal(await verdict(token(nameless)), 'TOKEN_KEY_ID_MISSING')
  })

  test('is accepted with jwks.allowMissingKid while the set has just one key', async (t) => {
    const { issuer, verdict, token, keys, settled } = await start(t, { jwks: { allowMissingKid: true } })
    const remembered = token(nameless)
    assert.equal(await verdict(remembered), 'accepted')
    assert.equal(await verdict(token()), 'accepted')
    const kid = issuer.rotate()
    assert.equal(await verdict(token()), 'accepted')
    assert.equal(await verdict(token(nameless)), 'TOKEN_KEY_ID_MISSING')
    assert.equal(await verdict(remembered), 'TOKEN_KEY_ID_MISSING')
    issuer.withdraw()
    await keys.find(kid, NOW + 0.8 * AGE)
    await settled()
    assert.equal(await verdict(token(nameless), NOW + 0.8 * AGE), 'accepted')
    assert.equal(await verdict(remembered, NOW + 0.8 * AGE), 'TOKEN_SIGNATURE')
  })

  test('has its signature verified like any other', async (t) => {
    const { verdict, token } = await start(t, { jwks: { allowMissingKid: true } })
    const [, , signature = ''] = token(nameless).split('.')
    assert.equal(await verdict(withSegment(token(nameless), 2, signature)), 'TOKEN_SIGNATURE')
  })

  test('meets a single bare JWK without kid; a token with a kid does not', async (t) => {
    const issuer = await startIssuer(t, answerWith(jwkOf(rsaKeys('a').publicKey)))
    const { verdict, verify } = remoteVerifier(issuer.jwkUri, { jwks: { allowMissingKid: true } })
    const key = rsaKeys('a').privateKey
    assert.equal(await verdict(mint(claims(), { key })), 'accepted')
    const named = mint(claims(), { key, header: { kid: 'a' } })
    await assert.rejects(verify(named), ({ code, detail }: AuthError) => {
      assert.equal(detail?.expected, "one of the issuer's keys: one without kid")
      return code === 'TOKEN_KEY_ID_UNKNOWN'
    })
    issuer.answer = answerWith(jwksOf('a'))
    assert.equal(await verdict(named, NOW + COOLDOWN), 'accepted', 'once the issuer names its key')
  })
})

test('a single bare JWK is a set of one', async (t) => {
  const issuer = await startIssuer(t, answerWith(jwkOf(rsaKeys('a').publicKey, { kid: 'a' })))
  const { verdict } = remoteVerifier(issuer.jwkUri)
  assert.equal(
    await verdict(mint(claims(), { key: rsaKeys('a').privateKey, header: { kid: 'a' } })),
    'accepted',
  )
})

describe('close()', () => {
  test('leaves what is known, and asks for nothing more', async (t) => {
    const { issuer, verdict, token, keys } = await start(t)
    const known = token()
    await keys.ready(NOW)
    keys.close()
    assert.equal(await verdict(known), 'accepted')
    assert.equal(await verdict(inventor(known)()), 'KEYS_UNAVAILABLE')
    assert.equal(await verdict(token(), NOW + AGE + STALE), 'KEYS_UNAVAILABLE')
    assert.equal(issuer.fetches, 1)
  })

  test('ends a fetch at once, and is not a fault of the issuer', async (t) => {
    const { issuer, verdict, token, keys, events } = await start(t)
    issuer.goSlow(60_000)
    const waiting = verdict(token())
    await new Promise((resolve) => setTimeout(resolve, 50))
    keys.close()
    assert.equal(await waiting, 'KEYS_UNAVAILABLE')
    assert.deepEqual(events, [])
  })

  test('may be called twice, and before anything was asked', async (t) => {
    const { keys } = await start(t)
    keys.close()
    keys.close()
    await assert.rejects(keys.ready(NOW), { code: 'KEYS_UNAVAILABLE' })
  })
})
