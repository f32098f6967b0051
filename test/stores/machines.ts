// Processes that serve an app each, and share nothing but the database that they are told.
import assert from 'node:assert/strict'
import { LOGIN, SESSION } from '../support/app.js'
import { send, type JsonBody, type Outgoing } from '../support/client.js'
import { startProcess } from '../support/processes.js'
import type { MachineTasks, Settings } from './machine.js'
import type { Place } from './open-store.js'

/** Starts a machine, and a client for the app on it. */
export function startMachine() {
  const process = startProcess<MachineTasks>(new URL('machine.ts', import.meta.url))
  let url = ''
  const get = async (headers: Outgoing['headers'] = {}) => send(`${url}/api/me`, { headers })
  return {
    ...process,
    async deploy(place: Place, settings: Settings): Promise<void> {
      url = await process.ask('deploy', place, settings)
    },
    me: (jwtTokenString: string) => get({ jwtTokenString }),
    meBearer: (token: string) => get({ Authorization: `Bearer ${token}` }),
    session: (method: 'POST' | 'DELETE', refreshToken: string) =>
      send(url + SESSION, { method, headers: { Authorization: `Bearer ${refreshToken}` } }),
    async logIn(token: string): Promise<JsonBody> {
      const { status, body } = await send(url + LOGIN, { method: 'POST', body: { token } })
      assert.equal(status, 200)
      return body
    },
    async link(token: string, access: string): Promise<void> {
      const headers = { Authorization: `Bearer ${access}` }
      const answer = await send(`${url}${LOGIN}?link=true`, { method: 'POST', headers, body: { token } })
      assert.equal(answer.status, 200)
    },
  }
}
