import { secretOf } from './data-api.js'
import { nameOfProvider, partOf, type ExportedApp } from './exported-app.js'
import { placeOf, prefixOf, type ExportedFile, type Section } from './exported-file.js'
import { FOLDERS, isOff } from './exported-folders.js'
import { isBag, isEmpty, isText, reportUnknown, type Report } from './report.js'

/** What to use instead of the other providers. It always comes down to a token from the issuer. */
const OTHER_PROVIDERS: Readonly<Record<string, string>> = {
  'anon-user': 'Have your issuer give guests a token with a random sub, or set credentialsRequired: false',
  'api-key': 'Have your issuer give each program a token of its own',
  'local-userpass': 'Have an issuer keep the passwords (see the presets in docs/issuers.md)',
  'custom-function': 'Have the function answer with a token: npx custom-jwt-auth token shows its making',
}
const OTHER_PROVIDER = 'Have your issuer offer this login (see the presets in docs/issuers.md)'

/** Settings about where the service ran, and about the file itself. */
const NEUTRAL_SETTINGS = [
  'app_id',
  'config_version',
  'name',
  'location',
  'provider_region',
  'deployment_model',
  'environment',
]

/** What was in the settings before it got its own file, with the fix for it. */
const FORMER_SETTINGS: Readonly<Record<string, string | undefined>> = {
  hosting: FOLDERS.hosting,
  sync: FOLDERS.sync,
}

/**
 * Reports the parts of an exported app that do not become options.
 * @param createsUsers whether requests create users, not only logins
 */
export function reportLeftovers(app: ExportedApp, createsUsers: boolean, report: Report): void {
  if (app.settings) reportSettings(app.settings, report)
  for (const provider of app.otherProviders) reportOtherProvider(provider, report)
  if (app.customUserData) reportCustomUserData(app.customUserData, createsUsers, report)
  if (app.endpoints) reportEndpoints(app.endpoints, report)
  for (const webhook of app.webhooks) reportWebhook(webhook, report)
  for (const { name, files, problem } of app.folders) {
    const fix = FOLDERS[name] ?? ''
    if (problem !== undefined) report(`${name}/`, `cannot be read (${problem})`, fix)
    else if (files > 0)
      report(`${name}/`, `is not about signing in (${files === 1 ? '1 file' : `${files} files`})`, fix)
  }
}

function reportSettings(settings: Section, report: Report): void {
  const { content } = settings
  const sources = [settings, partOf(settings, 'security')]
  for (const source of sources) {
    const origins = source?.content.allowed_request_origins
    if (source && Array.isArray(origins) && origins.length > 0)
      report(
        placeOf(source, 'allowed_request_origins'),
        `lets pages of ${origins.join(', ')} send requests`,
        'Answer CORS requests as examples/browser/cors.ts does',
      )
  }
  const security = sources[1]
  if (security) reportUnknown(prefixOf(security), security.content, ['allowed_request_origins'], report)
  for (const [key, fix = ''] of Object.entries(FORMER_SETTINGS))
    if (!isEmpty(content[key]) && !isOff(content[key]))
      report(placeOf(settings, key), 'is not about signing in', fix)
  const known = [...NEUTRAL_SETTINGS, ...Object.keys(FORMER_SETTINGS)]
  const read = ['allowed_request_origins', 'security', 'custom_user_data_config']
  reportUnknown(prefixOf(settings), content, [...known, ...read], report)
}

function reportOtherProvider(provider: Section, report: Report): void {
  if (provider.content.disabled === true) return
  report(
    placeOf(provider),
    'is enabled, but not a provider of this package',
    OTHER_PROVIDERS[nameOfProvider(provider)] ?? OTHER_PROVIDER,
  )
}

function reportCustomUserData(section: Section, createsUsers: boolean, report: Report): void {
  const { content } = section
  const { enabled, database_name, collection_name, user_id_field, on_user_creation_function_name } = content
  if (enabled === true) {
    const [database, collection, field] = [database_name, collection_name, user_id_field].map(String)
    report(
      placeOf(section, 'enabled'),
      'reads custom data from a collection',
      `Pass customData: (userId) => client.db('${database ?? ''}').collection('${collection ?? ''}')` +
        `.findOne({ '${field ?? ''}': userId })`,
    )
  }
  if (isText(on_user_creation_function_name))
    report(
      placeOf(section, 'on_user_creation_function_name'),
      'names a function of the old service',
      `Pass what functions/${on_user_creation_function_name}.js does as autoCreateUser: async (user) => { … }` +
        (createsUsers
          ? ''
          : '; routes then create users too, unless a second guard on the same store protects them'),
    )
  const known = ['enabled', 'mongo_service_name', 'database_name', 'collection_name', 'user_id_field']
  reportUnknown(prefixOf(section), content, [...known, 'on_user_creation_function_name'], report)
}

function reportEndpoints({ name, content }: ExportedFile, report: Report): void {
  const endpoints: readonly unknown[] = Array.isArray(content) ? content : []
  for (const endpoint of endpoints) {
    if (!isBag(endpoint) || endpoint.disabled === true) continue
    const { http_method, route, function_name, create_user_on_auth } = endpoint
    const secret = secretOf(endpoint)
    report(
      `${name}: ${String(http_method)} ${String(route)}`,
      `runs the function ${String(function_name)}${secret === undefined ? '' : `, for ${secret}`}`,
      routeInPlace(create_user_on_auth),
    )
  }
}

function reportWebhook({ name, content }: ExportedFile, report: Report): void {
  if (!isBag(content) || content.disabled === true) return
  const { httpMethod, validationMethod: validation_method } = isBag(content.options) ? content.options : {}
  const secret = secretOf({ validation_method, secret_name: secretNameOf(content) })
  report(
    isText(httpMethod) ? `${name}: ${httpMethod}` : name,
    `is a webhook${secret === undefined ? '' : ` for ${secret}`}`,
    routeInPlace(content.create_user_on_auth),
  )
}

function secretNameOf({ secret_name, options }: Readonly<Record<string, unknown>>): unknown {
  return secret_name ?? (isBag(options) ? options.secret : undefined)
}

function routeInPlace(createsUser: unknown): string {
  return `Write a route of your app${createsUser === true ? ' behind a guard with autoCreateUser: true' : ''}`
}
