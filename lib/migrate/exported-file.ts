import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs'
import { describe, type Problems } from '../problems.js'
import { findSyntaxFault } from './json-syntax.js'
import { isBag, type Bag } from './report.js'

/** A file of the export: what it says, and its name in messages. */
export interface ExportedFile {
  readonly name: string
  /** Undefined when it could not be read, which has been reported. */
  readonly content: unknown
}

/** An object somewhere in a file of the export. */
export interface Section {
  readonly file: string
  /** Where in the file; empty for the whole of it. */
  readonly path: string
  readonly content: Bag
}

/** The name of a section, or of something in it, for messages. */
export function placeOf({ file, path }: Section, key?: string): string {
  const inner = [path, key].filter((part) => part !== undefined && part !== '').join('.')
  return inner === '' ? file : `${file}: ${inner}`
}

/** What goes before the name of something in a section. */
export function prefixOf(section: Section): string {
  return `${placeOf(section)}${section.path === '' ? ': ' : '.'}`
}

/** The configuration of a large app has some kilobytes. */
const MAX_FILE_LENGTH = 1_000_000

/**
 * Reads a JSON file.
 * @param isSecret whether its lines are shown to nobody
 */
export function readJson(path: string, name: string, problems: Problems, isSecret = false): ExportedFile {
  const fix = 'Correct the file'
  let text: string
  try {
    if (statSync(path).size > MAX_FILE_LENGTH) {
      problems.add(name, 'is larger than 1 MB', fix)
      return { name, content: undefined }
    }
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    problems.add(name, `cannot be read (${codeOf(error)})`, 'Let this user read it')
    return { name, content: undefined }
  }
  try {
    const content: unknown = JSON.parse(text)
    if (isBag(content) || Array.isArray(content)) return { name, content }
    problems.add(name, `holds ${describe(content)}, not an object or an array`, fix)
  } catch {
    // The parser's own words do not say where, or quote a secret.
    const { line = 1, column = 1, what = 'this is not JSON', excerpt = '' } = findSyntaxFault(text) ?? {}
    const shown = isSecret ? '' : `:\n${excerpt.replaceAll(/^/gm, '      ')}`
    problems.add(name, `is not JSON: line ${line}, column ${column}: ${what}`, `${fix}${shown}`)
  }
  return { name, content: undefined }
}

export const isThere = existsSync

/** What is in a folder, in the order of names; nothing when there is no such folder. */
export function listFolder(path: string): { entries: readonly Dirent[]; problem?: string } {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return { entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) }
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR' ? { entries: [] } : { entries: [], problem: code }
  }
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
