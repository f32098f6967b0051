// MongoDB keeps the contract, with both drivers, and with ids of both types.
import { after, describe, it } from 'node:test'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { MongoClient } from 'mongodb'
import { MongoClient as MongoClient6, ObjectId as ObjectId6 } from 'mongodb6'
import { requireServer } from '../support/servers.js'
import { storeContract } from 'custom-jwt-auth/testing'

const server = requireServer('MONGODB_URI')

const drivers = [
  { driver: 'mongodb 7', Client: MongoClient, options: {} },
  { driver: 'mongodb 6, ObjectIds', Client: MongoClient6, options: { ObjectId: ObjectId6 } },
]

for (const [index, { driver, Client, options }] of drivers.entries()) {
  if ('skip' in server) {
    describe(`mongodbStore on ${driver}`, { skip: server.skip })
    continue
  }
  const client = new Client(server.url)
  const db = client.db(`custom-jwt-auth-contract-${process.pid}-${index}`)

  describe(`mongodbStore keeps the contract on ${driver}`, () => {
    const store = mongodbStore({ db, ...options })
    storeContract({ describe, it }, async () => {
      for (const name of ['auth_users', 'auth_sessions', 'auth_users.blocked'])
        await db.collection(name).deleteMany({})
      return store
    })
    after(async () => {
      await db.dropDatabase()
      await client.close()
    })
  })
}
