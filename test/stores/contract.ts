import type { MaybePromise, Store } from 'custom-jwt-auth'
import { races } from './contract/races.js'
import { sessions } from './contract/sessions.js'
import { subjects } from './contract/subjects.js'
import type { StoreTest, TestRunner } from './contract/support.js'
import { users } from './contract/users.js'

/**
 * Tests that a store keeps the contract of `Store`, sentence by sentence. Needs `node:assert` and a runner with
 * `describe` and `it`: node:test, Mocha, Jest and Vitest all fit.
 *
 * @param runner where the tests are declared
 * @param makeStore opens the store **with no users and no sessions**; called once for each test, after which the
 *   store is closed. Tests run one after another, so one emptied database will do.
 * @example
 * import { describe, it } from 'node:test'
 * storeContract({ describe, it }, () => memoryStore())
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
  describe('sessions', () => {
    sessions(test)
  })
  describe('races', () => {
    races(test)
  })
}
