// Stores as apps open them, each with connections of its own. For tests, and for their other processes.
import type { Store } from 'custom-jwt-auth'
import { mongodbStore } from 'custom-jwt-auth/stores/mongodb'
import { postgresStore } from 'custom-jwt-auth/stores/postgres'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { MongoClient } from 'mongodb'
import { Pool } from 'pg'

/** A database, as one process can tell another of it: a file, or a server's URL and what is ours there. */
export type Place =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres' | 'mongodb'; readonly url: string; readonly name: string }

export function openStore(place: Place): { store: Store; close: () => Promise<unknown> } {
  if (place.kind === 'sqlite') {
    const store = sqliteStore({ path: place.path })
    return { store, close: async () => store.close?.() }
  }
  const { kind, url, name } = place
  if (kind === 'postgres') {
    const pool = new Pool({ connectionString: url })
    return { store: postgresStore({ pool, schema: name }), close: () => pool.end() }
  }
  const client = new MongoClient(url, { maxPoolSize: 10 })
  return { store: mongodbStore({ db: client.db(name) }), close: () => client.close() }
}
