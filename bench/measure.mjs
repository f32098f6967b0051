// Clocks, and requests to measure with.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import express from 'express'
import { listen } from './guards.mjs'

/** The CPU time of this process so far, garbage collection and compilation included. */
export function cpuMicroseconds() {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** What a browser sends besides its credentials. */
const BROWSER_HEADERS = {
  Host: '127.0.0.1',
  Connection: 'keep-alive',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  Accept: 'application/json, text/plain, */*',
  'Accept-Language': 'en-GB,en;q=0.9,fr;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  Origin: 'https://app.example',
  Referer: 'https://app.example/dashboard',
  'X-Request-Id': '3f2b1c9e-8a77-4f0d-9d5e-6f1f0b7a2c11',
  'X-Forwarded-For': '203.0.113.7',
}
export const thirdParty = (token) => ({ ...BROWSER_HEADERS, jwtTokenString: token })
export const bearer = (token) => ({ ...BROWSER_HEADERS, Authorization: `Bearer ${token}` })
export const anonymous = () => BROWSER_HEADERS

/** An Express app of one route, and its guard when there is one. */
export async function listenApp(guard) {
  const app = express()
  if (guard) app.use(guard)
  app.get('/', (_req, res) => res.json({ ok: true }))
  return listen(app)
}

/** Starts the load generator: `round` sends so many requests, and answers with what each took. */
export function startLoad(headersOfRequests) {
  const child = fork(new URL('load.mjs', import.meta.url), { execArgv: [] })
  const requests = headersOfRequests.map((headers) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    return `GET / HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
  })
  child.send({ requests })
  return {
    async round({ url }, count) {
      const before = cpuMicroseconds()
      child.send({ url, count })
      const [{ microseconds, failure }] = await once(child, 'message')
      if (failure) throw new Error(failure)
      return { elapsed: microseconds / count, cpu: (cpuMicroseconds() - before) / count }
    },
    stop: () => child.kill(),
  }
}

const app = express()
const socket = new Socket()

/** A request as Express hands it over. Every string is a new one, so nothing knows its hash yet. */
function makeRequest(headers) {
  const req = Object.setPrototypeOf(new IncomingMessage(socket), app.request)
  req.method = 'GET'
  req.url = '/'
  for (const [name, value] of Object.entries(headers)) {
    const text = copyOf(value)
    req.rawHeaders.push(copyOf(name), text)
    req.headers[name.toLowerCase()] = text
  }
  return req
}

const copyOf = (text) => Buffer.from(text, 'latin1').latin1Slice()

/**
 * Calls a guard with each of the headers, one after the other. Returns the CPU time of a call in microseconds; making
 * the requests is not counted.
 * @param code what all of them have to be refused with; undefined when they have to pass
 */
export async function cpuOfCalls(guard, headersOfCalls, code) {
  const requests = headersOfCalls.map(makeRequest)
  const res = {}
  let answered = 0
  let wrong
  let wake
  const next = (error) => {
    answered += 1
    if (error?.code !== code) wrong = error ?? new Error(`a request was not refused with ${code}`)
    wake?.()
  }
  const start = cpuMicroseconds()
  for (let index = 0; index < requests.length; index += 1) {
    guard(requests[index], res, next)
    if (answered <= index)
      await new Promise((resolve) => {
        wake = resolve
      })
  }
  const spent = cpuMicroseconds() - start
  if (wrong) throw wrong
  return spent / requests.length
}
