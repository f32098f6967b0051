import { describe, type Problems } from '../problems.js'
import type { MetadataField } from '../token/metadata-options.js'
import { placeOf, prefixOf, type ExportedFile, type Section } from './exported-file.js'
import { nameOfProvider } from './exported-app.js'
import { found, isBag, isText, reportUnknown, type Report } from './report.js'
import { findSecret, namesOfSecret, secretsOfExport, type Secrets } from './secrets.js'

/** Where an option's value stands in the export, so that what is wrong with it can be said of the file. */
export interface Origin {
  readonly place: string
  /** The value there; absent when it is a secret. */
  readonly value?: unknown
  /** What the value is, when it is not to be shown. */
  readonly secret?: string
}

/** The origins of options, by their names in problems. */
export type Origins = Map<string, Origin>

export interface ProviderParts {
  readonly provider: Section
  readonly secretsFile: ExportedFile | undefined
  readonly secrets: Secrets
  readonly problems: Problems
  readonly report: Report
  readonly origins: Origins
}

const PROVIDER_KEYS = ['id', '_id', 'name', 'type', 'disabled', 'config', 'secret_config', 'metadata_fields']
const CONFIG_KEYS = ['audience', 'requireAnyAudience', 'signingAlgorithm', 'useJWKURI', 'jwkURI']
/** The older exporters knew one key. */
const SECRET_KEYS = ['signingKeys', 'signingKey']
/** The service took tokens of almost any length; Node takes 16 KB of headers. */
export const MAX_TOKEN_LENGTH = 16_384

/** The options that the exported custom JWT provider becomes. */
export function readProvider(parts: ProviderParts): object {
  const { provider, problems, report } = parts
  const { content } = provider
  const config = sectionIn(provider, 'config', problems)
  const secretConfig = sectionIn(provider, 'secret_config', problems)
  reportUnknown(prefixOf(provider), content, PROVIDER_KEYS, report)
  reportUnknown(prefixOf(config), config.content, CONFIG_KEYS, report)
  reportUnknown(prefixOf(secretConfig), secretConfig.content, SECRET_KEYS, report)
  return {
    ...readKeys(config, secretConfig, parts),
    ...readAudience(config, parts),
    metadataFields: readMetadataFields(parts),
    disabled: problems.boolean(placeOf(provider, 'disabled'), content.disabled, false),
    maxTokenLength: MAX_TOKEN_LENGTH,
  }
}

function sectionIn(provider: Section, key: string, problems: Problems): Section {
  const value = provider.content[key] ?? (key === 'config' ? undefined : {})
  const path = provider.path === '' ? key : `${provider.path}.${key}`
  if (isBag(value)) return { ...provider, path, content: value }
  problems.add(placeOf(provider, key), found(value), 'Write an object, as the exporter does')
  return { ...provider, path, content: {} }
}

function readKeys(config: Section, secretConfig: Section, parts: ProviderParts): object | undefined {
  const { problems, report, origins } = parts
  const { jwkURI, signingAlgorithm, useJWKURI } = config.content
  const keysField = 'signingKey' in secretConfig.content ? 'signingKey' : 'signingKeys'
  const place = placeOf(secretConfig, keysField)
  const names = readTexts(place, secretConfig.content[keysField], problems)
  origins.set('signingKeys', { place })
  if (problems.boolean(placeOf(config, 'useJWKURI'), useJWKURI, false)) {
    const unused = 'is not used beside a JWK URI'
    if (names.length > 0) report(place, unused, 'Nothing to do')
    if (isText(signingAlgorithm) && signingAlgorithm !== 'RS256')
      report(placeOf(config, 'signingAlgorithm'), `${unused}, whose keys are for RS256`, 'Nothing to do')
    const uriPlace = placeOf(config, 'jwkURI')
    origins.set('jwkUri', { place: uriPlace, value: jwkURI })
    return { jwkUri: problems.text(uriPlace, jwkURI ?? '', "Write the URL of the issuer's JWKS") }
  }
  if (isText(jwkURI)) report(placeOf(config, 'jwkURI'), 'is not used: useJWKURI is false', 'Nothing to do')
  if (signingAlgorithm !== 'HS256' && signingAlgorithm !== 'RS256')
    problems.add(
      placeOf(config, 'signingAlgorithm'),
      isText(signingAlgorithm)
        ? `is ${JSON.stringify(signingAlgorithm)}, which is not known`
        : found(signingAlgorithm),
      'Write "HS256" or "RS256", whichever the issuer signs with',
    )
  return { signingAlgorithm, signingKeys: readSigningKeys(place, names, parts) }
}

function readSigningKeys(
  place: string,
  names: readonly string[],
  { provider, secrets, secretsFile, problems, report, origins }: ProviderParts,
): readonly (string | undefined)[] {
  const ids = [nameOfProvider(provider), provider.content.id, provider.content._id]
  const [exported, keys] = secretsOfExport(secretsFile?.content, ids)
  if (secretsFile)
    report(
      secretsFile.name,
      'holds the values of secrets, and lies where everybody with the repository reads it',
      'Move them into environment variables, and replace the keys at the issuer',
    )
  if (names.length === 0 && keys.length === 0)
    problems.add(
      place,
      'names no secret',
      'Write the name of the secret with the key, or set useJWKURI and jwkURI',
    )
  if (names.length === 0) {
    keys.forEach((_, index) =>
      origins.set(`signingKeys[${index}]`, {
        place: secretsFile?.name ?? place,
        secret: `key ${index + 1} of the provider`,
      }),
    )
    return keys
  }
  return names.map((name, index) => {
    const item = place.endsWith('signingKey') ? place : `${place}[${index}]`
    const given = findSecret(name, secrets)
    const key =
      given ?? findSecret(name, exported) ?? (keys.length === names.length ? keys[index] : undefined)
    const source = given === undefined && secretsFile ? ` of ${secretsFile.name}` : ''
    origins.set(`signingKeys[${index}]`, { place: item, secret: `the secret "${name}"${source}` })
    if (key === undefined)
      problems.add(
        item,
        `is the secret "${name}", which has no value`,
        `Pass it in secrets, or set the environment variable ${namesOfSecret(name)[1] ?? name}`,
      )
    return key
  })
}

function readAudience(config: Section, { problems, origins }: ProviderParts): object {
  const { audience, requireAnyAudience } = config.content
  const place = placeOf(config, 'audience')
  const one = isText(audience) ? audience : undefined
  const list = one ?? readTexts(place, audience === '' ? undefined : audience, problems)
  const any = problems.boolean(placeOf(config, 'requireAnyAudience'), requireAnyAudience, false)
  origins.set('audience', { place, value: audience })
  // Left out when the file has none: the App ID is the audience then.
  return list.length === 0 ? {} : { audience: list, requireAnyAudience: any }
}

function readMetadataFields({
  provider,
  problems,
  report,
  origins,
}: ProviderParts): readonly MetadataField[] {
  const path = placeOf(provider, 'metadata_fields')
  const { metadata_fields: value } = provider.content
  if (value === undefined || value === null) return []
  origins.set('metadataFields', { place: path })
  if (!Array.isArray(value)) {
    problems.add(path, found(value), 'Write an array of { required, name, field_name }')
    return []
  }
  return value.map((item: unknown, index) => {
    const place = `${path}[${index}]`
    const field = isBag(item) ? item : {}
    if (field !== item) problems.add(place, found(item), 'Write an object, as the exporter does')
    reportUnknown(`${place}.`, field, ['required', 'name', 'field_name'], report)
    const fix = 'Write the path of the claim, e.g. user_data.name'
    const name = problems.text(`${place}.name`, field.name ?? '', fix) ?? ''
    const required = problems.boolean(`${place}.required`, field.required, false)
    const { field_name: fieldName = '' } = field
    origins.set(`metadataFields[${index}].name`, { place: `${place}.name`, value: name })
    origins.set(`metadataFields[${index}].fieldName`, { place: `${place}.field_name`, value: fieldName })
    if (fieldName === '' || fieldName === null) return { name, required }
    if (typeof fieldName === 'string') return { name, fieldName, required }
    problems.add(`${place}.field_name`, found(fieldName), 'Write a string, or remove it')
    return { name, required }
  })
}

/** A list of texts, or one of them; an empty one when it is absent. */
function readTexts(place: string, value: unknown, problems: Problems): readonly string[] {
  if (value === undefined || value === null || value === '') return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (list.every(isText)) return list
  problems.add(
    place,
    `is ${describe(value)}, not a list of names`,
    'Write an array of strings, none of them blank',
  )
  return []
}
