import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Problems } from '../problems.js'
import { isThere, listFolder, readJson, type ExportedFile, type Section } from './exported-file.js'
import { countFolders, ENDPOINT_FOLDERS, findWebhooks, type FolderCount } from './exported-folders.js'
import { isBag } from './report.js'

/** The parts of an exported app that this package reads, whatever exporter wrote it. */
export interface ExportedApp {
  /** Undefined when the source is a file or an object. */
  readonly folder: string | undefined
  /** The custom JWT provider; undefined when there is none, which has been reported. */
  readonly provider: Section | undefined
  readonly otherProviders: readonly Section[]
  /** The app's own settings, its App ID among them. */
  readonly settings: Section | undefined
  /** What the newest exporter keeps in a file besides the settings, including the App ID. */
  readonly meta: Section | undefined
  /** Whether one of these two exists but could not be read, which has been reported. */
  readonly hasUnreadableSettings: boolean
  readonly dataApi: ExportedFile | undefined
  readonly endpoints: ExportedFile | undefined
  readonly webhooks: readonly ExportedFile[]
  readonly customUserData: Section | undefined
  /** The values of secrets, in some exports. */
  readonly secrets: ExportedFile | undefined
  /** What its other folders hold. */
  readonly folders: readonly FolderCount[]
}

export const CUSTOM_TOKEN = 'custom-token'
const PROVIDERS_FILE = 'auth/providers.json'
/** One file for each provider, in exports before 2021. */
const PROVIDERS_FOLDER = 'auth_providers'
const SETTINGS_FILES = ['root_config.json', 'realm_config.json', 'config.json', 'stitch.json']
const WRONG_APP = 'Pass the app whose provider "Custom JWT Authentication" was set up'

/**
 * Reads an exported app.
 * @param source its folder, the file of its custom JWT provider (or of all providers), or what that file says
 */
export function readExportedApp(source: string | URL | object, problems: Problems): ExportedApp {
  const path = source instanceof URL ? fileURLToPath(source) : source
  if (typeof path !== 'string') return providersAlone({ name: 'providers', content: path }, problems)
  if (!isThere(path)) {
    problems.add(path, 'is not there', 'Pass the folder of an exported app, or the file of its providers')
    return providersAlone({ name: path, content: undefined }, problems)
  }
  if (!statSync(path).isDirectory()) return providersAlone(readJson(path, basename(path), problems), problems)
  return readFolder(path, problems)
}

/** A file given by its path or as its content. */
export function readGiven(
  option: string,
  given: string | URL | object,
  problems: Problems,
): ExportedFile | undefined {
  const path = given instanceof URL ? fileURLToPath(given) : given
  if (typeof path !== 'string') return { name: option, content: path }
  if (isThere(path)) return readJson(path, basename(path), problems)
  problems.add(option, `is ${path}, which is not there`, 'Correct the path, or leave it out')
  return undefined
}

function providersAlone(file: ExportedFile, problems: Problems): ExportedApp {
  const none = { folder: undefined, settings: undefined, meta: undefined, hasUnreadableSettings: false }
  const nothing = {
    dataApi: undefined,
    endpoints: undefined,
    webhooks: [],
    customUserData: undefined,
    secrets: undefined,
  }
  return { ...none, ...nothing, ...readProviders(file, problems), folders: [] }
}

type Providers = Pick<ExportedApp, 'provider' | 'otherProviders'>

/** Providers by their names, or the custom JWT provider alone. */
function readProviders({ name: file, content }: ExportedFile, problems: Problems): Providers {
  if (content === undefined) return { provider: undefined, otherProviders: [] }
  if (isBag(content) && content.type === CUSTOM_TOKEN)
    return { provider: { file, path: '', content }, otherProviders: [] }
  const sections = Object.entries(isBag(content) ? content : {}).flatMap(([path, value]) =>
    isBag(value) ? [{ file, path, content: value }] : [],
  )
  const provider = sections.find(({ path }) => path === CUSTOM_TOKEN)
  const isSettings = isBag(content) && ('app_id' in content || 'config_version' in content)
  if (!provider)
    problems.add(
      `${file}: ${CUSTOM_TOKEN}`,
      'is not there',
      isSettings ? 'Pass the folder that this file is in' : WRONG_APP,
    )
  return { provider, otherProviders: sections.filter((section) => section !== provider) }
}

function readFolder(folder: string, problems: Problems): ExportedApp {
  const read = (name: string, isSecret = false): ExportedFile | undefined =>
    isThere(join(folder, name)) ? readJson(join(folder, name), name, problems, isSecret) : undefined
  const firstOf = (names: readonly string[]): ExportedFile | undefined => {
    const name = names.find((candidate) => isThere(join(folder, candidate)))
    return name === undefined ? undefined : read(name)
  }
  const [settingsFile, metaFile] = [firstOf(SETTINGS_FILES), read('.mdb/meta.json')]
  const settings = sectionOf(settingsFile)
  return {
    folder,
    ...readProvidersOf(folder, read, problems),
    settings,
    meta: sectionOf(metaFile),
    hasUnreadableSettings: [settingsFile, metaFile].some((file) => file && file.content === undefined),
    dataApi: firstOf(ENDPOINT_FOLDERS.map((endpoints) => `${endpoints}/data_api_config.json`)),
    endpoints: firstOf(ENDPOINT_FOLDERS.map((endpoints) => `${endpoints}/config.json`)),
    webhooks: findWebhooks(folder).map((name) => readJson(join(folder, name), name, problems)),
    customUserData:
      sectionOf(read('auth/custom_user_data.json')) ?? partOf(settings, 'custom_user_data_config'),
    secrets: read('secrets.json', true),
    folders: countFolders(folder),
  }
}

function readProvidersOf(
  folder: string,
  read: (name: string) => ExportedFile | undefined,
  problems: Problems,
): Providers {
  const file = read(PROVIDERS_FILE)
  if (file) return readProviders(file, problems)
  const { entries, problem } = listFolder(join(folder, PROVIDERS_FOLDER))
  const names = entries.map(({ name }) => name).filter((name) => name.endsWith('.json'))
  const files = names.map((name) => read(`${PROVIDERS_FOLDER}/${name}`))
  const sections = files.flatMap((found) => sectionOf(found) ?? [])
  const provider = sections.find(
    ({ file: name, content }) => content.type === CUSTOM_TOKEN || basename(name, '.json') === CUSTOM_TOKEN,
  )
  if (names.length === 0)
    problems.add(
      PROVIDERS_FILE,
      problem === undefined ? `is not in ${folder}` : `cannot be read (${problem})`,
      `Pass the folder that holds auth/ (${PROVIDERS_FOLDER}/ in older exports), or the file of the provider`,
    )
  // A file that cannot be read may be the one.
  else if (!provider && sections.length === files.length)
    problems.add(`${PROVIDERS_FOLDER}/${CUSTOM_TOKEN}.json`, 'is not there', WRONG_APP)
  return { provider, otherProviders: sections.filter((section) => section !== provider) }
}

function sectionOf(file: ExportedFile | undefined): Section | undefined {
  return file && isBag(file.content) ? { file: file.name, path: '', content: file.content } : undefined
}

/** An object inside a section. */
export function partOf(section: Section | undefined, key: string): Section | undefined {
  const content = section?.content[key]
  return section && isBag(content) ? { ...section, path: placeIn(section, key), content } : undefined
}

const placeIn = ({ path }: Section, key: string): string => (path === '' ? key : `${path}.${key}`)

/** The name of a provider, whatever its file is called. */
export function nameOfProvider({ file, path, content }: Section): string {
  return typeof content.type === 'string' && content.type !== ''
    ? content.type
    : path || basename(file, '.json')
}
