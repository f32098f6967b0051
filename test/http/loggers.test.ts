// The loggers that people have, unmodified: what they write is read as they wrote it.
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { customJwtAuth, type Logger } from 'custom-jwt-auth'
import { pino } from 'pino'
import winston from 'winston'
import { startApp } from '../support/app.js'
import { APP_ID, claims, mint, NOW, SECRET } from '../support/tokens.js'

type Line = Readonly<Record<string, unknown>>

const winstonTo = (stream: Writable) =>
  winston.createLogger({ level: 'debug', transports: [new winston.transports.Stream({ stream })] })

const loggers: Readonly<Record<string, (stream: Writable) => Logger>> = {
  pino: (stream) => pino({ level: 'debug', messageKey: 'message' }, stream),
  "pino's child": (stream) => pino({ level: 'debug', messageKey: 'message' }, stream).child({ service: 'x' }),
  winston: winstonTo,
  "winston's child": (stream) => winstonTo(stream).child({ service: 'x' }),
  'the module winston': (stream) => {
    winston.configure({ level: 'debug', transports: [new winston.transports.Stream({ stream })] })
    return winston
  },
}

for (const [name, make] of Object.entries(loggers))
  test(`${name} writes message and fields of a refusal`, async (t) => {
    let written = ''
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString()
        done()
      },
    })
    const app = await startApp(t, { logger: make(stream) })
    await app.me(mint(claims({ exp: NOW })))
    const lines = written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const line = lines.find(({ code }) => code === 'TOKEN_EXPIRED')
    assert.equal(line?.message, 'custom-jwt-auth: invalid custom auth token: token is expired')
    assert.equal(line.status, 401)
    assert.equal(line.check, 'exp')
    assert.ok(!written.includes('[object Object]'), written)
  })

test('the types of pino, winston and console fit the option', () => {
  for (const logger of [pino({ level: 'silent' }), winston.createLogger({ silent: true }), console])
    customJwtAuth({ appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET], logger })
})
