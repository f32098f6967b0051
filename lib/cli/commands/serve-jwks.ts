import { once } from 'node:events'
import { createTestIssuer, type TestIssuer } from '../../testing/test-issuer.js'
import { defineCommand } from '../command.js'
import { portTaken, readPort } from '../port.js'
import { dim, printJson, printLines } from '../terminal.js'

const DEFAULT_PORT = 4000

/** `custom-jwt-auth serve-jwks`. */
export const serveJwks = defineCommand({
  name: 'serve-jwks',
  about: 'Serve a test issuer on this machine: a key set, a discovery document, tokens',
  args: [],
  flags: {
    port: { type: 'string', value: '<number>', about: `Default ${DEFAULT_PORT}; 0 for a free one` },
    sub: { type: 'string', value: '<id>', about: 'The sub of the token printed at the start, default 24601' },
    aud: {
      type: 'string',
      value: '<id>',
      about: 'The aud of the token printed at the start, default myapp-abcde',
    },
  },
  notes: [
    'Keys live as long as the command. It listens on loopback only: it gives a token to anyone who asks.',
    'Signals: SIGINT (Ctrl-C) stops it; SIGUSR2 rotates its key.',
  ],
  examples: [
    'npx custom-jwt-auth serve-jwks',
    "curl 'http://127.0.0.1:4000/token?sub=24601&aud=myapp-abcde'",
    'npx custom-jwt-auth serve-jwks --port 0 --json > issuer.json &',
  ],
  async run({ values, json }) {
    const { sub = '24601', aud = 'myapp-abcde' } = values
    const issuer = await start(readPort(values.port, DEFAULT_PORT))
    const query = new URLSearchParams({ sub, aud }).toString()
    const tokenUri = `${issuer.issuer}/token?${query}`
    const token = issuer.mint({ sub, aud })
    if (json) printJson({ issuer: issuer.issuer, jwkUri: issuer.jwkUri, tokenUri, token })
    else
      printLines(
        `issuer  ${issuer.issuer}`,
        `jwkUri  ${issuer.jwkUri}`,
        `tokens  ${tokenUri}`,
        dim('the first one, valid for 5 minutes:'),
        token,
      )
    process.on('SIGUSR2', () => {
      const kid = issuer.rotate()
      if (json) printJson({ rotated: kid })
      else printLines(`rotated: ${kid} signs from now on`)
    })
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    await issuer.close()
    return 0
  },
})

async function start(port: number): Promise<TestIssuer> {
  try {
    return await createTestIssuer({ port })
  } catch (error) {
    throw portTaken(port, error)
  }
}
