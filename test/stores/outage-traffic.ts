// Clients that go on through an outage: each repeats what was refused with 503, as clients do.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from 'custom-jwt-auth'
import { SESSION, startApp, type TestApp } from '../support/app.js'
import type { Answer } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { claims, mint, SESSION_SECRET } from '../support/tokens.js'
// Later than the clock of MongoDB, which removes sessions that have expired by it.
import { NOW } from '../../lib/testing/store-contract/support.js'

export const KINDS = ['new subject', 'known subject', 'access token', 'login', 'refresh'] as const
export type Kind = (typeof KINDS)[number]
const CLIENTS = 4
const TIMEOUT_SECONDS = 1
/** The store is asked twice at most; the rest is for a machine that is busy. */
const BOUND_SECONDS = 2 * TIMEOUT_SECONDS + 2

const tokenOf = (sub: string): string => mint(claims({ sub, iat: NOW - 60, exp: NOW + 3600 }))

interface Entry {
  readonly kind: Kind
  readonly status: number
  readonly askedAt: number
  readonly answeredAt: number
}

export interface Traffic {
  readonly app: TestApp
  /** Waits until each kind of request, asked from now on, was answered so: with 503, or with success. */
  readonly all: (outcome: 'unavailable' | 'well', kinds?: readonly Kind[]) => Promise<void>
  /** What was asked and answered within a time, as `kind: status`. */
  readonly between: (from: number, to: number) => ReadonlySet<string>
  /** Stops, and finds each subject that was answered for as one user. */
  readonly end: () => Promise<void>
}

/** On a busy machine a store that is well may be late too: what it did not answer in time is asked again. */
async function untilInTime<T>(call: () => Promise<T>): Promise<T> {
  for (const end = performance.now() + 60_000; ;) {
    try {
      return await call()
    } catch (error) {
      if (performance.now() > end) throw error
    }
    await sleep(5)
  }
}

/** Starts traffic on an app with a store that remembers nothing, and fails the test for any answer that may not be. */
export async function startTraffic(t: TestContext, store: Store): Promise<Traffic> {
  const app = await startApp(t, {
    store,
    timeoutSeconds: TIMEOUT_SECONDS,
    clock: () => NOW * 1000,
    cache: { users: false },
    session: { signingKeys: [SESSION_SECRET], rotateRefreshTokens: true },
  })
  await untilInTime(() => app.auth.ready())
  const entries: Entry[] = []
  const subjects = new Set<string>()
  let isOver = false

  async function ask(kind: Kind, send: () => Promise<Answer>): Promise<Answer> {
    const askedAt = performance.now()
    const answer = await send()
    const { status, headers, text } = answer
    const answeredAt = performance.now()
    entries.push({ kind, status, askedAt, answeredAt })
    assert.ok(answeredAt - askedAt < BOUND_SECONDS * 1000, `${kind}: ${String(answeredAt - askedAt)} ms`)
    if (status === 503) assert.equal(headers['retry-after'], '5')
    else assert.equal(status, kind === 'refresh' ? 201 : 200, `${kind}: ${String(status)} ${text}`)
    await sleep(5)
    return answer
  }

  /** What one client repeats, by kind. */
  async function newClient(name: string): Promise<Record<Kind, () => Promise<unknown>>> {
    const known = tokenOf(name)
    const { access_token, refresh_token } = await untilInTime(() => app.loggedIn(known))
    subjects.add(name)
    let refreshToken = refresh_token
    let count = 0
    return {
      async 'new subject'() {
        const sub = `${name} ${String(count)}`
        const { status } = await ask('new subject', () => app.me(tokenOf(sub)))
        if (status !== 200) return
        subjects.add(sub)
        count += 1
      },
      'known subject': () => ask('known subject', () => app.me(known)),
      'access token': () => ask('access token', () => app.meBearer(access_token)),
      login: () => ask('login', () => app.login(known)),
      async refresh() {
        const { status, body } = await ask('refresh', () => app.bearer('POST', SESSION, refreshToken))
        if (status === 201) refreshToken = body.refresh_token
      },
    }
  }

  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => newClient(`client ${String(index)}`)),
  )
  const loops = Promise.all(
    clients.flatMap((client) =>
      KINDS.map(async (kind) => {
        while (!isOver) await client[kind]()
      }),
    ),
  )
  t.after(() => {
    isOver = true
  })
  // What a client asserts fails the test when it ends, or at once where the test waits for answers.
  loops.catch(() => undefined)

  return {
    app,
    async all(outcome, kinds = KINDS) {
      const since = performance.now()
      const isSo = ({ status }: Entry) => (outcome === 'unavailable') === (status === 503)
      const isDone = () =>
        kinds.every((kind) =>
          entries.some((entry) => entry.kind === kind && entry.askedAt > since && isSo(entry)),
        )
      await Promise.race([eventually(isDone), loops])
    },
    between: (from, to) =>
      new Set(
        entries
          .filter(({ askedAt, answeredAt }) => from < askedAt && answeredAt < to)
          .map(({ kind, status }) => `${kind}: ${String(status)}`),
      ),
    async end() {
      isOver = true
      await loops
      const owners = new Map<string, string>()
      for (let after: string | undefined; ;) {
        const { users, next } = await untilInTime(() => app.auth.users.list({ ...(after && { after }) }))
        for (const { id, identities } of users)
          for (const { id: subject } of identities) {
            assert.equal(owners.get(subject), undefined, `two users have ${subject}`)
            owners.set(subject, id)
          }
        if (next === undefined) break
        after = next
      }
      for (const subject of subjects) assert.ok(owners.has(subject), `${subject} was lost`)
    },
  }
}
