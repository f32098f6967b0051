// Watches over everything that the tests of one file send, and everything that the package says meanwhile: a log line,
// an event or the answer to a refused request that holds a token or a key fails the file.
import assert from 'node:assert/strict'
import { subscribe } from 'node:diagnostics_channel'
import { after } from 'node:test'
import { inspect } from 'node:util'
import { OTHER_SECRET, SECRET, SESSION_SECRET } from './tokens.js'

const KEYS = [SECRET, OTHER_SECRET, SESSION_SECRET]
/** What could be a segment of a token. */
const WORDS = /[A-Za-z0-9_-]{16,}/g
const STACK_LINE = /\n\s+at .+:\d+:\d+/

const segments = new Set<string>()
const leaks: string[] = []
let scanned = 0

/** Remembers the tokens that a text holds: from now on nobody may say them. */
export function keepSecret(text: string): void {
  for (const word of text.split(/[^\w.-]+/)) {
    const [, payload = '', signature = ''] = word.split('.')
    for (const segment of [payload, signature]) if (segment.length >= 16) segments.add(segment)
  }
}

/** What of a text may not be said. */
export function secretsIn(text: string): string[] {
  const words = (text.match(WORDS) ?? []).filter((word) => segments.has(word))
  return [...words, ...KEYS.filter((key) => text.includes(key))]
}

/** Scans what was said to the app's own people. */
export function overhear(said: unknown): void {
  scan(
    typeof said === 'string' ? said : inspect(said, { depth: 20, showHidden: true, maxStringLength: null }),
  )
}

/** Scans what was said to a client that was refused. */
export function overhearAnswer(text: string): void {
  scan(text)
  if (STACK_LINE.test(text) || text.includes('node_modules')) leaks.push(`a stack trace in: ${text}`)
}

function scan(text: string): void {
  scanned += 1
  for (const secret of secretsIn(text)) leaks.push(`${secret} in: ${text}`)
}

const EVENTS = ['authenticated', 'rejected', 'user-created', 'keys-refreshed', 'keys-failed', 'keys-stale']
for (const event of [...EVENTS, 'unknown-key-id']) subscribe(`custom-jwt-auth:${event}`, overhear)

after(() => {
  // A file whose tests are skipped, for want of a server, sends nothing.
  assert.ok(scanned > 0 || segments.size === 0, 'nothing was scanned for secrets')
  assert.deepEqual(leaks, [])
})
