import { channel } from 'node:diagnostics_channel'
import type { AuthError } from './errors.js'

/** A logger of pino's shape: `console` fits too, since it takes the same calls. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** How a request was authenticated. */
export type CredentialKind = 'session' | 'custom-token'

/** What the package tells the app about: its log, and `node:diagnostics_channel`. Never a token or a secret. */
export interface Events {
  /** Channel `custom-jwt-auth:authenticated`. */
  readonly authenticated: (event: { userId: string; credential: CredentialKind }) => void
  /** Channel `custom-jwt-auth:rejected`, and one log line with the full reason. */
  readonly rejected: (error: AuthError) => void
  /** Channel `custom-jwt-auth:user-created`, and one log line. */
  readonly userCreated: (event: { userId: string }) => void
  /** One log line: expired sessions could not be removed from the store. They stay dead. */
  readonly sweepFailed: (error: unknown) => void
}

const authenticated = channel('custom-jwt-auth:authenticated')
const rejected = channel('custom-jwt-auth:rejected')
const userCreated = channel('custom-jwt-auth:user-created')

export function createEvents(logger: Logger | undefined): Events {
  return {
    authenticated(event) {
      if (authenticated.hasSubscribers) authenticated.publish(event)
    },
    rejected(error) {
      const { code, status, message, detail, cause } = error
      if (rejected.hasSubscribers) rejected.publish({ code, status, message, ...detail })
      if (status >= 500) logger?.error({ code, status, err: cause }, `custom-jwt-auth: ${code}`)
      else logger?.info({ code, status, ...detail }, `custom-jwt-auth: ${message}`)
    },
    userCreated(event) {
      if (userCreated.hasSubscribers) userCreated.publish(event)
      logger?.info(event, 'custom-jwt-auth: user created')
    },
    sweepFailed(error) {
      logger?.warn({ err: error }, 'custom-jwt-auth: expired sessions could not be removed')
    },
  }
}
