import { setImmediate as nextTick } from 'node:timers/promises'
import type { Store } from '../stores/store.js'
import { nameIdentity, PROVIDER, type UserRecord } from '../user.js'
import { ExportedUserError, IDENTITY_KEYS, readExportedUser, USER_KEYS } from './exported-user.js'
import { JsonItemsError, splitJsonItems, type JsonItem } from './json-items.js'
import { isBag } from './report.js'
import type { SubjectMap } from './subject-map.js'

/** A user of the export that was not imported. */
export interface SkippedUser {
  /** Where it begins in the file, from 1. */
  readonly line: number
  /** Its place among the users, from 1. */
  readonly index: number
  /** Its `_id`, as far as it can be told. */
  readonly id: string | undefined
  readonly reason: string
}

export interface ImportSummary {
  /** Users that were looked at. */
  readonly read: number
  readonly added: number
  /** Users whose id was in the store already; they were left as they were. */
  readonly known: number
  readonly skipped: number
  /** Keys of users that a store has no place for, with how many users had them. */
  readonly ignoredKeys: Readonly<Record<string, number>>
  /** Why the file could not be read to its end. */
  readonly damage?: string
  readonly interrupted: boolean
}

export interface ImportParts {
  /** The file: a JSON array of users, or JSON Lines. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Undefined to look at the file alone. */
  readonly store: Pick<Store, 'importUsers' | 'findIdentity'> | undefined
  /** New subjects for some of the users. */
  readonly subjects?: SubjectMap | undefined
  /** The name in the option `providers` of the issuer whose tokens the users of the custom JWT provider come with. */
  readonly provider?: string | undefined
  /** How many users the store gets at once. */
  readonly batchSize: number
  /** Stops the import after the batch at hand. */
  readonly signal: AbortSignal
  readonly onSkipped: (user: SkippedUser) => void
  /** Called after each batch. */
  readonly onProgress: (read: number) => void
}

interface Candidate {
  readonly record: UserRecord
  readonly item: Omit<SkippedUser, 'reason'>
}

const TAKEN = 'another user has one of its identities: it signed in here before, or is there twice'
const KNOWN_WITHOUT_SUBJECT =
  'already exists, without the new subject: give it to the user with custom-jwt-auth users link'
const MAX_IGNORED_KEYS = 50

/**
 * Imports exported users in batches. Only the batch at hand is in memory. What was imported before is left as it is, so
 * that an import can be run again, to its end or with corrected users.
 * @throws what the store throws; the batch at hand is then in the store whole or not at all, as its contract says
 */
export async function importExported(parts: ImportParts): Promise<ImportSummary> {
  const { chunks, store, subjects, provider, batchSize, signal, onSkipped, onProgress } = parts
  const count = { read: 0, added: 0, known: 0, skipped: 0 }
  const ignored = new Map<string, number>()
  let batch: Candidate[] = []

  function skip(item: Candidate['item'], reason: string): void {
    count.skipped += 1
    onSkipped({ ...item, reason })
  }

  function take({ text, line }: JsonItem): void {
    count.read += 1
    let id: string | undefined
    try {
      const value = parse(text)
      id = isBag(value) ? idOf(value) : undefined
      const record = readExportedUser(value)
      batch.push({
        record: ofProvider(subjects?.apply(record) ?? record, provider),
        item: { line, index: count.read, id },
      })
      if (isBag(value)) countUnknown(value)
    } catch (error) {
      if (!(error instanceof ExportedUserError)) throw error
      skip({ line, index: count.read, id }, error.message)
    }
  }

  function countUnknown(user: Readonly<Record<string, unknown>>): void {
    const unknown: string[] = []
    for (const key in user) if (!USER_KEYS.includes(key)) unknown.push(key)
    for (const identity of user.identities as readonly object[])
      for (const key in identity) if (!IDENTITY_KEYS.includes(key)) unknown.push(`identities[].${key}`)
    if (unknown.length === 0) return
    for (const key of new Set(unknown))
      if (ignored.has(key) || ignored.size < MAX_IGNORED_KEYS) ignored.set(key, (ignored.get(key) ?? 0) + 1)
  }

  async function finishBatch(): Promise<void> {
    const outcomes = (await store?.importUsers(batch.map(({ record }) => record))) ?? []
    for (const [index, { item, record }] of batch.entries()) {
      const outcome = store ? outcomes[index] : 'added'
      if (outcome === 'taken') skip(item, TAKEN)
      else if (outcome === 'known' && (await lacksSubject(record.id))) skip(item, KNOWN_WITHOUT_SUBJECT)
      else if (outcome !== undefined) count[outcome] += 1
    }
    batch = []
    onProgress(count.read)
    await nextTick() // a store may answer at once: signals have their turn here
  }

  /** Whether a known user, which stays as it is, lacks the subject that it should have. */
  async function lacksSubject(userId: string): Promise<boolean> {
    const id = subjects?.subjectOf(userId)
    if (id === undefined) return false
    const owner = await store?.findIdentity(nameIdentity(id, provider))
    return owner?.user?.id !== userId
  }

  let damage: string | undefined
  try {
    for await (const item of splitJsonItems(chunks)) {
      if (signal.aborted) break // the item may be half a line: the input ended where it was stopped
      take(item)
      if (batch.length >= batchSize) await finishBatch()
    }
  } catch (error) {
    if (!(error instanceof JsonItemsError)) throw error
    // An input that was stopped in the middle is not damaged.
    if (!signal.aborted) damage = error.message
  }
  if (batch.length > 0) await finishBatch()
  const interrupted = signal.aborted
  return {
    ...count,
    ignoredKeys: Object.fromEntries(ignored),
    ...(damage !== undefined && { damage }),
    interrupted,
  }
}

/** The user, with its custom JWT identities assigned to the provider of that name. */
function ofProvider(user: UserRecord, provider: string | undefined): UserRecord {
  const identities = user.identities.map((own) =>
    own.provider_type === PROVIDER ? { ...nameIdentity(own.id, provider), data: own.data } : own,
  )
  return { ...user, identities }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own words would quote the user.
    throw new ExportedUserError(
      'is not JSON: the file is a JSON array of users, or has one user in each line',
    )
  }
}

function idOf({ _id: id }: Readonly<Record<string, unknown>>): string | undefined {
  const text = isBag(id) ? id.$oid : id
  return typeof text === 'string' ? text.slice(0, 100) : undefined
}
