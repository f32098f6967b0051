// A process of its own: asks each issuer named on the command line for keys, closes, and says what is left active.
import { customJwtAuth } from 'custom-jwt-auth'
import { APP_ID } from './tokens.js'

const guards = () =>
  process.argv.slice(2).map((jwkUri) => customJwtAuth({ appId: APP_ID, jwkUri, jwks: { timeoutSeconds: 2 } }))
let refused = 0
const refuse = (): void => {
  refused += 1
}

const patient = guards()
await Promise.all(patient.map((auth) => auth.ready().catch(refuse)))
// And some that are closed while they are asking.
const hasty = guards()
const asking = hasty.map((auth) => auth.ready().catch(refuse))
await new Promise((resolve) => setTimeout(resolve, 20))
await Promise.all([...patient, ...hasty].map((auth) => auth.close()))
await Promise.all(asking)

const active = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name.startsWith('TCP'))
// What was ended takes a turn or two to be gone.
for (let turns = 0; turns < 100 && active().length > 0; turns += 1) await new Promise(setImmediate)
console.log(JSON.stringify({ refused, left: active() }))
