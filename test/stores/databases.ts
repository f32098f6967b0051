// The databases that several processes can share, for suites that run on each of them.
import { after } from 'node:test'
import { MongoClient } from 'mongodb'
import { requireServer } from '../support/servers.js'
import type { Place } from './open-store.js'
import { newSchema, skip as postgresSkip } from './postgres-server.js'
import { chosen, newPath } from './sqlite-files.js'

export interface Database {
  readonly name: string
  /** Why its suites are skipped, or false. */
  readonly skip: string | false
  /** A new and empty one, which is removed when the tests of this process are over. */
  readonly newPlace: () => Place
}

const mongodb = requireServer('MONGODB_URI')
const mongodbUrl = 'url' in mongodb ? mongodb.url : ''
const mongodbNames: string[] = []

export const databases: readonly Database[] = [
  { name: chosen.name, skip: false, newPlace: () => ({ kind: 'sqlite', path: newPath() }) },
  {
    name: 'PostgreSQL',
    skip: postgresSkip,
    newPlace: () => ({ kind: 'postgres', url: process.env['POSTGRES_URL'] ?? '', name: newSchema() }),
  },
  {
    name: 'MongoDB',
    skip: 'skip' in mongodb ? mongodb.skip : false,
    newPlace() {
      const name = `custom-jwt-auth-${process.pid}-place-${mongodbNames.length}`
      mongodbNames.push(name)
      return { kind: 'mongodb', url: mongodbUrl, name }
    },
  },
]

after(async () => {
  if (mongodbNames.length === 0) return
  const client = new MongoClient(mongodbUrl)
  await Promise.all(mongodbNames.map((name) => client.db(name).dropDatabase()))
  await client.close()
})
