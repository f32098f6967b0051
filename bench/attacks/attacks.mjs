// Attacks that stopped the event loop, or filled the process, before "What an attacker got" was fixed; and what came since.
// Each returns what came of it, in a few words.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import {
  APP_ID,
  flood,
  forged,
  HS256,
  ISSUER,
  LOGIN,
  mint,
  mintJson,
  pipeline,
  privateKey,
  send,
} from './attackers.mjs'

const MOST = 195_000
const LONG_TOKENS = {
  ...HS256,
  issuer: ISSUER,
  audience: [APP_ID, 'https://api.example/'],
  maxTokenLength: 200_000,
}
const published = (claims, kid = 'key-1') => mint(claims, { rsa: privateKey, header: { kid } })
const slashes = (length) => `${'/'.repeat(length * 0.74)}x`
const logIn = ({ url }, token, more) => send(url + LOGIN, { method: 'POST', body: { token }, ...more })
const me = ({ url }, token) => send(`${url}/api/me`, { headers: { jwtTokenString: token } })
const explain = ({ url }, body) =>
  send(`${url}/explain`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body })
const statuses = (answers) => [...new Set(answers.map(({ status }) => status))].join(', ')

function dataApi({ url }, action, body) {
  const where = { dataSource: 'mongodb-atlas', database: 'example', collection: 'notes' }
  const path = `/app/${APP_ID}/endpoint/data/v1/action/${action}`
  return send(url + path, {
    method: 'POST',
    headers: { jwtTokenString: mint() },
    body: { ...where, ...body },
  })
}

async function inTurn(items, act) {
  const answers = []
  for (const item of items) answers.push(await act(item))
  return answers
}

const nasty = (length) => ({
  slashes: JSON.stringify(slashes(length)),
  spaces: JSON.stringify(`x${' '.repeat(length)}x`),
  quotes: JSON.stringify('"'.repeat(length / 2)),
  'unseen characters': JSON.stringify('\u202e'.repeat(length / 3)),
  digits: '9'.repeat(length),
  'empty lists': `[${'[],'.repeat(length / 3)}[]]`,
  'nested lists': '['.repeat(length / 2) + ']'.repeat(length / 2),
  audiences: JSON.stringify(Array(Math.floor(length / 15)).fill('myapp-abcde/')),
  keys: `{${Array.from({ length: length / 14 }, (_, key) => `"key${String(key).padStart(6)}":1`).join()}}`,
})
const nastyTokens = (length) =>
  Object.values(nasty(length * 0.73)).flatMap((json) => [
    ...['iss', 'aud', 'sub'].map((claim) =>
      mintJson(`{"exp":9999999999,"iss":"${ISSUER}","${claim}":${json}}`),
    ),
    mintJson(JSON.stringify({ aud: APP_ID, exp: 9_999_999_999 }), {
      header: `{"alg":"HS256","typ":"JWT","kid":${json}}`,
    }),
  ])

export const attacks = {
  '50 forged tokens of 8,192 characters, in a header': {
    options: { ...LONG_TOKENS, maxTokenLength: 8192 },
    attack: async (victim) =>
      statuses(await inTurn(Array(50).fill(forged({ iss: slashes(7800) })), (token) => me(victim, token))),
  },
  'a forged login of 60,000 characters': {
    options: LONG_TOKENS,
    attack: async (victim) => statuses([await logIn(victim, forged({ iss: slashes(60_000) }))]),
  },
  'a forged login of 195,000 characters': {
    options: LONG_TOKENS,
    attack: async (victim) => statuses([await logIn(victim, forged({ iss: slashes(MOST) }))]),
  },
  '36 nasty logins of 195,000 characters': {
    options: LONG_TOKENS,
    attack: async (victim) => statuses(await inTurn(nastyTokens(MOST), (token) => logIn(victim, token))),
  },
  'auth.explain: 195,000 characters, 2,048 allowed': {
    options: { ...HS256, issuer: ISSUER },
    attack: async ({ url }) => statuses([await explain({ url }, forged({ iss: slashes(MOST) }))]),
  },
  'a discovery document with 100,000 slashes': {
    issuer: () => ({ issuer: `https://x${slashes(135_000)}`, jwks_uri: 'https://x' }),
    options: ({ url }) => ({ appId: APP_ID, discover: url }),
    attack: async (victim, { url: iss }) => statuses([await me(victim, published({ iss }))]),
  },
  '10,000 invented key ids on one connection': {
    issuer: undefined,
    options: ({ url }) => ({ appId: APP_ID, jwkUri: url }),
    prepare: (victim) => me(victim, published()),
    attack: async ({ url }) => {
      const rest = mint({}, { rsa: privateKey }).replace(/^[^.]*/, '')
      const tokens = Array.from({ length: 10_000 }, (_, kid) => {
        const header = { alg: 'RS256', typ: 'JWT', kid: `kid-${kid}` }
        return Buffer.from(JSON.stringify(header)).toString('base64url') + rest
      })
      return pipeline(url, tokens)
    },
  },
  '1,500 packed logins of empty lists, heap of 256 MB': {
    issuer: undefined,
    execArgv: ['--max-old-space-size=256'],
    options: ({ url }) => ({ appId: APP_ID, jwkUri: url }),
    prepare: (victim) => me(victim, published()),
    async attack(victim) {
      const bodies = Array.from({ length: 1500 }, (_, kid) => {
        const token = published({}, `kid-${kid}`)
        return gzipSync(`{"token":"${token}","pad":[${'[],'.repeat(20_000)}[]]}`)
      })
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
      return statuses(
        await flood(
          victim.url + LOGIN,
          bodies.map((body) => ({ method: 'POST', headers, body })),
        ),
      )
    },
  },
  '3,000 logins of one user, SQLite': {
    options: (_issuer, { path }) => ({ ...HS256, sqlite: path }),
    async attack(victim) {
      const token = mint()
      const answers = await inTurn(Array(3000).fill(token), (each) => logIn(victim, each))
      const left = await send(`${victim.url}/sessions/${answers[0].json.user_id}`, { method: 'DELETE' })
      return `${left.text} sessions kept`
    },
  },
  '300,000 expired sessions are removed, SQLite': {
    options: (_issuer, { path }) => ({ ...HS256, sqlite: path }),
    async fill(victim) {
      await logIn(victim, mint())
      await send(`${victim.url}/expired/300000`, { method: 'POST' })
    },
    async attack(victim) {
      const { status } = await logIn(victim, mint())
      await wait(5000)
      return String(status)
    },
  },
  '800 identities of one user, and 100 requests of theirs': {
    options: HS256,
    async attack(victim) {
      const { json } = await logIn(victim, mint())
      const headers = { authorization: `Bearer ${json.access_token}` }
      const links = await inTurn(
        Array.from({ length: 800 }, (_, n) => mint({ sub: `other-${n}` })),
        (token) => send(`${victim.url}${LOGIN}?link=true`, { method: 'POST', headers, body: { token } }),
      )
      const linked = links.filter(({ status }) => status === 200).length
      const before = await victim.ask('read')
      await inTurn(
        Array.from({ length: 100 }, (_, n) => mint({ jti: String(n) })),
        (token) => me(victim, token),
      )
      const after = await victim.ask('read')
      return `${1 + linked} identities, ${((after.cpuMs - before.cpuMs) / 100).toFixed(1)} ms a request`
    },
  },
  'the Data API example: $in with 70 KB': {
    example: 'data-api',
    async prepare(victim) {
      const documents = Array.from({ length: 100 }, (_, n) => ({ n }))
      for (let time = 0; time < 20; time += 1) {
        await dataApi(victim, 'insertMany', { documents })
        await dataApi(victim, 'find', { filter: { n: { $in: [1, 2, 3] } } })
      }
    },
    attack: async (victim) =>
      statuses([
        await dataApi(victim, 'find', {
          filter: { n: { $in: Array.from({ length: 12_000 }, (_, n) => -n - 1) } },
        }),
      ]),
  },
  'function providers: 5,000 invented issuers': {
    isNew: true,
    options: { appId: APP_ID, tenants: true },
    async attack({ url }) {
      const tokens = Array.from({ length: 5000 }, (_, n) => forged({ iss: `https://tenant-${n}.example` }))
      return pipeline(url, tokens)
    },
  },
}

/** Requests of every kind, all refused: what is loaded and compiled then is no attack. */
export async function warmUp(victim) {
  for (let time = 0; time < 30; time += 1)
    for (const act of [me, logIn, explain]) await act(victim, forged({ sub: `nobody-${time}` }))
}

/** A folder for a database, for one attack. */
export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'attacks-'))
  return { path: join(folder, 'users.db'), remove: () => rmSync(folder, { recursive: true }) }
}
