import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import type { PostgresPool } from 'custom-jwt-auth/stores/postgres'
import { Pool } from 'pg'
import { requireServer } from '../support/servers.js'

const server = requireServer('POSTGRES_URL')
/** Why PostgreSQL's suites are skipped, or false. */
export const skip = 'skip' in server ? server.skip : false

const pools: Pool[] = []
const schemas: string[] = []
/** To look at what a store did, and to get in its way. */
export const pool = newPool()
/** Of this process alone. */
export const schema = newSchema()

/** @param settings the server's, for each connection, e.g. `-c default_transaction_isolation=serializable` */
export function newPool(settings = '', max = 10): Pool {
  const made = new Pool({ connectionString: 'url' in server ? server.url : '', options: settings, max })
  pools.push(made)
  return made
}

export function newSchema(): string {
  const made = `test_${randomBytes(6).toString('hex')}`
  schemas.push(made)
  return made
}

/** The same pool, with what was asked of it and how it failed. */
export function recorded(inner: Pool): { pool: PostgresPool; texts: string[]; failures: unknown[] } {
  const texts: string[] = []
  const failures: unknown[] = []
  return {
    texts,
    failures,
    pool: {
      async query(text, values) {
        texts.push(text)
        try {
          return await inner.query(text, values)
        } catch (error) {
          failures.push((error as { code?: unknown }).code)
          throw error
        }
      },
    },
  }
}

after(async () => {
  for (const made of skip ? [] : schemas) await pool.query(`DROP SCHEMA IF EXISTS ${made} CASCADE`)
  await Promise.all(pools.map((made) => made.end()))
})
