const START = {
  POSTGRES_URL: 'set POSTGRES_URL, e.g. after `docker compose up --wait` (compose.yaml says the value)',
  MONGODB_URI: 'set MONGODB_URI, e.g. after `docker compose up --wait` (compose.yaml says the value)',
} as const

/**
 * The database server that a suite needs, from the environment.
 * @returns its URL; or, outside CI, why the suite is skipped: pass that to `describe(title, { skip }, …)`
 * @throws in CI, where a missing server is a failure
 */
export function requireServer(variable: keyof typeof START): { url: string } | { skip: string } {
  const url = process.env[variable]
  if (url) return { url }
  const fix = `needs a server: ${START[variable]}`
  if (process.env['CI'] === 'true') throw new Error(`${variable} is not set: ${fix}`)
  return { skip: fix }
}
