// How often a request asks the database: counted in what is sent to it.
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { memoryStore, type Store } from 'custom-jwt-auth'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { PROFILE, startApp, type Options } from '../support/app.js'
import type { Answer } from '../support/client.js'
import { requireServer } from '../support/servers.js'
import { claims, mint, SESSION_SECRET } from '../support/tokens.js'
import { wrapStore } from '../support/wrapped-store.js'
import { NOW } from '../../lib/testing/store-contract/support.js'
import { openDatabase } from './mongodb-support.js'
import { newSchema, pool, recorded, skip as postgresSkip } from './postgres-server.js'
import { chosen, newPath } from './sqlite-files.js'

/** A store, and a list that grows with each thing that it asks. */
interface Counted {
  readonly store: Store
  readonly asked: unknown[]
}

function verbsOf(inner: Store): Counted {
  const asked: unknown[] = []
  const store = wrapStore((verb, call) => {
    asked.push(verb)
    return call()
  }, inner)
  return { store, asked }
}

const mongodb = requireServer('MONGODB_URI')

/** `perToken`: how many commands of the server a token takes. */
const stores: Record<string, { skip: string | false; perToken?: number; open: () => Counted }> = {
  // Neither has a server: what can be counted are verbs.
  'the memory': { skip: false, open: () => verbsOf(memoryStore()) },
  [chosen.name]: { skip: false, open: () => verbsOf(sqliteStore({ path: newPath() })) },
  PostgreSQL: {
    skip: postgresSkip,
    open() {
      const { pool: counted, texts } = recorded(pool)
      return { store: postgresStore({ pool: counted, schema: newSchema() }), asked: texts }
    },
  },
  MongoDB: {
    skip: 'skip' in mongodb ? mongodb.skip : false,
    // What is blocked is in a collection of its own, because it outlives users.
    perToken: 2,
    open() {
      const { db, commands } = openDatabase('url' in mongodb ? mongodb.url : '')
      return { store: mongodbStore({ db }), asked: commands }
    },
  },
}

let tokens = 0
/** Of one person, and not the same twice. */
const newToken = (): string => mint(claims({ iat: NOW, exp: NOW + 3600, jti: String((tokens += 1)) }))

for (const [name, { skip, perToken = 1, open }] of Object.entries(stores))
  describe(`${name} is asked`, { skip }, () => {
    /** An app whose store counts; `asks` says how often a request that succeeds asks it. */
    const startCounting = async (t: TestContext, options: Options = {}) => {
      const { store, asked } = open()
      const app = await startApp(t, { store, ...options })
      await app.auth.ready()
      // Later than the database's own clock, by which MongoDB removes expired sessions.
      app.clock.advance(NOW - app.clock.now())
      const asks = async (request: () => Promise<Answer>): Promise<number> => {
        asked.length = 0
        const { status, text } = await request()
        assert.equal(status, 200, text)
        return asked.length
      }
      return { app, asks }
    }

    test('once for a first request, whether or not there is a user, and not for the next 30 seconds', async (t) => {
      const { app, asks } = await startCounting(t)
      const [token, other] = [newToken(), newToken()]
      assert.equal(await asks(() => app.me(token)), perToken)
      assert.equal(await asks(() => app.me(other)), perToken)
      app.clock.advance(29.999)
      for (const again of [token, other, token]) assert.equal(await asks(() => app.me(again)), 0)
      app.clock.advance(0.001)
      assert.equal(await asks(() => app.me(token)), perToken)
      assert.equal(await asks(() => app.me(token)), 0)
    })

    test('once for a bearer request, and not for the next 30 seconds', async (t) => {
      const { app, asks } = await startCounting(t)
      const { access_token: access } = await app.loggedIn(newToken())
      assert.equal(await asks(() => app.meBearer(access)), 1)
      app.clock.advance(29.999)
      assert.equal(await asks(() => app.meBearer(access)), 0)
      assert.equal(await asks(() => app.bearer('GET', PROFILE, access)), 0)
      app.clock.advance(0.001)
      assert.equal(await asks(() => app.meBearer(access)), 1)
      assert.equal(await asks(() => app.meBearer(access)), 0)
    })

    test('once for every bearer request with checkRevocation', async (t) => {
      const session = { signingKeys: [SESSION_SECRET], checkRevocation: true }
      const { app, asks } = await startCounting(t, { session })
      const { access_token: access } = await app.loggedIn(newToken())
      for (let count = 0; count < 3; count += 1) assert.equal(await asks(() => app.meBearer(access)), 1)
    })
  })
