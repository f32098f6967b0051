// The function providers under a flood of invented issuers, over HTTP, while the app's own tenants go on.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { Questions } from '../../lib/providers/questions.js'
import { startApp, type Options } from '../support/app.js'
import { testClock } from '../support/clock.js'
import { eventually } from '../support/eventually.js'
import { assertFreed, memoryInUse } from '../support/heap.js'
import { claims, mint, NOW, SECRET } from '../support/tokens.js'

/** No token ends before its test does. */
const LATER = NOW + 86_400
const TENANTS = 1000
const INVENTED = 10_000
const tenant = (index: number): string => `https://tenant-${index}.example`
const invented = (index: number): string => `https://invented-${index}.example`
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

type Find = (issuer: string) => object | undefined

/** A database of tenants, which counts its questions, and those about strangers; it answers a turn later, or once the gate is open. */
function database(optionsOf: Find) {
  const asked: string[] = []
  const running = { all: 0, strangers: 0 }
  const state = { most: 0, mostStrangers: 0, gate: Promise.resolve() }
  return {
    asked,
    state,
    /** How many questions about strangers. */
    running: () => running.strangers,
    async find(issuer: string): Promise<object | undefined> {
      const isStranger = !issuer.startsWith('https://tenant')
      asked.push(issuer)
      running.all += 1
      if (isStranger) running.strangers += 1
      state.most = Math.max(state.most, running.all)
      state.mostStrangers = Math.max(state.mostStrangers, running.strangers)
      await turn()
      if (issuer.startsWith('https://invented')) await state.gate
      running.all -= 1
      if (isStranger) running.strangers -= 1
      return optionsOf(issuer)
    },
  }
}

const withSecret = (issuer: string) =>
  issuer.startsWith('https://tenant')
    ? { issuer, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
    : undefined

const tokenOf = (iss: string): string => mint(claims({ iss, exp: LATER }))

/** For so many requests, writing lines down would be most of the work. */
const logger = { debug() {}, info() {}, warn() {}, error() {} }

async function start(t: TestContext, options: object = {}, optionsOf: Find = withSecret) {
  const clock = testClock()
  const tenants = database(optionsOf)
  // A slow machine is no part of it.
  const given = { providers: tenants.find, clock, logger, timeoutSeconds: 60, ...options }
  const app = await startApp(t, given as unknown as Options)
  return { ...app, clock, tenants, statusOf: async (iss: string) => (await app.me(tokenOf(iss))).status }
}

/** Some at a time, as a stranger's machine sends them. */
async function flood(
  count: number,
  atOnce: number,
  request: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await request(next++)
  }
  await Promise.all(times(atOnce, worker))
}

test('10,000 invented issuers: at most ten questions at once, none twice in a minute, and tenants go on', async (t) => {
  const issuer = await createTestIssuer()
  t.after(() => issuer.close())
  // Those of an issuer whose every address would tell that it was asked for.
  const strange = (index: number): string => `${issuer.issuer}/${index}`
  const { auth, clock, tenants, statusOf } = await start(t)
  await flood(INVENTED, 50, async (index) => {
    assert.equal(await statusOf(strange(index)), 401)
    if (index % 200 === 0) clock.advance(1) // 50 seconds in all
    if (index % 100 === 0) assert.equal(await statusOf(tenant(index % 500)), 200)
  })
  await flood(INVENTED, 50, async (index) => {
    await assert.rejects(auth.authenticate(tokenOf(strange(index))), { code: 'TOKEN_ISSUER' })
  })
  assert.equal(tenants.state.mostStrangers, 7)
  assert.ok(tenants.state.most <= 10, String(tenants.state.most))
  assert.equal(issuer.fetches, 0)
  const strangers = tenants.asked.filter((asked) => asked.startsWith(issuer.issuer))
  assert.equal(strangers.length, INVENTED)
  assert.equal(new Set(strangers).size, INVENTED)
  clock.advance(60)
  for (const again of [1, 2]) assert.equal(await statusOf(strange(0)), 401, String(again))
  assert.equal(tenants.asked.filter((asked) => asked === strange(0)).length, 2)
})

test('while strangers hold up all questions that they can, tenants that are known are served', async (t) => {
  const { clock, tenants, statusOf } = await start(t)
  const [known, later] = [tenant(0), tenant(1)]
  assert.equal(await statusOf(known), 200)
  let open = (): void => undefined
  tenants.state.gate = new Promise((resolve) => {
    open = resolve
  })
  const strangers = times(500, (index) => statusOf(invented(index)))
  await eventually(() => tenants.running() === 7)
  for (let request = 0; request < 50; request += 1) {
    assert.equal(await statusOf(known), 200)
    clock.advance(1)
  }
  assert.equal(tenants.running(), 7)
  const first = statusOf(later)
  open()
  assert.equal(await first, 200)
  assert.deepEqual(new Set(await Promise.all(strangers)), new Set([401]))
  assert.equal(tenants.state.mostStrangers, 7)
  assert.ok(tenants.state.most <= 10, String(tenants.state.most))
})

test('a known tenant that was idle is served while strangers hold all questions and all room to wait', async (t) => {
  const { auth, clock, tenants, statusOf } = await start(t)
  assert.equal(await statusOf(tenant(0)), 200)
  clock.advance(600)
  let open = (): void => undefined
  tenants.state.gate = new Promise((resolve) => {
    open = resolve
  })
  const strangers = times(2100, (index) =>
    auth.authenticate(tokenOf(invented(index))).catch(({ code }: { code: string }) => code),
  )
  await eventually(() => tenants.running() === 7)
  assert.equal(await statusOf(tenant(0)), 200)
  open()
  const codes = await Promise.all(strangers)
  assert.equal(codes.filter((code) => code === 'PROVIDERS_UNAVAILABLE').length, 100)
})

test('issuers that are never answered take at most half of the questions, however often their tokens come', async () => {
  const questions = new Questions({ atOnce: 10, timeoutSeconds: 0.001 })
  const never = () => new Promise<never>(() => undefined)
  for (let again = 0; again < 20; again += 1)
    for (const issuer of ['https://a.example', 'https://b.example'])
      await assert.rejects(async () => questions.ask(issuer, never))
  for (const index of [0, 1, 2, 3, 4])
    assert.equal(await questions.ask(tenant(index), () => 'there'), 'there')
})

test('1,000 tenants who all come at once after a restart are all served', async (t) => {
  const served = { overHttp: await start(t), atOnce: await start(t) }
  // As many as a server's queue of connections holds; then all of them, without a server.
  await flood(TENANTS, 250, async (index) => {
    assert.equal(await served.overHttp.statusOf(tenant(index)), 200)
  })
  const { auth } = served.atOnce
  await Promise.all(times(TENANTS, (index) => auth.authenticate(tokenOf(tenant(index)))))
  for (const { tenants } of Object.values(served)) {
    assert.equal(tenants.asked.length, TENANTS)
    assert.equal(tenants.state.most, 7)
  }
})

for (const ttlSeconds of [undefined, 5, 600])
  test(`a tenant that was removed is refused after cache.providers.ttlSeconds: ${ttlSeconds ?? 'the default'}`, async (t) => {
    const cache = {
      tokens: { max: 100 },
      users: { max: 100 },
      ...(ttlSeconds && { providers: { ttlSeconds } }),
    }
    let isThere = true
    const { clock, statusOf } = await start(t, { cache }, (issuer) =>
      isThere ? withSecret(issuer) : undefined,
    )
    assert.equal(await statusOf(tenant(0)), 200)
    isThere = false
    assert.equal(await statusOf(tenant(0)), 200)
    clock.advance(ttlSeconds ?? 60)
    assert.equal(await statusOf(tenant(0)), 401)
  })

test('the key sets of tenants for whom nobody comes are closed', async (t) => {
  const issuer = await createTestIssuer()
  t.after(() => issuer.close())
  const { jwkUri } = issuer
  const found = (iss: string) => ({ issuer: iss, jwkUri })
  const { clock, me } = await start(t, {}, found)
  const comes = async (index: number) => {
    const token = issuer.mint({ ...claims({ iss: tenant(index), exp: LATER }) })
    assert.equal((await me(token)).status, 200)
  }
  // Node tells of ten open key sets of one address.
  const warnings: string[] = []
  const note = ({ code }: Error & { code?: string }) => warnings.push(String(code))
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  for (let hour = 0; hour < 5; hour += 1) {
    for (let index = 0; index < 8; index += 1) await comes(8 * hour + index)
    clock.advance(3600)
  }
  assert.deepEqual(warnings, [])
  for (let index = 0; index < 10; index += 1) await comes(1000 + index)
  await turn()
  assert.deepEqual(warnings, ['MANY_GUARDS'])
})

test('no more memory is used for more invented issuers, nor for more tenants than cache.providers.max', async (t) => {
  const cache = { tokens: { max: 100 }, users: { max: 100 }, providers: { max: 100 } }
  const { auth } = await start(t, { cache, autoCreateUser: false, providers: withSecret })
  const long = 'x'.repeat(400)
  let count = 0
  const come = async (round: number, each: (index: number) => string) => {
    for (let index = 0; index < round; index += 1)
      await auth.authenticate(tokenOf(each((count += 1)))).catch(() => undefined)
  }
  const more = async (strangers: number) => {
    await come(strangers, (index) => `${invented(index)}/${long}`)
    await come(300, (index) => `${tenant(index)}/${long}`)
  }
  await more(20_000)
  const before = await memoryInUse()
  await more(10_000)
  await assertFreed(before, 3_000_000)
})
