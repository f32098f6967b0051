// Garbage of many kinds, the same on every run. Whatever comes in, the answer is a verdict or an AuthError of 401.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { customJwtAuth, isAuthError } from 'custom-jwt-auth'
import { startApp } from '../support/app.js'
import { randomFrom } from '../support/random.js'
import { APP_ID, claims, mint, mintText, NOW, OTHER_SECRET, SECRET } from '../support/tokens.js'
import { verifierFor } from '../support/verifier.js'

/** Random choices from a seed. */
function random(seed: number) {
  const fraction = randomFrom(seed)
  const below = (limit: number): number => Math.floor(fraction() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  const many = <T>(max: number, make: () => T): T[] => Array.from({ length: below(max + 1) }, make)
  return { below, pick, many }
}
type Random = ReturnType<typeof random>

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const NAMES = [
  'aud',
  'sub',
  'exp',
  'iat',
  'nbf',
  'typ',
  'baas_domain_id',
  'alg',
  'kid',
  'crit',
  'b64',
  '__proto__',
  'constructor',
  'length',
  'toString',
  'data',
  '',
]
const SCALARS = [
  ...[null, true, false, 0, -0, -1, 1, 0.5, 1e21, 5e-324, Number.MAX_VALUE, NOW, NOW - 1, NOW + 60],
  ...[
    '',
    ' ',
    'JWT',
    'HS256',
    'none',
    APP_ID,
    'access',
    'null',
    '\0',
    '\ud800',
    '\ufffd',
    '$gt',
    String(NOW + 60),
  ],
]

function json(from: Random, depth = 3): unknown {
  const kind = from.below(depth > 0 ? 4 : 2)
  if (kind < 2) return from.pick(SCALARS)
  if (kind === 2) return from.many(4, () => json(from, depth - 1))
  return Object.fromEntries(from.many(4, () => [from.pick(NAMES), json(from, depth - 1)]))
}

const text = (from: Random, max: number, highest: number): string =>
  String.fromCharCode(...from.many(max, () => from.below(highest)))
const segment = (from: Random): string => from.many(80, () => from.pick(Array.from(ALPHABET))).join('')
const key = (from: Random): string => from.pick([SECRET, SECRET, SECRET, OTHER_SECRET])

/** Each makes one input. */
const kinds: Readonly<Record<string, (from: Random) => string>> = {
  bytes: (from) => text(from, 300, 256),
  'UTF-16 code units': (from) => text(from, 300, 65_536),
  'dots and a few letters': (from) =>
    from.many(20, () => from.pick(['.', '..', 'e', 'ey', 'eyJ', '=', ' '])).join(''),
  'base64url segments': (from) => from.many(5, () => segment(from)).join('.'),
  'JSON in three segments, unsigned': (from) =>
    [json(from), json(from), json(from)]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.'),
  'a good token with a few characters changed': (from) => {
    const characters = Array.from(mint())
    for (let count = 1 + from.below(5); count > 0; count -= 1)
      characters[from.below(characters.length)] = from.pick([
        '',
        '.',
        '\n',
        'é',
        segment(from)[0] ?? 'A',
        'AA',
      ])
    return characters.join('')
  },
  'pieces of good tokens': (from) =>
    from.many(5, () => from.pick(mint(claims({ sub: from.pick(['a', 'b']) })).split('.'))).join('.'),
  'a header of any JSON, signed': (from) =>
    mint(claims(), {
      key: key(from),
      header: { [from.pick(NAMES)]: json(from), [from.pick(NAMES)]: json(from) },
    }),
  'claims of any JSON, signed': (from) => mintText(JSON.stringify(json(from)), { key: key(from) }),
  'good claims with one or two of any JSON, signed': (from) =>
    mint(claims({ [from.pick(NAMES)]: json(from), [from.pick(NAMES)]: json(from) }), { key: key(from) }),
  'broken JSON, signed': (from) => {
    const whole = JSON.stringify(claims())
    const at = from.below(whole.length)
    return mintText(
      whole.slice(0, at) +
        from.pick(['', '"', '{', ']', ',', '1e999', '\0', '\\u']) +
        whole.slice(at + from.below(3)),
    )
  },
  'bytes, signed': (from) => mintText(Buffer.from(from.many(100, () => from.below(256))), { key: key(from) }),
}
const EACH = 450

/** What PROTOCOL §2 demands of an accepted token, written down a second time. */
function assertGoodClaims({
  aud,
  sub,
  exp,
  iat = 0,
  nbf = 0,
  baas_domain_id,
}: Readonly<Record<string, unknown>>): void {
  assert.ok(
    aud === APP_ID ||
      (Array.isArray(aud) && aud.every((one) => typeof one === 'string') && aud.includes(APP_ID)),
  )
  assert.ok(typeof sub === 'string' && sub.trim() !== '' && !/[\ud800-\udfff\ufffd]/.test(sub))
  for (const date of [exp, iat, nbf]) assert.ok(typeof date === 'number' && Number.isFinite(date))
  assert.ok(Number(exp) > NOW && Number(iat) <= NOW && Number(nbf) <= NOW)
  assert.equal(baas_domain_id, undefined)
}

describe(`${String(Object.keys(kinds).length * EACH)} inputs`, () => {
  for (const [index, [name, make]] of Object.entries(kinds).entries()) {
    const inputs = (seed: number): string[] => {
      const from = random(seed)
      return Array.from({ length: EACH }, () => make(from))
    }

    test(`${name}: a good verdict, or an AuthError of 401 with a TOKEN_ code`, () => {
      const { accept } = verifierFor({ maxTokenLength: 4096 })
      for (const input of inputs(index)) {
        try {
          assertGoodClaims(accept(input).claims)
        } catch (error) {
          if (!isAuthError(error)) throw error
          assert.match(error.code, /^TOKEN_/)
          assert.equal(error.status, 401)
        }
      }
    })

    test(`${name}: explain() agrees with the verdict, and names a failed check for each refusal`, async () => {
      const clock = () => NOW * 1000
      const keys = { signingAlgorithm: 'HS256', signingKeys: [SECRET] } as const
      const auth = customJwtAuth({ appId: APP_ID, maxTokenLength: 4096, clock, ...keys })
      const { accept } = verifierFor({ maxTokenLength: 4096 })
      const isAccepted = (input: string): boolean => {
        try {
          accept(input)
          return true
        } catch (error) {
          if (isAuthError(error)) return false
          throw error
        }
      }
      // Like the guard, explain() leaves out whitespace around the token.
      for (const input of inputs(index).map((one) => one.trim())) {
        const { ok, checks, summary } = await auth.explain(input, { user: false })
        assert.equal(ok, isAccepted(input), input)
        assert.equal(
          checks.some(({ pass }) => pass === false),
          !ok,
          input,
        )
        assert.equal(summary.startsWith('accepted'), ok, input)
      }
    })
  }
})

test('300 inputs over HTTP: 200 or 401, and the next good token is served', async (t) => {
  const app = await startApp(t)
  const from = random(300)
  const makers = Object.values(kinds)
  for (let count = 0; count < 300; count += 1) {
    // What an HTTP client can put into a header.
    const input = from
      .pick(makers)(from)
      .replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
    const { status, body } = await app.me(input)
    if (status === 200) continue
    assert.equal(status, 401, input)
    assert.equal(body.error_code, 'AuthError', input)
  }
  assert.equal((await app.me(mint())).status, 200)
})
