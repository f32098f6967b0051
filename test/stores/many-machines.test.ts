// What docs/stores.md says of many machines: two processes whose guards share nothing but the database.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { JsonBody } from '../support/client.js'
import { claims, mint, OTHER_SECRET, SESSION_SECRET } from '../support/tokens.js'
import { NOW } from '../../lib/testing/store-contract/support.js'
import { databases } from './databases.js'
import type { Settings } from './machine.js'
import { startMachine } from './machines.js'
import type { Place } from './open-store.js'

const page = readFileSync(new URL('../../docs/stores.md', import.meta.url), 'utf8')
const [, table = ''] = /^## Many machines\n.*?^\| -.*?\n(.*?)\n\n/ms.exec(page) ?? []
/** Each row of the table: what happens on A, what B does by default, what B does with `checkRevocation`. */
const rows = table.split('\n').map((row) =>
  row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim()),
)

const a = startMachine()
const b = startMachine()
after(() => Promise.all([a.end(), b.end()]))

const setClocks = (time: number) => Promise.all([a.ask('setClock', time), b.ask('setClock', time)])

let subjects = 0
const newSubject = (): string => `subject ${String((subjects += 1))}`
const tokenOf = (sub: string, name = 'Jean'): string => mint(claims({ sub, name, iat: NOW, exp: NOW + 7200 }))
const newToken = (): string => tokenOf(newSubject())

/** Gets something ready, and returns how to do it on A and how to find out whether B has seen it. */
type Change = () => Promise<{ make: () => Promise<unknown>; isSeen: () => Promise<boolean> }>

/** Something that ends a session. */
const ending =
  (end: (login: JsonBody) => Promise<unknown>): Change =>
  async () => {
    const login = await a.logIn(newToken())
    const make = async () => {
      await end(login)
      assert.equal((await a.meBearer(login.access_token)).status, 401)
      assert.equal((await b.session('POST', login.refresh_token)).status, 401)
    }
    return { make, isSeen: async () => (await b.meBearer(login.access_token)).status === 401 }
  }

/** Something that a user gets. */
const gain =
  (get: (sub: string, login: JsonBody) => Promise<unknown>, hasGot: (user: string) => boolean): Change =>
  async () => {
    const sub = newSubject()
    const login = await a.logIn(tokenOf(sub))
    return {
      make: () => get(sub, login),
      isSeen: async () => hasGot((await b.meBearer(login.access_token)).text),
    }
  }

/** Something that makes a token known which was not. */
const beginning =
  (begin: (token: string) => Promise<string>): Change =>
  async () => {
    const token = newToken()
    let id: unknown
    const make = async () => {
      id = await begin(token)
    }
    const isSeen = async () => {
      const { status, body } = await b.me(token)
      return status === 200 && body['id'] === id
    }
    return Promise.resolve({ make, isSeen })
  }

/** By the rows of the table. */
const changes: Record<string, Record<string, Change>> = {
  'a session is revoked, or the user logs out': {
    'revoked sessions': ending(({ user_id: id }) => a.ask('administer', 'revokeSessions', id)),
    'a logout': ending(({ refresh_token: token }) => a.session('DELETE', token)),
  },
  'a user is disabled or deleted': {
    'a disabled user': ending(({ user_id: id }) => a.ask('administer', 'disable', id)),
    'a deleted user': ending(({ user_id: id }) => a.ask('administer', 'delete', id)),
  },
  "a user's metadata or identities change": {
    'new metadata': gain(
      (sub) => a.logIn(tokenOf(sub, 'Madeleine')),
      (user) => user.includes('"data":{"name":"Madeleine"}'),
    ),
    'one more identity': gain(
      (sub, { access_token: access }) => a.link(tokenOf(`${sub} linked`), access),
      (user) => user.includes(' linked"'),
    ),
  },
  'a user is created, or an identity is linked': {
    'a new user': beginning(async (token) => (await a.logIn(token)).user_id),
    'a linked identity': beginning(async (token) => {
      const { access_token: access, user_id: id } = await a.logIn(newToken())
      assert.equal((await b.meBearer(access)).status, 200)
      await a.link(token, access)
      return id
    }),
  },
}

/** After how many seconds B sees it, by the words of the table. */
const delayOf = (words: string): number =>
  words.endsWith(' at once') ? 0 : Number(/ within (\d+) s$/.exec(words)?.[1])

test('every row of the table is tried here', () => {
  assert.deepEqual(
    rows.map(([what]) => what),
    Object.keys(changes),
  )
})

for (const { name, skip, newPlace } of databases)
  describe(`two machines on ${name}`, { skip }, () => {
    let place: Place
    before(() => {
      place = newPlace()
    })
    beforeEach(() => setClocks(NOW))

    const deployBoth = (settings: Settings) =>
      Promise.all([a.deploy(place, settings), b.deploy(place, settings)])

    for (const [column, checkRevocation] of [false, true].entries())
      describe(checkRevocation ? 'with checkRevocation' : 'by default', () => {
        before(() => deployBoth({ session: { signingKeys: [SESSION_SECRET], checkRevocation } }))

        for (const [what = '', ...cells] of rows)
          for (const [title, prepare] of Object.entries(changes[what] ?? {}))
            test(`${title} on A: ${cells[column] ?? ''} on B`, async () => {
              const delay = delayOf(cells[column] ?? '')
              const { make, isSeen } = await prepare()
              assert.equal(await isSeen(), false)
              await make()
              if (delay !== 0) {
                await setClocks(NOW + delay - 0.001)
                assert.equal(await isSeen(), false)
                await setClocks(NOW + delay)
              }
              assert.equal(await isSeen(), true)
            })
      })

    test('third-party tokens go on using the cache with checkRevocation, and not without the cache', async () => {
      const session = { signingKeys: [SESSION_SECRET], checkRevocation: true }
      for (const [cache, status] of [
        [{}, 200],
        [{ users: false }, 401],
      ] as const) {
        await deployBoth({ session, cache })
        const token = newToken()
        const { user_id: id } = await a.logIn(token)
        assert.equal((await b.me(token)).status, 200)
        await a.ask('administer', 'disable', id)
        assert.equal((await b.me(token)).status, status)
        await setClocks(NOW + 30)
        assert.equal((await b.me(token)).status, 401)
        await setClocks(NOW)
      }
    })

    test('a session key is replaced, one machine after the other, and nobody is logged out', async () => {
      const [old, young] = [SESSION_SECRET, OTHER_SECRET]
      const LIFE = 1800
      const logins: { readonly since: number; readonly tokens: JsonBody }[] = []
      let now = NOW

      const deploy = (machine: typeof a, signingKeys: readonly string[]) =>
        machine.deploy(place, { session: { signingKeys, refreshTokenTtlSeconds: LIFE } })
      const pass = (seconds: number) => setClocks((now += seconds))
      const logInAtBoth = async () => {
        for (const machine of [a, b]) logins.push({ since: now, tokens: await machine.logIn(newToken()) })
      }
      /** Every session that has not ended by itself goes on, at both. Returns how many there are. */
      const checkSessions = async () => {
        const living = logins.filter(({ since }) => now < since + LIFE)
        for (const { tokens } of living)
          for (const [one, other] of [
            [a, b],
            [b, a],
          ] as const) {
            assert.equal((await one.meBearer(tokens.access_token)).status, 200)
            const { status, body } = await one.session('POST', tokens.refresh_token)
            assert.equal(status, 201)
            assert.equal((await other.meBearer(body.access_token)).status, 200)
          }
        return living.length
      }

      await Promise.all([deploy(a, [old]), deploy(b, [old])])
      await logInAtBoth()
      for (const keys of [
        [old, young],
        [young, old],
      ])
        for (const machine of [a, b]) {
          await deploy(machine, keys)
          await pass(60)
          await logInAtBoth()
          await checkSessions()
        }
      assert.equal(logins.length, 10)
      // Until the refresh tokens that the old key signed have expired; people log in meanwhile.
      await pass(LIFE / 2)
      await logInAtBoth()
      await pass(LIFE / 2)
      for (const machine of [a, b]) {
        await deploy(machine, [young])
        await logInAtBoth()
        assert.ok((await checkSessions()) >= 4)
      }
    })

    test('the other order would log people out: a machine that does not have the new key yet refuses', async () => {
      await a.deploy(place, { session: { signingKeys: [OTHER_SECRET, SESSION_SECRET] } })
      await b.deploy(place, { session: { signingKeys: [SESSION_SECRET] } })
      const { access_token: access, refresh_token: refresh } = await a.logIn(newToken())
      assert.equal((await b.meBearer(access)).status, 401)
      assert.equal((await b.session('POST', refresh)).status, 401)
    })
  })
