import type { JwkUriOptions, StaticKeyOptions } from '../keys/key-options.js'
import type { CommonOptions } from '../options.js'
import { Problems } from '../problems.js'
import type { MetadataField } from '../token/metadata-options.js'
import { readDataApi } from './data-api.js'
import { readExportedApp, readGiven, type ExportedApp } from './exported-app.js'
import { reportLeftovers } from './leftovers.js'
import {
  found,
  isBag,
  isText,
  reportUnknown,
  section,
  type Bag,
  type NotCarriedOver,
  type Report,
} from './report.js'
import { findSecret, namesOfSecret, type Secrets } from './secrets.js'

/** What the exported files do not say. */
export interface FromProvidersJsonOptions {
  /** Default: the `app_id` of the exported app's `realm_config.json`, when a folder is given. */
  readonly appId?: string
  /**
   * The values of the secrets that the file names. Default: `process.env`. A secret `jwt-key` is looked for as
   * `jwt-key`, then as `JWT_KEY` and `jwt_key`.
   */
  readonly secrets?: Secrets
  /** `data_api_config.json`, by its path or as what it says, when no folder is given. */
  readonly dataApiConfig?: string | URL | object
}

/** An exported configuration, as far as it becomes options, and the rest of it. */
export interface CarriedOver {
  /** Options of `customJwtAuth`, to be spread and added to. */
  readonly options: CommonOptions & (StaticKeyOptions | JwkUriOptions)
  /** What these options do not do, item by item. */
  readonly notCarriedOver: readonly NotCarriedOver[]
}

const PROVIDER_KEYS = ['id', '_id', 'name', 'type', 'disabled', 'config', 'secret_config', 'metadata_fields']
const CONFIG_KEYS = ['audience', 'requireAnyAudience', 'signingAlgorithm', 'useJWKURI', 'jwkURI']

/**
 * Reads the configuration of a custom JWT provider that App Services exported.
 *
 * @param source the folder of the exported app, the path of its `auth/providers.json`, or what that file says
 * @param settings what the files do not say: the App ID, and the values of the secrets
 * @returns the options, and a list of what has no place in them: a list, because it can be printed, tested and counted
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
  problems.object('fromProvidersJson', settings, ['appId', 'secrets', 'dataApiConfig'])

  const exported = readExportedApp(source, problems)
  const given = settings.dataApiConfig
  const app: ExportedApp =
    given === undefined ? exported : { ...exported, dataApi: readGiven('dataApiConfig', given, problems) }
  const appId = readAppId(app, settings, problems, report)
  const provider = findProvider(app, problems)
  const path = `${app.providers.name}: custom-token`
  const translated = provider && {
    ...readKeys(path, provider, settings.secrets ?? process.env, problems, report),
    ...readAudience(path, provider, problems),
    metadataFields: readMetadataFields(`${path}.metadata_fields`, provider.metadata_fields, problems, report),
    disabled: problems.boolean(`${path}.disabled`, provider.disabled, false),
  }
  if (provider) reportUnknown(`${path}.`, provider, PROVIDER_KEYS, report)
  const autoCreateUser = readDataApi(app, problems, report)
  reportLeftovers(app, autoCreateUser === true, report)
  problems.throwIfAny()
  const creation = autoCreateUser === undefined ? {} : { autoCreateUser }
  const options = { appId, ...translated, ...creation } as CarriedOver['options']
  return { options, notCarriedOver }
}

function readAppId(
  { settings: file }: ExportedApp,
  settings: FromProvidersJsonOptions,
  problems: Problems,
  report: Report,
): string | undefined {
  const exported = isBag(file?.content) ? file.content.app_id : undefined
  const appId = 'appId' in settings ? settings.appId : exported
  if (file && isText(exported) && appId !== exported)
    report(
      `${file.name}: app_id`,
      'is not the given App ID',
      'Keep the old one, unless you change all clients',
    )
  return problems.text('appId', appId, 'Pass the App ID that clients use, e.g. myapp-abcde')
}

function findProvider({ providers }: ExportedApp, problems: Problems): Bag | undefined {
  const { name, content } = providers
  if (isBag(content) && isBag(content['custom-token'])) return content['custom-token']
  const isBare = isBag(content) && content.type === 'custom-token'
  problems.add(
    `${name}: custom-token`,
    'is not there',
    isBare
      ? "Put what you passed into an object: { 'custom-token': … }"
      : 'Pass the app whose provider "Custom JWT Authentication" was set up',
  )
  return undefined
}

function readKeys(
  path: string,
  provider: Bag,
  secrets: Secrets,
  problems: Problems,
  report: Report,
): object | undefined {
  const config = section(`${path}.config`, provider.config, problems)
  const secretConfig = section(`${path}.secret_config`, provider.secret_config ?? {}, problems)
  reportUnknown(`${path}.config.`, config, CONFIG_KEYS, report)
  reportUnknown(`${path}.secret_config.`, secretConfig, ['signingKeys'], report)
  const names = readTexts(`${path}.secret_config.signingKeys`, secretConfig.signingKeys, problems)
  const { jwkURI, signingAlgorithm } = config
  if (problems.boolean(`${path}.config.useJWKURI`, config.useJWKURI, false)) {
    const unused = 'is not used beside a JWK URI'
    if (names.length > 0) report(`${path}.secret_config.signingKeys`, unused, 'Nothing to do')
    if (isText(signingAlgorithm) && signingAlgorithm !== 'RS256')
      report(`${path}.config.signingAlgorithm`, `${unused}, whose keys are for RS256`, 'Nothing to do')
    return {
      jwkUri: problems.text(`${path}.config.jwkURI`, jwkURI ?? '', "Write the URL of the issuer's JWKS"),
    }
  }
  if (isText(jwkURI)) report(`${path}.config.jwkURI`, 'is not used: useJWKURI is false', 'Nothing to do')
  if (signingAlgorithm !== 'HS256' && signingAlgorithm !== 'RS256')
    problems.add(
      `${path}.config.signingAlgorithm`,
      isText(signingAlgorithm) ? 'is not known' : found(signingAlgorithm),
      'Write "HS256" or "RS256", whichever the issuer signs with',
    )
  if (names.length === 0)
    problems.add(
      `${path}.secret_config.signingKeys`,
      'names no secret',
      'Write the name of the secret with the key, or set useJWKURI and jwkURI',
    )
  const signingKeys = names.map((name, index) => {
    const key = findSecret(name, secrets)
    if (key === undefined)
      problems.add(
        `${path}.secret_config.signingKeys[${index}]`,
        `is the secret "${name}", which has no value`,
        `Pass it in secrets, or set the environment variable ${namesOfSecret(name)[1] ?? name}`,
      )
    return key
  })
  return { signingAlgorithm, signingKeys }
}

function readAudience(path: string, provider: Bag, problems: Problems): object {
  const { audience, requireAnyAudience } = isBag(provider.config) ? provider.config : {}
  const one = isText(audience) ? audience : undefined
  const list = one ?? readTexts(`${path}.config.audience`, audience === '' ? undefined : audience, problems)
  const any = problems.boolean(`${path}.config.requireAnyAudience`, requireAnyAudience, false)
  // Left out when the file has none: the App ID is the audience then.
  return list.length === 0 ? {} : { audience: list, requireAnyAudience: any }
}

function readMetadataFields(
  path: string,
  value: unknown,
  problems: Problems,
  report: Report,
): readonly MetadataField[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) {
    problems.add(path, found(value), 'Write an array of { required, name, field_name }')
    return []
  }
  return value.map((item: unknown, index) => {
    const field = section(`${path}[${index}]`, item, problems)
    reportUnknown(`${path}[${index}].`, field, ['required', 'name', 'field_name'], report)
    const fix = 'Write the path of the claim, e.g. user_data.name'
    const name = problems.text(`${path}[${index}].name`, field.name ?? '', fix) ?? ''
    const required = problems.boolean(`${path}[${index}].required`, field.required, false)
    const { field_name: fieldName = '' } = field
    if (fieldName === '' || fieldName === null) return { name, required }
    if (typeof fieldName === 'string') return { name, fieldName, required }
    problems.add(`${path}[${index}].field_name`, found(fieldName), 'Write a string, or remove it')
    return { name, required }
  })
}

/** A list of texts; an empty one when it is absent. */
function readTexts(path: string, value: unknown, problems: Problems): readonly string[] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value) && value.every(isText)) return value
  problems.add(path, 'is not a list of names', 'Write an array of strings, none of them blank')
  return []
}
