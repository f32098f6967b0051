// The apps of docs/coming-from.md, before and after, as the page has them: node coming-from.mjs NAME asks both the same.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { mint, options } from './guard.cjs'

const [, , name] = process.argv
const isOidc = name === 'express-oauth2-jwt-bearer'
process.env.SIGNING_KEY = options.signingKeys[0]
const issuer = await createTestIssuer()
process.env.ISSUER = issuer.issuer
const audience = 'https://api.example.com'
const now = Math.floor(Date.now() / 1000)
const ours = { iss: isOidc ? issuer.issuer : 'https://issuer.example', aud: audience, sub: '24601' }
const token = (claims) => (isOidc ? issuer.mint : mint)({ ...ours, ...claims })
const [head, payload] = token({}).split('.')
const forged = `${head}.${payload}.${token({ sub: 'x' }).split('.')[2]}`

/** What is asked, where, with which token, and the answer of both where the page tells no difference. */
const requests = [
  ['good', '/me', token({}), 200],
  ['expired', '/me', token({ exp: now - 60 }), 401],
  ['another audience', '/me', token({ aud: 'another' }), 401],
  ['another issuer', '/me', token({ iss: 'https://another.example' }), 401],
  ['forged', '/me', forged, 401],
  ['not a token', '/me', 'x', 401],
  ['nobody', '/me', undefined, 401],
  ['nobody where anybody may', '/', undefined, 200],
  ['somebody where anybody may', '/', token({}), 200],
  ['a bad token where anybody may', '/', forged, 401],
  ['the scope', '/orders', token({ scope: 'write:orders read:orders' }), 200],
  ['another scope', '/orders', token({ scope: 'write:orders' }), 403],
  ['no scope', '/orders', token({}), 403],
  ['scp, a list', '/orders', token({ scp: ['read:orders'] })],
  ['no exp', '/me', token({ exp: undefined }), 401],
  ['no sub', '/me', token({ sub: undefined })],
  ['issued in an hour', '/me', token({ iat: now + 3600, exp: now + 7200 })],
]

const [, table] = readFileSync('coming-from.md', 'utf8').split(
  new RegExp(`\\| request to ${name} .*\\n.*\\n`),
)
const rows = table.split('\n\n')[0].matchAll(/^\| (.*?) +\| (\d+) +\| (\d+) +\|$/gm)
const told = new Map([...rows].map(([, what, ...statuses]) => [what, statuses.map(Number)]))

async function start(file) {
  const { app } = await import(`./${file}.mjs`)
  const server = createServer(app.set('env', 'test')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return async (path, sent) => {
    const headers = sent === undefined ? {} : { authorization: `Bearer ${sent}` }
    const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers })
    return [answer.status, await answer.text()]
  }
}
const [before, after] = [await start(name), await start(isOidc ? `from-${name}` : 'from-express-jwt')]
for (const [what, path, sent, status] of requests) {
  const [there, here] = [await before(path, sent), await after(path, sent)]
  assert.deepEqual([there[0], here[0]], told.get(what) ?? [status, status], what)
  if (there[0] === 200 && here[0] === 200) assert.equal(here[1], there[1], what)
  told.delete(what)
}
assert.deepEqual([...told.keys()], [], 'differences that nothing shows')
process.exit()
