import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Problems } from '../problems.js'
import type { Bag } from './report.js'

/** A file of the export: what it says, and its name in messages. */
export interface ExportedFile {
  readonly name: string
  readonly content: unknown
}

/** What an exported app says that this package looks at. */
export interface ExportedApp {
  readonly providers: ExportedFile
  /** The app's own settings, its App ID among them. */
  readonly settings: ExportedFile | undefined
  readonly dataApi: ExportedFile | undefined
  readonly endpoints: ExportedFile | undefined
  readonly customUserData: ExportedFile | undefined
  /** How many files each of its folders has, without those of endpoints that are above. */
  readonly folders: ReadonlyMap<string, number>
}

const APP_FILES = ['realm_config.json', 'root_config.json', 'config.json', 'stitch.json']
/** The exporter renamed the folder at some time. */
const ENDPOINT_FOLDERS = ['https_endpoints', 'http_endpoints']
const PULL_AGAIN = 'Export the app again, or restore the file'

/**
 * Reads an exported app.
 * @param source its folder, its `auth/providers.json`, or what that file says
 */
export function readExportedApp(source: string | URL | object, problems: Problems): ExportedApp {
  const path = source instanceof URL ? fileURLToPath(source) : source
  if (typeof path !== 'string') return providersAlone({ name: 'providers', content: path })
  if (!existsSync(path)) {
    problems.add(path, 'is not there', 'Pass the folder of an exported app, or its auth/providers.json')
    return providersAlone({ name: basename(path), content: {} })
  }
  if (!statSync(path).isDirectory())
    return providersAlone({ name: basename(path), content: readJson(path, basename(path), problems) ?? {} })
  return readFolder(path, problems)
}

/** A file given by its path, or as what it says. */
export function readGiven(
  option: string,
  given: string | URL | object,
  problems: Problems,
): ExportedFile | undefined {
  const path = given instanceof URL ? fileURLToPath(given) : given
  if (typeof path !== 'string') return { name: option, content: path }
  if (existsSync(path)) return { name: basename(path), content: readJson(path, path, problems) }
  problems.add(option, `is ${path}, which is not there`, 'Correct the path, or leave it out')
  return undefined
}

function providersAlone(providers: ExportedFile): ExportedApp {
  const none = { settings: undefined, dataApi: undefined, endpoints: undefined, customUserData: undefined }
  return { providers, ...none, folders: new Map() }
}

function readFolder(folder: string, problems: Problems): ExportedApp {
  const read = (name: string): ExportedFile | undefined =>
    existsSync(join(folder, name))
      ? { name, content: readJson(join(folder, name), name, problems) }
      : undefined
  const firstOf = (names: readonly string[]): ExportedFile | undefined =>
    names.map(read).find((file) => file !== undefined)

  const name = 'auth/providers.json'
  const providers = read(name)
  if (!providers) {
    const fix = existsSync(join(folder, 'auth_providers'))
      ? 'This is the layout of an older exporter: put the files of auth_providers into one object, by their names'
      : 'Pass the folder that holds auth/, or the path of the file'
    problems.add(name, `is not in ${folder}`, fix)
  }
  return {
    providers: providers ?? { name, content: {} },
    settings: firstOf(APP_FILES),
    dataApi: firstOf(ENDPOINT_FOLDERS.map((endpoints) => `${endpoints}/data_api_config.json`)),
    endpoints: firstOf(ENDPOINT_FOLDERS.map((endpoints) => `${endpoints}/config.json`)),
    customUserData: read('auth/custom_user_data.json'),
    folders: countFiles(folder),
  }
}

function readJson(path: string, name: string, problems: Problems): Bag | readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, ''))
    if (typeof value === 'object' && value !== null) return value as Bag
    problems.add(name, 'holds neither an object nor an array', PULL_AGAIN)
  } catch (error) {
    // The parser's own words would quote the file.
    const why = error instanceof SyntaxError ? 'is not JSON' : `cannot be read (${codeOf(error)})`
    problems.add(name, why, PULL_AGAIN)
  }
  return undefined
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}

function countFiles(folder: string): Map<string, number> {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  return new Map(
    folders.map(({ name }) => {
      const path = join(folder, name)
      const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      )
      const isRead = ENDPOINT_FOLDERS.includes(name)
      return [name, files.filter(({ parentPath }) => !isRead || parentPath !== path).length]
    }),
  )
}
