import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { IssuerClient } from '../keys/jwks/issuer-client.js'
import type { PublishedKeysRules } from '../keys/key-options.js'
import type { TokenRules } from '../token/token-options.js'
import type { Finding } from './finding.js'
import { foreignMessage } from './foreign-message.js'

/** Fetches the key set as the guard does, and compares the issuer's clock with the guard's on the way. */
export async function* auditIssuer(
  source: PublishedKeysRules,
  rules: TokenRules,
  clock: () => number,
): AsyncGenerator<Finding> {
  const issuer = new IssuerClient(source)
  const dates = watchDates(clock)
  const begun = performance.now()
  try {
    const { keys, maxAgeSeconds } = await issuer.loadKeys(new AbortController().signal)
    const took = Math.round(performance.now() - begun)
    const names = keys.map(({ kid }) => kid ?? '(no kid)').join(', ')
    const fresh = maxAgeSeconds === undefined ? '' : `, fresh for ${maxAgeSeconds} s`
    const text = `${keys.length} usable ${source.algorithms.join(' or ')} of at most ${source.maxKeys} in ${took} ms: ${names}${fresh}`
    yield { name: 'key set', level: 'ok', text }
    if (keys.some(({ kid }) => kid === undefined) && !source.rules.allowMissingKid)
      yield {
        name: 'key set',
        level: 'problem',
        text: 'a key has no kid, so no token can name it',
        fix: 'Have the issuer name its keys, or set jwks.allowMissingKid if there is just one',
      }
  } catch (error) {
    const text = foreignMessage(error)
    // The set was reached, and has more keys than the option allows.
    const fix = text.includes('jwks.maxKeys')
      ? 'Raise jwks.maxKeys'
      : 'Correct jwkUri or discover, and make sure that this machine can reach the issuer'
    yield { name: 'key set', level: 'problem', text, fix }
  } finally {
    dates.stop()
  }
  yield dates.seen.length === 0 ? NO_DATE : clockFinding(dates.seen, rules.clockToleranceSeconds)
}

const NO_DATE: Finding = {
  name: 'clock',
  level: 'note',
  text: 'cannot be compared: the issuer sends no Date header',
}

/** How far the issuer's clock is ahead of ours, in seconds: at least and at most. */
interface Ahead {
  readonly least: number
  readonly most: number
}

/** Listens to the `Date` headers of all answers: nobody but the issuer is asked meanwhile. */
function watchDates(clock: () => number): { readonly seen: Ahead[]; stop(): void } {
  const seen: Ahead[] = []
  const onAnswer = (message: unknown): void => {
    const { response } = message as { response: IncomingMessage }
    const { date = '', age = '0' } = response.headers
    // A cache in between keeps the date of when it asked, and says in Age how long ago that was.
    const theirs = Date.parse(date) / 1000 + Number(age)
    // A date stands for its whole second.
    const least = theirs - clock() / 1000
    if (Number.isFinite(least)) seen.push({ least, most: least + 1 })
  }
  subscribe('http.client.response.finish', onAnswer)
  return { seen, stop: () => unsubscribe('http.client.response.finish', onAnswer) }
}

/** How long an answer may have been under way, or how much of a second may have been cut off. */
const SLACK_SECONDS = 2

function clockFinding(seen: readonly Ahead[], toleranceSeconds: number): Finding {
  const least = Math.max(...seen.map((ahead) => ahead.least))
  const most = Math.min(...seen.map((ahead) => ahead.most))
  const limit = toleranceSeconds + SLACK_SECONDS
  const within = `within ${limit} s of the issuer's`
  if (least > limit)
    return {
      name: 'clock',
      level: 'problem',
      text: `the issuer's is ${Math.round(least)} s ahead: its new tokens are refused as not valid yet`,
      fix: 'Set the clock of this machine (NTP), or clockToleranceSeconds',
    }
  if (most < -limit)
    return {
      name: 'clock',
      level: 'problem',
      text: `the issuer's is ${Math.round(-most)} s behind: its tokens expire that much too early`,
      fix: 'Set the clock of this machine (NTP), or clockToleranceSeconds',
    }
  return { name: 'clock', level: 'ok', text: within }
}
