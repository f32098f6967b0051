// One of several processes that open a new file at the same moment and sign the same people in.
// Arguments: path, number of this process, milliseconds since 1970 at which to begin.
import { setTimeout as sleep } from 'node:timers/promises'
import { sqliteStore } from 'custom-jwt-auth/stores/sqlite'
import { identity, NOW, objectId } from './contract/support.js'

const [path = '', process = '', begin = ''] = globalThis.process.argv.slice(2)
await sleep(Number(begin) - Date.now())
const store = sqliteStore({ path })
await store.ready?.()
let created = 0
for (let index = 1; index <= 50; index += 1) {
  const newUserId = objectId(1000 * Number(process) + index)
  const result = await store.signIn({ identity: identity(`subject ${index}`), now: NOW, newUserId })
  if (result?.created) created += 1
}
await store.close?.()
console.log(created)
