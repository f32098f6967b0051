// What a stranger can make a login cost while it waits: the two strings of it, and not what else its body holds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { BASE, LOGIN } from '../support/app.js'
import { send } from '../support/client.js'
import { eventually } from '../support/eventually.js'
import { startProcess } from '../support/processes.js'
import { APP_ID, mint } from '../support/tokens.js'
import type { LoginServer } from './login-server.js'

const LOGINS = 150
const HEAP_MB = 128
const LOGIN_SERVER = new URL('./login-server.ts', import.meta.url)

test('150 logins wait with bodies of empty arrays, packed or not, in a heap of 128 MB', async (t) => {
  const server = startProcess<LoginServer>(LOGIN_SERVER, [`--max-old-space-size=${HEAP_MB}`])
  t.after(() => server.end())
  const url = await server.ask('start')
  // 60,000 empty arrays in 180 KB: about 2 MB of heap. Kept, those of all logins are more than twice what there is.
  const exp = Math.floor(Date.now() / 1000) + 3600
  const body = `{"token":"${mint({ aud: APP_ID, sub: 'x', exp })}","pad":[${'[],'.repeat(60_000)}[]]}`
  const post = (headers: object, sent: string | Buffer) =>
    send(url + LOGIN, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: sent,
    })
  const packed = gzipSync(body)
  const refusals = await Promise.all(
    Array.from({ length: LOGINS }, () => post({ 'Content-Encoding': 'gzip' }, packed)),
  )
  assert.deepEqual(new Set(refusals.map(({ status }) => status)), new Set([415]))

  const broken = new AbortController()
  for (let count = 0; count < LOGINS; count += 1) post({}, body).catch(() => broken.abort())
  await eventually(async () => broken.signal.aborted || (await server.ask('waiting')) === LOGINS)
  assert.equal(broken.signal.aborted, false, 'the server is gone')
  assert.equal((await send(`${url}${BASE}/app/${APP_ID}/location`, {})).status, 200)
})
