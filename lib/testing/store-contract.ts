import type { Store } from '../stores/store.js'
import type { MaybePromise } from '../user.js'
import { blocks } from './store-contract/blocks.js'
import { bounds } from './store-contract/bounds.js'
import { imports } from './store-contract/imports.js'
import { linking } from './store-contract/linking.js'
import { newest } from './store-contract/newest.js'
import { providers } from './store-contract/providers.js'
import { races } from './store-contract/races.js'
import { sessions } from './store-contract/sessions.js'
import { subjects } from './store-contract/subjects.js'
import type { StoreTest, TestRunner } from './store-contract/support.js'
import { users } from './store-contract/users.js'

export type { TestRunner } from './store-contract/support.js'

/**
 * Declares the tests of the contract of `Store`: its verbs one by one, odd subjects and data, imports, sessions, and
 * races. They need `node:assert` and a runner with `describe` and `it`, such as node:test, Vitest, Jest or Mocha.
 *
 * @param runner where the tests are declared
 * @param makeStore opens the store **with no users and no sessions**. It is called for each test; after the test the
 *   store is closed, if it has a `close`. Tests run one after another, so all can use one database, emptied each time.
 * @example
 * import { describe, it } from 'node:test'
 * storeContract({ describe, it }, () => myStore({ path: newTemporaryFile() }))
 */
export function storeContract({ describe, it }: TestRunner, makeStore: () => MaybePromise<Store>): void {
  const test: StoreTest = (title, body) => {
    it(title, async () => {
      const store = await makeStore()
      await store.ready?.()
      try {
        await body(store)
      } finally {
        await store.close?.()
      }
    })
  }
  describe('users', () => {
    users(test)
  })
  describe('subjects and data', () => {
    subjects(test)
  })
  describe('providers', () => {
    providers(test)
  })
  describe('imports', () => {
    imports(test)
  })
  describe('the newest token', () => {
    newest(test)
  })
  describe('sessions', () => {
    sessions(test)
  })
  describe('linking', () => {
    linking(test)
  })
  describe('blocked identities', () => {
    blocks(test)
  })
  describe('bounds', () => {
    bounds(test)
  })
  describe('races', () => {
    races(test)
  })
}
