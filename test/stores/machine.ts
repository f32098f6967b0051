// One of the machines of many-machines.test.ts: a process that serves an app, whose clock goes as the test says.
import {
  customJwtAuth,
  type CustomJwtAuth,
  type CustomJwtAuthOptions,
  type IdentityReference,
} from 'custom-jwt-auth'
import { testClock } from '../support/clock.js'
import { expressApp } from '../support/frameworks.js'
import { answerQuestions } from '../support/processes.js'
import { listen } from '../support/server.js'
import { APP_ID, SECRET } from '../support/tokens.js'
import { openStore, type Place } from './open-store.js'

/** The options in which apps differ. */
export type Settings = Pick<CustomJwtAuthOptions, 'session' | 'cache' | 'providers' | 'autoCreateUser'>

const clock = testClock()
let auth: CustomJwtAuth
let takeDown = (): Promise<unknown> => Promise.resolve()

const tasks = {
  /** Starts an app in place of the one before. Returns its URL. */
  async deploy(place: Place, settings: Settings): Promise<string> {
    await takeDown()
    const { store, close } = openStore(place)
    const provider = {
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
      metadataFields: [{ name: 'name' }],
    }
    const options = { appId: APP_ID, ...(!settings.providers && provider), store, clock, ...settings }
    auth = customJwtAuth(options as unknown as CustomJwtAuthOptions)
    await auth.ready()
    const server = await listen(expressApp({ auth, sessions: true, seen: [] }))
    takeDown = () => Promise.all([server.close(), close()])
    return server.url
  },

  /** To a time in epoch seconds. */
  setClock(time: number): void {
    clock.advance(time - clock.now())
  },

  link: (userId: string, identity: IdentityReference) => auth.users.link(userId, identity),

  unlink: (userId: string, identity: IdentityReference) => auth.users.unlink(userId, identity),

  administer: (verb: 'disable' | 'delete' | 'revokeSessions', userId: string) => auth.users[verb](userId),
}

export type MachineTasks = typeof tasks
answerQuestions(tasks)
