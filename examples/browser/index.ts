// npx tsx examples/browser/index.ts             a page, and the API that it calls at another origin
// npx tsx examples/browser/index.ts --no-cors   the same, without CORS answers: the page says what is missing
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { APP_ID, createApi } from './api.js'
import { createPages } from './pages.js'

const signingKey = randomBytes(32).toString('hex')
let ahead = 0
const clock = {
  now: () => Date.now() + ahead,
  advance: (seconds: number) => {
    ahead += seconds * 1000
  },
}

const pageServer = createServer().listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
const apiServer = createServer().listen(0, '127.0.0.1')
pageServer.on('error', ({ message }) => {
  console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
  process.exit(1)
})
await Promise.all([once(pageServer, 'listening'), once(apiServer, 'listening')])
const [pageUrl, apiUrl] = [pageServer, apiServer].map(
  (server) => `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
) as [string, string]

const pageOrigin = process.argv.includes('--no-cors') ? undefined : pageUrl
pageServer.on('request', createPages({ appId: APP_ID, apiUrl, signingKey, now: clock.now }))
apiServer.on('request', createApi({ signingKey, clock, pageOrigin }))

console.log(`Page  ${pageUrl}/  open this`)
console.log(
  `API   ${apiUrl}  answers ${pageOrigin === undefined ? 'no page (--no-cors)' : 'pages of that origin'}`,
)
