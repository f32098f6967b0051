import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CustomJwtAuth } from '../../custom-jwt-auth.js'
import { createInspectPage } from '../../inspect/inspect-page.js'
import type { Configuration } from '../../inspect/report.js'
import type { CustomJwtAuthOptions } from '../../options.js'
import { defineCommand, type Values } from '../command.js'
import { GUARD_FLAGS, readGuardOptions } from '../guard-options.js'
import { portTaken, readPort } from '../port.js'
import { printJson, printLines } from '../terminal.js'
import { readToken } from '../token-input.js'

const DEFAULT_PORT = 4001

const INSPECT_FLAGS = {
  ...GUARD_FLAGS,
  config: { ...GUARD_FLAGS.config, multiple: true },
  providers: { ...GUARD_FLAGS.providers, multiple: true },
  port: { type: 'string', value: '<number>', about: `Default ${DEFAULT_PORT}; 0 for a free one` },
} as const

/** `custom-jwt-auth inspect`. */
export const inspect = defineCommand({
  name: 'inspect',
  about: 'Open a page on this machine that explains tokens in the browser',
  args: ['[token|-]'],
  flags: INSPECT_FLAGS,
  notes: [
    'With - a token comes from standard input; without one, paste it into the page.',
    'The page only answers this machine, at the URL that is printed. Tokens are never stored, logged or part of a URL.',
    'With several --config or --providers, each token is inspected with all of them.',
  ],
  examples: [
    'npx custom-jwt-auth inspect --config auth.config.mjs',
    'pbpaste | npx custom-jwt-auth inspect - --providers exported-app --dotenv .env',
    'npx custom-jwt-auth inspect --config staging.mjs --config production.mjs',
  ],
  async run({ values, args: [given], json }) {
    const guards = await openGuards(values)
    const server = createServer()
    try {
      const token = given === undefined ? undefined : await readToken(given)
      const page = createInspectPage({
        configurations: guards.map(({ configuration }) => configuration),
        now: () => Date.now() / 1000,
        ...(token !== undefined && { token }),
      })
      // Others at this machine can connect, too, but do not know the path.
      const path = `/${randomBytes(16).toString('base64url')}`
      server.on('request', at(path, page))
      const url = `http://127.0.0.1:${await listen(server, readPort(values.port, DEFAULT_PORT))}${path}`
      if (json) printJson({ url })
      else printLines(url, 'Open it in a browser on this machine. Ctrl-C ends it.')
      await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
      return 0
    } finally {
      server.close()
      server.closeAllConnections()
      await Promise.all(guards.map(({ auth }) => auth.close()))
    }
  },
})

interface Guard {
  readonly auth: CustomJwtAuth
  readonly configuration: Configuration
}

async function openGuards(values: Values<typeof INSPECT_FLAGS>): Promise<Guard[]> {
  const { config: configs = [], providers = [], environment, ...flags } = values
  const ofExport = environment === undefined ? {} : { environment }
  // With nothing that it belongs to, it is refused.
  const ofConfig = providers.length === 0 ? ofExport : {}
  const sources: { name: string; options: CustomJwtAuthOptions }[] = []
  for (const config of configs)
    sources.push({ name: config, ...(await readGuardOptions({ ...flags, ...ofConfig, config })) })
  for (const path of providers)
    sources.push({ name: path, ...(await readGuardOptions({ ...flags, ...ofExport, providers: path })) })
  if (sources.length === 0)
    sources.push({ name: 'the flags', ...(await readGuardOptions({ ...flags, ...ofExport })) })
  // Only now: it needs express, and nothing else here does.
  const { customJwtAuth } = await import('../../custom-jwt-auth.js')
  return sources.map(({ name, options }) => {
    const auth = customJwtAuth(options)
    const explain: Configuration['explain'] = (token, given) => auth.explain(token, given)
    return { auth, configuration: { name, explain, hasStore: options.store !== undefined } }
  })
}

function at(path: string, page: RequestListener): RequestListener {
  return (req, res) => {
    if (req.url === path) page(req, res)
    else
      res
        .writeHead(404, { 'Content-Type': 'text/plain' })
        .end('open the whole URL that the command printed\n')
  }
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch (error) {
    throw portTaken(port, error)
  }
  return (server.address() as AddressInfo).port
}
