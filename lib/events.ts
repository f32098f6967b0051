import { channel } from 'node:diagnostics_channel'
import { isCounted, type AuthError } from './errors.js'
import { printable, printableFields } from './printable.js'

/**
 * A logger of pino's shape. `console` fits too, since it takes the same calls, and so does winston, which is called as it
 * wants it: message first.
 */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  /** Optional, as pino and winston have it: what no level writes is not put into words. */
  isLevelEnabled?(level: string): boolean
}

type Level = 'debug' | 'info' | 'warn' | 'error'

/** How a request was authenticated. */
export type CredentialKind = 'session' | 'custom-token'

/** What the package tells the app about: its log, and `node:diagnostics_channel`. Never a token or a secret. */
export interface Events {
  /** Channel `custom-jwt-auth:authenticated`. */
  readonly authenticated: (userId: string, credential: CredentialKind) => void
  /** Channel `custom-jwt-auth:rejected`, and one log line with the full reason, unless it is counted for a later one. */
  readonly rejected: (error: AuthError) => void
  /** Channel `custom-jwt-auth:user-created`, and one log line. */
  readonly userCreated: (event: { userId: string }) => void
  /** Channel `custom-jwt-auth:keys-refreshed`, and one log line. */
  readonly keysRefreshed: (event: { kids: readonly (string | undefined)[] }) => void
  /** Channel `custom-jwt-auth:keys-failed`, and one log line: the issuer's key set could not be had. */
  readonly keysFailed: (event: { error: unknown }) => void
  /** Channel `custom-jwt-auth:keys-stale`, and one log line: old keys are served meanwhile. Epoch seconds. */
  readonly keysStale: (event: { expiredAt: number; servedUntil: number }) => void
  /** Channel `custom-jwt-auth:unknown-key-id`, and one log line: a token's `kid` is looked for at the issuer. */
  readonly unknownKeyId: (event: { kid: string }) => void
  /** One log line at start-up: keys may come over plain `http:`. */
  readonly httpAllowed: (event: { uri: string }) => void
  /** One log line: the path of a metadata field finds nothing, although a claim has just its name. */
  readonly fieldUnescaped: (event: { field: string; fix: string }) => void
  /** A warning of the process, since a silent logger is the default: many guards fetch one key set. */
  readonly manyGuards: (event: { uri: string; guards: number }) => void
  /** One log line: a proxy speaks of TLS, and nobody said that it is to be believed. */
  readonly tlsOverlooked: (event: { hostname: string }) => void
  /** One log line: expired sessions could not be removed from the store. They stay dead. */
  readonly sweepFailed: (error: unknown) => void
}

const authenticated = channel('custom-jwt-auth:authenticated')
const rejected = channel('custom-jwt-auth:rejected')
const userCreated = channel('custom-jwt-auth:user-created')
const keysRefreshed = channel('custom-jwt-auth:keys-refreshed')
const keysFailed = channel('custom-jwt-auth:keys-failed')
const keysStale = channel('custom-jwt-auth:keys-stale')
const unknownKeyId = channel('custom-jwt-auth:unknown-key-id')
/** A kid comes from a token that nobody verified yet, or from the issuer. */
const SHOWN_KID_LENGTH = 100

export function createEvents(logger: Logger | undefined): Events {
  const messageFirst = logger !== undefined && isWinston(logger)

  /**
   * Writes a line, whose fields may come from tokens that nobody verified. A logger that throws neither refuses a
   * request nor ends the process.
   * @param given a function when they take work, which is left undone where the logger says that it would not write them
   */
  function log(level: Level, given: object | (() => object), text: string): void {
    try {
      if (!logger || logger.isLevelEnabled?.(level) === false) return
      const said = typeof given === 'function' ? (given as () => object)() : given
      const [fields, message] = [printableFields(said), printable(text)]
      if (messageFirst) (logger as unknown as MessageFirstLogger)[level](message, fields)
      else logger[level](fields, message)
    } catch (error) {
      process.emitWarning(`custom-jwt-auth: the logger failed: ${String(error)}`)
    }
  }

  return {
    authenticated(userId, credential) {
      if (authenticated.hasSubscribers) authenticated.publish({ userId, credential })
    },
    rejected(error) {
      // Not the detail, which is made when it is read: strangers choose how often there is one.
      const { code, status, message } = error
      if (rejected.hasSubscribers)
        rejected.publish(printableFields({ code, status, message, ...error.detail }))
      if (isCounted(error)) return
      if (status >= 500) log('error', { code, status, err: error.cause }, `custom-jwt-auth: ${code}`)
      else log('info', () => ({ code, status, ...error.detail }), `custom-jwt-auth: ${message}`)
    },
    userCreated(event) {
      if (userCreated.hasSubscribers) userCreated.publish(event)
      log('info', event, 'custom-jwt-auth: user created')
    },
    keysRefreshed({ kids }) {
      const event = printableFields({ kids: kids.map((kid) => kid?.slice(0, SHOWN_KID_LENGTH)) })
      keysRefreshed.publish(event)
      log('info', event, 'custom-jwt-auth: signing keys refreshed')
    },
    keysFailed(event) {
      keysFailed.publish(event)
      log('error', { err: event.error }, "custom-jwt-auth: the issuer's key set could not be had")
    },
    keysStale(event) {
      keysStale.publish(event)
      log('warn', event, 'custom-jwt-auth: old signing keys are served while the issuer cannot be reached')
    },
    unknownKeyId({ kid }) {
      const event = printableFields({ kid: kid.slice(0, SHOWN_KID_LENGTH) })
      unknownKeyId.publish(event)
      log('info', event, 'custom-jwt-auth: unknown key id, asking the issuer')
    },
    httpAllowed(event) {
      const risk = 'whoever is between here and the issuer can replace them, and so sign in as anybody'
      log('warn', event, `custom-jwt-auth: jwks.allowHttp lets keys come over plain http: ${risk}`)
    },
    fieldUnescaped(event) {
      log('warn', event, 'custom-jwt-auth: a metadata field finds nothing: its dots are not escaped')
    },
    manyGuards({ uri, guards }) {
      process.emitWarning(
        `${guards} guards fetch the keys of ${uri}, each for itself. Make the guard once, at start-up, and not for each ` +
          'request; close() those that are done with',
        { type: 'CustomJwtAuthWarning', code: 'MANY_GUARDS' },
      )
    },
    tlsOverlooked({ hostname }) {
      const fix = "Set Express's 'trust proxy', or the option baseUrl"
      const problem = `/location answered ${hostname}, although X-Forwarded-Proto says https`
      log('warn', { hostname, fix }, `custom-jwt-auth: ${problem}`)
    },
    sweepFailed(error) {
      log('warn', { err: error }, 'custom-jwt-auth: expired sessions could not be removed')
    },
  }
}

/** winston takes the first argument for the message, and would write `[object Object]`. */
type MessageFirstLogger = Readonly<Record<keyof Logger, (message: string, fields: object) => void>>

/** Its loggers, their children and the module itself have these two; other loggers have neither. */
function isWinston(logger: object): boolean {
  return 'transports' in logger && typeof (logger as { configure?: unknown }).configure === 'function'
}
