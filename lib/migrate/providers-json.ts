import { ConfigurationError } from '../configuration-error.js'
import type { JwkUriOptions, StaticKeyOptions } from '../keys/key-options.js'
import { parseOptions, type CommonOptions } from '../options.js'
import { Problems } from '../problems.js'
import { readAppId } from './app-id.js'
import { readDataApi } from './data-api.js'
import { readExportedApp, readGiven, type ExportedApp } from './exported-app.js'
import { reportLeftovers } from './leftovers.js'
import { MAX_TOKEN_LENGTH, readProvider, type Origins } from './provider-options.js'
import { isText, type NotCarriedOver, type Report } from './report.js'
import type { Secrets } from './secrets.js'
import { Templates } from './templates.js'

/** Settings that the exported files do not contain. */
export interface FromProvidersJsonOptions {
  /** Default: the App ID in the folder's files, if a folder is given. */
  readonly appId?: string
  /**
   * Which of `environments/` the values of template expressions come from. Default: the one that the app's settings
   * name, otherwise `no-environment`.
   */
  readonly environment?: string
  /**
   * The values of the secrets that the file names. Default: `process.env`. A secret `jwt-key` is looked up as
   * `jwt-key`, then as `JWT_KEY` and `jwt_key`, and finally in the folder's `secrets.json`.
   */
  readonly secrets?: Secrets
  /** `data_api_config.json`, as a path or as its content, if no folder is given. */
  readonly dataApiConfig?: string | URL | object
}

/** An exported configuration: the options that it becomes, and the rest. */
export interface CarriedOver {
  /** Options for `customJwtAuth`, to be spread and added to. */
  readonly options: CommonOptions & (StaticKeyOptions | JwkUriOptions)
  /** What these options do not cover, item by item. */
  readonly notCarriedOver: readonly NotCarriedOver[]
}

const SETTINGS = ['appId', 'environment', 'secrets', 'dataApiConfig']

/**
 * Reads the configuration of a custom JWT provider that App Services, Realm or Stitch exported, in any of the layouts
 * that their exporters wrote.
 *
 * @param source the folder of the exported app, the path of its `auth/providers.json` or
 * `auth_providers/custom-token.json`, or what that file says
 * @param settings what the files do not say: the App ID, the environment, and the values of the secrets
 * @returns the options, and a list of what has no place in them
 * @throws {ConfigurationError} naming every part that cannot be understood, and every secret without a value
 * @example
 * const { options, notCarriedOver } = fromProvidersJson('./exported-app', { appId: 'myapp-abcde' })
 * console.table(notCarriedOver)
 * const auth = customJwtAuth({ ...options, session: { signingKeys: [process.env.SESSION_KEY] } })
 */
export function fromProvidersJson(
  source: string | URL | object,
  settings: FromProvidersJsonOptions = {},
): CarriedOver {
  const problems = new Problems()
  const notCarriedOver: NotCarriedOver[] = []
  const report: Report = (item, reason, fix) => notCarriedOver.push({ item, reason, fix })
  problems.object('fromProvidersJson', settings, SETTINGS)

  const exported = readExportedApp(source, problems)
  const given = settings.dataApiConfig
  const app: ExportedApp =
    given === undefined ? exported : { ...exported, dataApi: readGiven('dataApiConfig', given, problems) }
  const secrets = settings.secrets ?? process.env
  const environment = settings.environment ?? environmentOf(app)
  const templates = new Templates({ folder: app.folder, environment, secrets, problems })
  const origins: Origins = new Map()

  const appId = readAppId(app, settings, { templates, problems, report })
  const provider = app.provider && templates.expandSection(app.provider)
  const translated =
    provider && readProvider({ provider, secretsFile: app.secrets, secrets, problems, report, origins })
  const autoCreateUser = readDataApi(app, templates, problems, report)
  reportLeftovers(app, autoCreateUser === true, report)
  report(
    'maxTokenLength',
    `is ${MAX_TOKEN_LENGTH} in place of 2048: the service took tokens of almost any length`,
    "Lower it to what your issuer's tokens need, if you like",
  )
  const creation = autoCreateUser === undefined ? {} : { autoCreateUser }
  const options = { appId, ...translated, ...creation } as CarriedOver['options']
  problems.throwIfAny()
  checkOptions(options, origins, templates)
  return { options, notCarriedOver }
}

function environmentOf({ settings }: ExportedApp): string {
  const environment = settings?.content.environment
  return isText(environment) ? environment : 'no-environment'
}

/** Parses the options as `customJwtAuth` will, and reports mistakes by their place in the exported files. */
function checkOptions(options: CarriedOver['options'], origins: Origins, templates: Templates): void {
  try {
    parseOptions(options, false)
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    throw new ConfigurationError(
      error.problems.map(({ option, problem, fix }) => {
        const origin = origins.get(option)
        if (!origin) return { option, problem, fix }
        const { place, value, secret } = origin
        const what = secret ?? (value === undefined ? undefined : templates.show(value))
        const isNot = problem.startsWith('is not ') ? problem.slice('is '.length) : `which ${problem}`
        return { option: place, problem: what === undefined ? problem : `is ${what}, ${isNot}`, fix }
      }),
    )
  }
}
