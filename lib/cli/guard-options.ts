import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fromProvidersJson } from '../migrate/providers-json.js'
import type { NotCarriedOver } from '../migrate/report.js'
import type { CustomJwtAuthOptions } from '../options.js'
import { OperationError, UsageError, type Flags, type Values } from './command.js'
import { KEY_FLAGS, loadEnvFile, readEncoding, readKeyText, readText } from './keys.js'
import { foreignMessage } from './foreign-message.js'

/** Where the options of a guard come from: one of the app's files, an exported app, or flags; flags win. */
export const GUARD_FLAGS = {
  config: {
    type: 'string',
    value: '<file>',
    about: 'A .mjs, .js or .cjs file that exports the options (default export), or a .json file of them',
  },
  providers: {
    type: 'string',
    value: '<path>',
    about: 'An app exported from App Services: its folder, or the file of its provider',
  },
  environment: {
    type: 'string',
    value: '<name>',
    about: "Which of the exported app's environments/ has the values, e.g. production",
  },
  'app-id': { type: 'string', value: '<id>', about: 'The App ID, which is the default audience' },
  audience: {
    type: 'string',
    value: '<id>',
    multiple: true,
    about: 'The audience of the tokens, instead of the App ID',
  },
  'require-any-audience': { type: 'boolean', about: 'One of several audiences is enough' },
  issuer: { type: 'string', value: '<url>', about: 'The issuer of the tokens: their iss' },
  alg: { type: 'string', value: '<name>', about: 'The algorithm that signs the tokens, e.g. HS256' },
  'jwk-uri': { type: 'string', value: '<url>', about: "The URL of the issuer's key set" },
  discover: {
    type: 'string',
    value: '<url>',
    about: 'The issuer, whose key set is found through its discovery document',
  },
  ...KEY_FLAGS,
} as const satisfies Flags

type GuardValues = Values<typeof GUARD_FLAGS>

export interface GuardOptions {
  readonly options: CustomJwtAuthOptions
  /** The parts of an exported app that do not become options; undefined when the options come from elsewhere. */
  readonly notCarriedOver: readonly NotCarriedOver[] | undefined
}

/**
 * The options of the guard that the flags describe, not yet checked.
 * @throws {ConfigurationError} when an exported app cannot be understood
 */
export async function readGuardOptions(values: GuardValues): Promise<GuardOptions> {
  loadEnvFile(values)
  const { config, providers, environment } = values
  if (config !== undefined && providers !== undefined)
    throw new UsageError('pass --config or --providers, not both')
  if (environment !== undefined && providers === undefined)
    throw new UsageError('--environment goes with --providers')
  const flags = readFlags(values, config === undefined && providers === undefined)
  if (config !== undefined)
    return { options: merge(await readConfig(config), flags), notCarriedOver: undefined }
  if (providers === undefined) return { options: merge({}, flags), notCarriedOver: undefined }
  const appId = values['app-id']
  const carried = fromProvidersJson(providers, {
    ...(appId !== undefined && { appId }),
    ...(environment !== undefined && { environment }),
  })
  return { ...carried, options: merge(carried.options, flags) }
}

function merge(base: object, flags: object): CustomJwtAuthOptions {
  return { ...base, ...flags } as CustomJwtAuthOptions
}

function readFlags(values: GuardValues, isAlone: boolean): object {
  const { audience, issuer, alg, discover } = values
  const { 'app-id': id, 'jwk-uri': jwkUri, 'require-any-audience': any } = values
  const isRemote = jwkUri !== undefined || discover !== undefined
  if (isAlone && !isRemote && alg === undefined)
    throw new UsageError('pass --config, --providers, --alg with a key, --jwk-uri or --discover')
  const hasKey = values['key-file'] !== undefined || values['key-env'] !== undefined
  // With flags alone, an audience can replace the App ID.
  const appId = id ?? (isAlone ? audience?.[0] : undefined)
  const encoding = readEncoding(values)
  return {
    ...(appId !== undefined && { appId }),
    ...(audience && { audience: audience.length === 1 ? audience[0] : audience }),
    ...(any !== undefined && { requireAnyAudience: any }),
    ...(issuer !== undefined && { issuer }),
    ...(alg !== undefined && { signingAlgorithm: alg }),
    ...(jwkUri !== undefined && { jwkUri }),
    ...(discover !== undefined && { discover }),
    ...((hasKey || (isAlone && !isRemote)) && {
      signingKeys: [{ key: readKeyText(values), ...(encoding && { encoding }) }],
    }),
  }
}

/** What a configuration file exports: options, not yet checked. */
export async function readConfig(file: string): Promise<object> {
  if (!existsSync(file)) throw new OperationError(`${file} does not exist`)
  const value = file.endsWith('.json') ? parseJson(file) : await importDefault(file)
  if (typeof value === 'object' && value !== null) {
    if ('custom-token' in value)
      throw new UsageError(`${file} is an exported providers.json: pass it as --providers`)
    return value
  }
  const got = typeof value === 'function' ? 'a function (the guard itself?)' : typeof value
  throw new OperationError(`${file} exports ${got}: make the options of customJwtAuth its default export`)
}

function parseJson(file: string): unknown {
  const text = readText(file)
  try {
    return JSON.parse(text)
  } catch {
    throw new OperationError(`${file} is not JSON`)
  }
}

async function importDefault(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(resolve(file)).href)) as { default?: unknown }).default
  } catch (error) {
    throw new OperationError(`${file} cannot be imported: ${foreignMessage(error)}`)
  }
}
