// The same data, opened twice, as two processes have it.
import type { TestContext } from 'node:test'
import { memoryStore, type Store } from 'custom-jwt-auth'
import { asyncStore } from '../support/wrapped-store.js'
import { databases } from './databases.js'
import { openStore } from './open-store.js'

interface Case {
  readonly name: string
  readonly skip: string | false
  /** Two stores on the same data, as two processes have them. */
  readonly open: (t: TestContext) => [Store, Store]
}

export const twoProcesses: readonly Case[] = [
  {
    name: 'the memory',
    skip: false,
    open() {
      const store = memoryStore()
      return [store, { ...store }] // another object: its guard shares no invalidations
    },
  },
  {
    name: 'a memory that answers later',
    skip: false,
    open() {
      const store = memoryStore()
      return [asyncStore(store), asyncStore(store)]
    },
  },
  ...databases.map(({ name, skip, newPlace }) => ({
    name,
    skip,
    open(t: TestContext): [Store, Store] {
      const place = newPlace()
      const opened = [openStore(place), openStore(place)] as const
      t.after(() => Promise.all(opened.map((one) => one.close())))
      return [opened[0].store, opened[1].store]
    },
  })),
]
