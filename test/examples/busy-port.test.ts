// A port that is taken: one line that says what to do, and no stack trace.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { requireServer } from '../support/servers.js'
import { readBlocks, startExample } from './run-example.js'

// On both families, as Express listens; the demo and the page take 127.0.0.1 alone.
const holders = [createServer(), createServer()] as const
let PORT = ''
before(async () => {
  await once(holders[0].listen(0, '127.0.0.1'), 'listening')
  PORT = String((holders[0].address() as AddressInfo).port)
  holders[1].on('error', () => undefined).listen(Number(PORT), '::') // where there is no IPv6 it is not needed
})
after(() => {
  for (const holder of holders) holder.close()
})

const server = requireServer('POSTGRES_URL')
const commands: Readonly<Record<string, string>> = {
  'app-services': '',
  browser: '',
  'data-api': '',
  demo: 'npx tsx examples/demo/index.ts --once',
  functions: '',
  graphql: '',
  'many-machines': '',
  mcp: '',
  'protect-routes': '',
  'quick-start': '',
}

for (const [example, given] of Object.entries(commands)) {
  const skip = example === 'many-machines' && 'skip' in server ? server.skip : false
  test(`examples/${example} says what to do when its port is taken`, { skip }, async (t) => {
    const isStart = (line: string): boolean => line.includes('npx tsx examples/')
    const lines = readBlocks(example, 'sh').flatMap((block) => block.split('\n'))
    const command = given === '' ? (lines.find(isStart) ?? '') : given
    const own = {
      PORT,
      USERS_DB: ':memory:',
      MONGODB_URI: '',
      ...('url' in server && { POSTGRES_URL: server.url }),
    }
    const { code, output } = await startExample(t, command, own).ended()
    assert.equal(code, 1, output)
    const said = output.split('\n').filter((line) => line.includes('EADDRINUSE'))
    assert.equal(said.length, 1, output)
    assert.match(
      said[0] ?? '',
      /^(?:listen|bind) EADDRINUSE.*\. Set PORT to a port that is free, e\.g\. PORT=3001$/,
    )
    assert.doesNotMatch(output, /^\s+at |Listening/m)
  })
}
