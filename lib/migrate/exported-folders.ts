import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { listFolder } from './exported-file.js'
import { isBag, isEmpty } from './report.js'

/** What a folder of an exported app holds. */
export interface FolderCount {
  readonly name: string
  /** How many files hold something, without those that are reported one by one. */
  readonly files: number
  /** Why it could not be looked into, or not all of it. */
  readonly problem?: string
}

/** The exporter renamed the folder at some time. */
export const ENDPOINT_FOLDERS = ['https_endpoints', 'http_endpoints']

/** Folders of an exported app that say nothing about signing in, with what does their work now. */
export const FOLDERS: Readonly<Record<string, string>> = {
  data_sources: 'Connect to the database with its driver; examples/data-api has rules of this kind',
  environments: 'Use environment variables',
  functions:
    'Make each function a module or a route of your app; examples/functions serves calls of the SDKs',
  graphql: 'Start from examples/graphql',
  http_endpoints: 'Make each endpoint a route of your app',
  https_endpoints: 'Make each endpoint a route of your app',
  hosting: 'Serve the files with express.static, or from any web server',
  log_forwarders: 'Pass a logger to customJwtAuth',
  services: 'Connect with the client of each service',
  sync: 'There is no Device Sync here: clients call routes of your app',
  triggers: 'Use change streams of the database, or a scheduler; for new users, the creation hook',
  values: 'Use constants or environment variables',
}

/** More files than an app has; a folder that somebody put there may hold any number. */
const MAX_FILES = 10_000
const MAX_CONFIG_LENGTH = 100_000

/** The webhooks of third-party services, each in a folder of its own. */
export function findWebhooks(folder: string): readonly string[] {
  const foldersIn = (path: string): string[] =>
    listFolder(join(folder, path))
      .entries.filter((entry) => entry.isDirectory())
      .map(({ name }) => `${path}/${name}`)
  return [...ENDPOINT_FOLDERS, 'services']
    .flatMap(foldersIn)
    .flatMap((service) => foldersIn(`${service}/incoming_webhooks`))
    .map((webhook) => `${webhook}/config.json`)
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true)
}

/** Looks into the folders that an exported app has, and into no other that happens to lie beside them. */
export function countFolders(folder: string): readonly FolderCount[] {
  return Object.keys(FOLDERS).map((name) => countFiles(join(folder, name), name))
}

function countFiles(root: string, name: string): FolderCount {
  const pending = [root]
  let files = 0
  let problem: string | undefined
  for (let path = pending.pop(); path !== undefined && files < MAX_FILES; path = pending.pop()) {
    const { entries, problem: found } = listFolder(path)
    problem ??= found
    for (const entry of entries) {
      const isReported = ENDPOINT_FOLDERS.includes(name) && path === root
      if (entry.isDirectory() && entry.name !== 'incoming_webhooks') pending.push(join(path, entry.name))
      else if (entry.isFile() && !isReported && !holdsNothing(join(path, entry.name))) files += 1
    }
  }
  return { name, files, ...(problem !== undefined && { problem }) }
}

/** Whether a file says nothing that anybody has to decide about: an empty list, or a service that is switched off. */
function holdsNothing(path: string): boolean {
  try {
    const { size } = statSync(path)
    if (size === 0) return true
    if (!path.endsWith('.json') || size > MAX_CONFIG_LENGTH) return false
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isEmpty(content) || isOff(content)
  } catch {
    return false // what cannot be read is something to look at
  }
}

/** Whether a configuration says of itself that it is switched off. */
export function isOff(value: unknown): boolean {
  return isBag(value) && (value.enabled === false || value.disabled === true || value.state === 'disabled')
}
