import { ConfigurationError } from '../configuration-error.js'
import { isAuthError } from '../errors.js'
import type { Store } from '../stores/store.js'
import type { MaybePromise } from '../user.js'
import { OperationError, UsageError, type Flags, type Values } from './command.js'
import { readConfig } from './guard-options.js'
import { openStore, type OpenStore } from './open-store.js'
import { foreignMessage } from './foreign-message.js'

/** Which store a command works on. */
export const STORE_FLAGS = {
  store: {
    type: 'string',
    value: '<url>',
    about: 'sqlite:<path>, postgres://… or mongodb://host/database',
  },
  config: {
    type: 'string',
    value: '<file>',
    about: 'A file that exports options whose store is used instead',
  },
  'object-ids': { type: 'boolean', about: 'MongoDB: keep _id as ObjectId, as the app must then do too' },
} as const satisfies Flags

type StoreValues = Values<typeof STORE_FLAGS>

/**
 * @param otherwise what may be passed instead of a store
 * @throws {UsageError} unless the flags name one store
 */
export function checkTarget({ store, config }: StoreValues, otherwise = ''): void {
  if (store !== undefined && config !== undefined) throw new UsageError('pass --store or --config, not both')
  if (store === undefined && config === undefined) throw new UsageError(`pass --store${otherwise}`)
}

/** Opens the store that the flags name. */
export async function openTarget(values: StoreValues): Promise<OpenStore> {
  checkTarget(values)
  const { store: url, config = '', 'object-ids': objectIds } = values
  if (url !== undefined) return openStore(url, objectIds)
  const { store } = (await readConfig(config)) as { store?: Store }
  if (typeof store?.importUsers !== 'function') throw new OperationError(`${config} exports no store`)
  return { store, close: async () => store.close?.() }
}

/** Calls the store; what it throws is a failure of the database, not of the command. */
export async function askStore<T>(call: () => MaybePromise<T>, advice = ''): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const cause = isAuthError(error) && error.cause instanceof Error ? error.cause : error
    throw new OperationError(
      ['the store failed: ' + foreignMessage(cause), ...(advice === '' ? [] : [advice])].join('. '),
    )
  }
}
