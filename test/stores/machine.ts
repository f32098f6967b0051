// One of the machines of many-machines.test.ts: a process that serves an app, whose clock goes as the test says.
import { customJwtAuth, type CustomJwtAuth, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { testClock } from '../support/clock.js'
import { expressApp } from '../support/frameworks.js'
import { answerQuestions } from '../support/processes.js'
import { listen } from '../support/server.js'
import { APP_ID, SECRET } from '../support/tokens.js'
import { openStore, type Place } from './open-store.js'

/** The options in which apps differ. */
export type Settings = Pick<CustomJwtAuthOptions, 'session' | 'cache'>

const clock = testClock()
let auth: CustomJwtAuth
let takeDown = (): Promise<unknown> => Promise.resolve()

const tasks = {
  /** Starts an app in place of the one before. Returns its URL. */
  async deploy(place: Place, settings: Settings): Promise<string> {
    await takeDown()
    const { store, close } = openStore(place)
    auth = customJwtAuth({
      appId: APP_ID,
      signingAlgorithm: 'HS256',
      signingKeys: [SECRET],
      metadataFields: [{ name: 'name' }],
      store,
      clock,
      ...settings,
    })
    await auth.ready()
    const server = await listen(expressApp({ auth, sessions: true, seen: [] }))
    takeDown = () => Promise.all([server.close(), close()])
    return server.url
  },

  /** To a time in epoch seconds. */
  setClock(time: number): void {
    clock.advance(time - clock.now())
  },

  unlink: (userId: string, subject: string) => auth.users.unlink(userId, { subject }),

  administer: (verb: 'disable' | 'delete' | 'revokeSessions', userId: string) => auth.users[verb](userId),
}

export type MachineTasks = typeof tasks
answerQuestions(tasks)
