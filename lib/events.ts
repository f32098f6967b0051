import { channel } from 'node:diagnostics_channel'
import { aboutRequest } from './about-request.js'
import { isCounted, type AuthError, type ErrorDetail } from './errors.js'
import { printable, printableFields } from './printable.js'

/**
 * A logger with pino's methods. `console` works too, since it takes the same calls, and so does winston, which gets the
 * message first, as it expects.
 */
export interface Logger {
  /** What an operator needs only while looking into a problem. */
  debug(fields: object, message: string): void
  /** Normal operation, refusals included. */
  info(fields: object, message: string): void
  /** Something that may become a failure. */
  warn(fields: object, message: string): void
  /** A failure of something that the app depends on. */
  error(fields: object, message: string): void
  /** Optional, as in pino and winston: the fields of a disabled level are not even built. */
  isLevelEnabled?(level: string): boolean
}

type Level = 'debug' | 'info' | 'warn' | 'error'

/** How a request was authenticated. */
export type CredentialKind = 'session' | 'custom-token'

/** Events about the keys or tokens of a named provider carry its name. */
interface OfProvider {
  readonly provider?: string
}

/**
 * What the package reports to the app's log and to `node:diagnostics_channel`. Never a token or a secret. `req` is what
 * was authenticated; of a request, only the id, method and path are reported.
 */
export interface Events {
  /** Channel `custom-jwt-auth:authenticated`. */
  readonly authenticated: (
    userId: string,
    auth: { kind: CredentialKind; provider: string | undefined },
    req: unknown,
  ) => void
  /** One log line at debug level: a request without credentials goes on, where none are required. */
  readonly anonymous: (detail: () => ErrorDetail, req: unknown) => void
  /** Channel `custom-jwt-auth:rejected`, and one log line with the full reason, unless it is only counted. */
  readonly rejected: (error: AuthError, req: unknown) => void
  /** Channel `custom-jwt-auth:user-created`, and one log line. */
  readonly userCreated: (event: { userId: string }) => void
  /** Channel `custom-jwt-auth:keys-refreshed`, and one log line. */
  readonly keysRefreshed: (event: { kids: readonly (string | undefined)[] } & OfProvider) => void
  /** Channel `custom-jwt-auth:keys-failed`, and one log line: the issuer's key set could not be fetched. */
  readonly keysFailed: (event: { error: unknown } & OfProvider) => void
  /** Channel `custom-jwt-auth:keys-stale`, and one log line: old keys are served for now. Epoch seconds. */
  readonly keysStale: (event: { expiredAt: number; servedUntil: number } & OfProvider) => void
  /** Channel `custom-jwt-auth:unknown-key-id`, and one log line: the issuer is asked for a token's unknown `kid`. */
  readonly unknownKeyId: (event: { kid: string } & OfProvider) => void
  /** One log line at start-up: keys may come over plain `http:`. */
  readonly httpAllowed: (event: { uri: string } & OfProvider) => void
  /** One log line: the path of a metadata field finds nothing, although there is a claim of exactly that name. */
  readonly fieldUnescaped: (event: { field: string; fix: string } & OfProvider) => void
  /** A process warning, since the logger is silent by default: many guards fetch the same key set. */
  readonly manyGuards: (event: { uri: string; guards: number }) => void
  /** One log line: a proxy reports TLS, but nothing says that it can be trusted. */
  readonly tlsOverlooked: (event: { hostname: string }) => void
  /** One log line: the `providers` function failed with no request waiting for it; its last result is still used. */
  readonly providersFailed: (error: AuthError) => void
  /** One log line at start-up in production: what using the in-memory store means. */
  readonly memoryStore: (bounds: { maxUsers: number; maxSessions: number }) => void
  /** One log line: expired sessions could not be removed from the store. They stay invalid. */
  readonly sweepFailed: (error: unknown) => void
}

const authenticated = channel('custom-jwt-auth:authenticated')
const rejected = channel('custom-jwt-auth:rejected')
const userCreated = channel('custom-jwt-auth:user-created')
const keysRefreshed = channel('custom-jwt-auth:keys-refreshed')
const keysFailed = channel('custom-jwt-auth:keys-failed')
const keysStale = channel('custom-jwt-auth:keys-stale')
const unknownKeyId = channel('custom-jwt-auth:unknown-key-id')
/** Untrusted: a kid comes from an unverified token, or from the issuer. */
const SHOWN_KID_LENGTH = 100

export function createEvents(logger: Logger | undefined): Events {
  const messageFirst = logger !== undefined && isWinston(logger)

  /**
   * Writes a line, whose fields may come from unverified tokens. A logger that throws must neither fail a request nor
   * end the process.
   * @param given the fields, or a function that builds them, which is not called when the level is disabled
   */
  function log(level: Level, given: object | (() => object), text: string): void {
    try {
      if (!logger || logger.isLevelEnabled?.(level) === false) return
      const values = typeof given === 'function' ? (given as () => object)() : given
      const [fields, message] = [printableFields(values), printable(text)]
      if (messageFirst) (logger as unknown as MessageFirstLogger)[level](message, fields)
      else logger[level](fields, message)
    } catch (error) {
      process.emitWarning(`custom-jwt-auth: the logger failed: ${String(error)}`)
    }
  }

  return {
    authenticated(userId, { kind: credential, provider }, req) {
      if (!authenticated.hasSubscribers) return
      authenticated.publish(printableFields({ userId, credential, ...named(provider), ...aboutRequest(req) }))
    },
    anonymous(detail, req) {
      const fields = () => ({ ...detail(), ...aboutRequest(req) })
      log('debug', fields, 'custom-jwt-auth: a request without credentials goes on, since none are required')
    },
    rejected(error, req) {
      // The detail is built only when read: anyone can cause refusals at any rate.
      const { code, status, message } = error
      const common = { code, status, ...named(error.provider) }
      const more = () => ({ ...error.detail, ...aboutRequest(req) })
      if (rejected.hasSubscribers) rejected.publish(printableFields({ ...common, message, ...more() }))
      if (isCounted(error)) return
      if (status >= 500)
        log('error', () => ({ ...common, err: error.cause, ...more() }), `custom-jwt-auth: ${code}`)
      else log('info', () => ({ ...common, ...more() }), `custom-jwt-auth: ${message}`)
    },
    userCreated(event) {
      if (userCreated.hasSubscribers) userCreated.publish(event)
      log('info', event, 'custom-jwt-auth: user created')
    },
    keysRefreshed({ kids, provider }) {
      const shown = kids.map((kid) => kid?.slice(0, SHOWN_KID_LENGTH))
      const event = printableFields({ kids: shown, ...named(provider) })
      keysRefreshed.publish(event)
      log('info', event, 'custom-jwt-auth: signing keys refreshed')
    },
    keysFailed(event) {
      keysFailed.publish(event)
      const fields = { err: event.error, ...named(event.provider) }
      log('error', fields, "custom-jwt-auth: the issuer's key set could not be fetched")
    },
    keysStale(event) {
      keysStale.publish(event)
      log('warn', event, 'custom-jwt-auth: old signing keys are served while the issuer cannot be reached')
    },
    unknownKeyId({ kid, provider }) {
      const event = printableFields({ kid: kid.slice(0, SHOWN_KID_LENGTH), ...named(provider) })
      unknownKeyId.publish(event)
      log('info', event, 'custom-jwt-auth: unknown key id, asking the issuer')
    },
    httpAllowed(event) {
      const risk = 'anyone between here and the issuer can replace them, and so sign in as anyone'
      log('warn', event, `custom-jwt-auth: jwks.allowHttp lets keys come over plain http: ${risk}`)
    },
    fieldUnescaped(event) {
      log('warn', event, 'custom-jwt-auth: a metadata field finds nothing: its dots are not escaped')
    },
    manyGuards({ uri, guards }) {
      process.emitWarning(
        `${guards} guards fetch the keys of ${uri}, each on its own. Make the guard once, at start-up, not for each ` +
          'request; close() those that are no longer needed',
        { type: 'CustomJwtAuthWarning', code: 'MANY_GUARDS' },
      )
    },
    tlsOverlooked({ hostname }) {
      const fix = "Set Express's 'trust proxy', or the option baseUrl"
      const problem = `/location answered ${hostname}, although X-Forwarded-Proto says https`
      log('warn', { hostname, fix }, `custom-jwt-auth: ${problem}`)
    },
    providersFailed(error) {
      if (isCounted(error)) return
      const fields = { err: error.cause, ...error.detail }
      log('warn', fields, 'custom-jwt-auth: the providers function failed; its last result is still used')
    },
    memoryStore(bounds) {
      const what =
        'users and sessions are kept in the memory of this process: they are lost when it ends, and no other process sees them'
      const full = 'beyond maxUsers, the users without sessions who signed in longest ago are forgotten'
      log('warn', bounds, `custom-jwt-auth: ${what}; ${full}`)
    },
    sweepFailed(error) {
      log('warn', { err: error }, 'custom-jwt-auth: expired sessions could not be removed')
    },
  }
}

/** Most providers have no name. */
function named(provider: string | undefined): OfProvider {
  return provider === undefined ? {} : { provider }
}

/** The same events; those about keys and metadata name the provider. */
export function eventsOf(provider: string | undefined, events: Events): Events {
  if (provider === undefined) return events
  const naming =
    <Event extends object>(tell: (event: Event & OfProvider) => void) =>
    (event: Event): void => {
      tell({ ...event, provider })
    }
  return {
    ...events,
    keysRefreshed: naming(events.keysRefreshed),
    keysFailed: naming(events.keysFailed),
    keysStale: naming(events.keysStale),
    unknownKeyId: naming(events.unknownKeyId),
    httpAllowed: naming(events.httpAllowed),
    fieldUnescaped: naming(events.fieldUnescaped),
  }
}

/** winston treats the first argument as the message, and would write `[object Object]`. */
type MessageFirstLogger = Readonly<Record<keyof Logger, (message: string, fields: object) => void>>

/** winston's loggers, their children and the module itself have these two members; other loggers have neither. */
function isWinston(logger: object): boolean {
  return 'transports' in logger && typeof (logger as { configure?: unknown }).configure === 'function'
}
