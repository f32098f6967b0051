// A server whose store never answers a sign-in, so that every login waits: for login-memory.test.ts, in a process of its
// own with little memory.
import { customJwtAuth, memoryStore } from 'custom-jwt-auth'
import express from 'express'
import type { RequestListener } from 'node:http'
import { answerQuestions } from '../support/processes.js'
import { listen } from '../support/server.js'
import { APP_ID, SECRET, SESSION_SECRET } from '../support/tokens.js'

export const MAX_TOKEN_LENGTH = 200_000

let waiting = 0

const auth = customJwtAuth({
  appId: APP_ID,
  signingAlgorithm: 'HS256',
  signingKeys: [SECRET],
  maxTokenLength: MAX_TOKEN_LENGTH,
  session: { signingKeys: [SESSION_SECRET] },
  timeoutSeconds: 60,
  store: {
    ...memoryStore(),
    signIn() {
      waiting += 1
      return new Promise(() => undefined)
    },
  },
})

const tasks = {
  async start(): Promise<string> {
    return (await listen(express().use(auth.sessionRoutes()) as RequestListener)).url
  },
  waiting: () => waiting,
}

export type LoginServer = typeof tasks

answerQuestions(tasks)
