import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import {
  importExported,
  type ImportParts,
  type ImportSummary,
  type SkippedUser,
} from '../../migrate/import-exported.js'
import { readSubjectMap, SubjectMapError, type SubjectMap } from '../../migrate/subject-map.js'
import type { Store } from '../../stores/store.js'
import { defineCommand, OperationError, UsageError, type ExitCode } from '../command.js'
import { codeOf, readText } from '../keys.js'
import { createProgress } from '../progress.js'
import { askStore, checkTarget, openTarget, STORE_FLAGS } from '../store-flags.js'
import { green, plural, printable, printJson, printText, red, yellow } from '../terminal.js'

const BATCH_SIZE = 1000
const AGAIN = 'What was added before is complete; run the same command again to continue'

/** `custom-jwt-auth import-users`. */
export const importUsers = defineCommand({
  name: 'import-users',
  about: 'Import exported users into a store: ids, identities, dates and disabled stay what they are',
  args: ['<file|->'],
  flags: {
    ...STORE_FLAGS,
    map: {
      type: 'string',
      value: '<file>',
      about: 'New subjects: a JSON object { "<old id>": "<subject>" }',
    },
    provider: {
      type: 'string',
      value: '<name>',
      about: 'The issuer of their tokens, by its name in the option providers',
    },
    'dry-run': { type: 'boolean', about: 'Only check the file; no store is opened or needed' },
  },
  notes: [
    'The file is a JSON array of users, or has one user in each line (JSON Lines); plain or Extended JSON.',
    'It can be run again at any time: existing users stay as they are. Ctrl-C stops it after a batch.',
    'With --map, tokens with the new subject sign in the old user. The whole file is looked at before anything is added.',
    'With --json: a line for each skipped user, then one with the summary.',
  ],
  examples: [
    'npx custom-jwt-auth import-users users.json --dry-run',
    'npx custom-jwt-auth import-users users.json --store sqlite:users.db',
    'npx custom-jwt-auth import-users users.jsonl --store "$DATABASE_URL" --json',
    'npx custom-jwt-auth import-users users.json --map subjects.json --store sqlite:users.db',
    'gunzip -c users.jsonl.gz | npx custom-jwt-auth import-users - --store sqlite:users.db',
  ],
  async run({ values, args: [file = ''], json }) {
    const { 'dry-run': dryRun = false } = values
    if (!dryRun || values.store !== undefined) checkTarget(values, ', or --dry-run')
    const subjects = values.map === undefined ? undefined : await readMap(values.map, file)
    const input = openInput(file)
    const open = dryRun ? undefined : await openTarget(values)
    try {
      await askStore(() => open?.store.ready?.(), AGAIN)
      return await importInto(open?.store, input, { subjects, provider: values.provider }, json)
    } finally {
      await open?.close()
    }
  },
})

interface Input {
  readonly chunks: Readable
  /** Undefined when it cannot be known before the end. */
  readonly size: number | undefined
}

function openInput(file: string): Input {
  if (file === '-') return { chunks: process.stdin, size: undefined }
  try {
    const stats = statSync(file)
    if (stats.isDirectory()) throw new OperationError(`${file} is a folder`)
    const { size } = stats
    return { chunks: createReadStream(file), size: size > 0 ? size : undefined }
  } catch (error) {
    throw error instanceof OperationError
      ? error
      : new OperationError(`${file} cannot be read (${codeOf(error)})`)
  }
}

/** Reads the map, and the whole file of users once, so that what does not fit is found before anybody is added. */
async function readMap(map: string, file: string): Promise<SubjectMap> {
  if (file === '-') throw new UsageError('--map reads the users twice: pass a file, not -')
  const text = readText(map)
  try {
    const subjects = readSubjectMap(text)
    const { damage } = await importExported({
      chunks: openInput(file).chunks,
      store: undefined,
      subjects,
      batchSize: BATCH_SIZE,
      signal: new AbortController().signal,
      onSkipped: () => undefined, // told when they are imported; an entry that names one names nobody
      onProgress: () => undefined,
    })
    if (damage !== undefined) throw new OperationError(`the file is damaged, and nobody was added: ${damage}`)
    subjects.check()
    return subjects
  } catch (error) {
    if (!(error instanceof SubjectMapError)) throw error
    throw new OperationError(`${map} does not fit, and nobody was added:\n${error.message}`)
  }
}

async function importInto(
  store: Store | undefined,
  { chunks, size }: Input,
  given: Pick<ImportParts, 'subjects' | 'provider'>,
  json: boolean,
): Promise<ExitCode> {
  const stop = new AbortController()
  const onSignal = (): void => {
    stop.abort()
    chunks.destroy() // it may be waiting for more
  }
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal) // a second one ends the process at once
  const progress = createProgress()
  let bytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
        bytes += chunk.length
        yield chunk
      }
    } catch (error) {
      if (!stop.signal.aborted) throw new OperationError(`the file cannot be read (${codeOf(error)})`)
    }
  }
  const summary = await importExported({
    chunks: counted(),
    store: store && {
      importUsers: (users) => askStore(() => store.importUsers(users), AGAIN),
      findIdentity: (identity) => askStore(() => store.findIdentity(identity), AGAIN),
    },
    ...given,
    batchSize: BATCH_SIZE,
    signal: stop.signal,
    onSkipped(user) {
      progress.clear()
      if (json) printJson({ skipped: user })
      else printText(describeSkipped(user))
    },
    onProgress(read) {
      progress.update(read, size === undefined ? undefined : bytes / size)
    },
  })
  progress.clear()
  const rate = progress.rate(summary.read)
  if (json) printJson({ summary: { ...summary, usersPerSecond: rate, dryRun: store === undefined } })
  else printText(...describeSummary(summary, rate, store === undefined))
  if (summary.interrupted) return 130
  return summary.skipped > 0 || summary.damage !== undefined || summary.read === 0 ? 1 : 0
}

function describeSkipped({ line, index, id, reason }: SkippedUser): string {
  const name = id === undefined ? '' : ` (${id})`
  return `${yellow('skipped')} ${printable(`line ${line}, user ${index}${name}: ${reason}`)}`
}

function describeSummary(summary: ImportSummary, rate: number, dryRun: boolean): string[] {
  const { read, added, known, skipped, ignoredKeys, damage, interrupted } = summary
  const number = (value: number): string => value.toLocaleString('en')
  const keys = Object.entries(ignoredKeys).map(([key, users]) => `${key} (${number(users)})`)
  const verb = dryRun ? 'can be added' : 'added'
  const counts = `${number(added)} ${verb}, ${number(known)} already there, ${number(skipped)} skipped`
  return [
    ...(damage === undefined ? [] : [red(printable(`The file is damaged: ${damage}`))]),
    ...(read === 0 ? [red('The file has no users.')] : []),
    `${plural(read, 'user')} read: ${skipped === 0 ? green(counts) : counts} (${number(rate)} users a second)`,
    ...(keys.length === 0
      ? []
      : [
          printable(
            `Not kept, because users have no place for it (with the number of users): ${keys.join(', ')}`,
          ),
        ]),
    ...(interrupted
      ? ['Stopped. What was added is complete; run the same command again to import the rest.']
      : []),
  ]
}
