import { duration } from '../token/hints.js'

/** A date in words. */
export interface When {
  /** ISO 8601. */
  readonly at: string
  /** E.g. `expired 3 minutes ago`. */
  readonly words: string
}

/** How to put the registered dates (RFC 7519 §4.1) into words, once they are past and before. */
const PHRASES: Readonly<Record<string, readonly [past: string, future: string]>> = {
  exp: ['expired', 'expires'],
  iat: ['issued', 'to be issued'],
  nbf: ['became valid', 'becomes valid'],
}
/** OpenID Connect's `auth_time` and `updated_at`, and issuers' own claims with such names. */
const DATE_NAME = /^(?:exp|iat|nbf)$|_(?:at|time|date|exp)$/
/** As epoch seconds, a date in the year 5138; as milliseconds, one in 1973. */
const MAX_SECONDS = 1e11

/** A token's value as a date; undefined when it is not one. */
export function whenOf(name: string, value: unknown, now: number): When | undefined {
  if (!DATE_NAME.test(name) || typeof value !== 'number' || !Number.isFinite(value)) return undefined
  const isMilliseconds = value > MAX_SECONDS
  const date = new Date(isMilliseconds ? value : value * 1000)
  if (Number.isNaN(date.getTime())) return undefined
  const at = date.toISOString()
  if (isMilliseconds) return { at, words: 'in milliseconds instead of seconds' }
  const [past, future] = PHRASES[name] ?? ['', '']
  const since = now - value < 1 ? 'just now' : `${duration(now - value)} ago`
  const words = value <= now ? `${past} ${since}` : `${future} in ${duration(value - now)}`
  return { at, words: words.trim() }
}
