import { describe } from '../problems.js'
import { PROVIDER, type Identity, type UserRecord } from '../user.js'
import { isBag } from './report.js'

/** All that is wrong with a map of subjects. */
export class SubjectMapError extends Error {}

/** New subjects for exported users whose tokens come from a different issuer than before, or who had none. */
export interface SubjectMap {
  /** The user with its new subject, or as it is when no entry names it. Remembers what {@link check} needs. */
  apply(user: UserRecord): UserRecord
  /** The new subject of a user to whom {@link apply} gave one. */
  subjectOf(userId: string): string | undefined
  /**
   * Call it once all users in the file have been applied.
   * @throws {SubjectMapError} when an entry names nobody or two, or a subject would be two people's
   */
  check(): void
}

const MAX_SHOWN = 20
/** A text of JSON, and whether it is a key. */
const TEXTS = /("(?:[^"\\]|\\.)*")(\s*:)?/g

/**
 * Reads a map of subjects: a JSON object from the id of a user, or of one of its identities, to the subject of the
 * tokens that will sign this user in.
 * @throws {SubjectMapError}
 */
export function readSubjectMap(text: string): SubjectMap {
  const entries = readEntries(text)
  /** Whom each entry named. */
  const named = new Map<string, Set<string>>()
  /** By new subject: who has it, in the file or by the map. */
  const owners = new Map([...entries.values()].map((subject) => [subject, new Set<string>()]))
  const subjects = new Map<string, string>()
  const problems = new Set<string>()

  function note(user: UserRecord): void {
    for (const { id, provider_type } of user.identities)
      if (provider_type === PROVIDER) owners.get(id)?.add(user.id)
  }

  function apply(user: UserRecord): UserRecord {
    const keys = [...new Set([user.id, ...user.identities.map(({ id }) => id)])].filter((key) =>
      entries.has(key),
    )
    const [key, other] = keys
    for (const name of keys) named.set(name, (named.get(name) ?? new Set<string>()).add(user.id))
    if (other !== undefined)
      problems.add(`${quote(key)} and ${quote(other)} are the same user, ${user.id}: keep one of the two`)
    const subject = key === undefined ? undefined : entries.get(key)
    if (key === undefined || subject === undefined) {
      note(user)
      return user
    }
    const renamed = { ...user, identities: withSubject(user.identities, key, subject) }
    if (!hasOneTarget(user.identities, key))
      problems.add(`${quote(key)} has several subjects: name the old one that the new one replaces`)
    subjects.set(user.id, subject)
    note(renamed)
    return renamed
  }

  function check(): void {
    for (const [key] of entries) {
      const [first, second] = named.get(key) ?? []
      if (first === undefined) problems.add(`${quote(key)} names nobody in the file`)
      else if (second !== undefined)
        problems.add(`${quote(key)} names ${first} and ${second}: name them by their _id`)
    }
    for (const [subject, [first, second]] of owners)
      if (second !== undefined)
        problems.add(`the subject ${quote(subject)} would be that of ${first ?? ''} and of ${second}`)
    throwIfAny(problems)
  }

  return { apply, subjectOf: (id) => subjects.get(id), check }
}

const isOwn = ({ provider_type }: Identity): boolean => provider_type === PROVIDER
const quote = (text: string | undefined): string => JSON.stringify(text)

/** Whether it is clear which subject a new one replaces: the one that is named, or the only one, or none. */
function hasOneTarget(identities: readonly Identity[], key: string): boolean {
  const own = identities.filter(isOwn)
  return own.length < 2 || own.some(({ id }) => id === key)
}

/**
 * The old subject is replaced, since the new issuer may give it to somebody else; its data stays until the next login.
 * A user without one gets another identity.
 */
function withSubject(identities: readonly Identity[], key: string, subject: string): readonly Identity[] {
  const isNamed = (identity: Identity): boolean => isOwn(identity) && identity.id === key
  const index = identities.some(isNamed) ? identities.findIndex(isNamed) : identities.findIndex(isOwn)
  const old = identities[index]
  if (old) return identities.with(index, { ...old, id: subject })
  return [...identities, { id: subject, provider_type: PROVIDER, data: {} }]
}

function readEntries(text: string): ReadonlyMap<string, string> {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    throw new SubjectMapError('it is not JSON')
  }
  if (!isBag(value))
    throw new SubjectMapError(`it is ${describe(value)}, not an object { "<old id>": "<new subject>" }`)
  const problems = new Set<string>()
  const entries = new Map<string, string>()
  const keysOf = new Map<string, string>()
  for (const [key, subject] of Object.entries(value)) {
    if (typeof subject !== 'string' || subject.trim() === '' || !subject.isWellFormed()) {
      problems.add(`${quote(key)} has ${describe(subject)}, not a subject`)
      continue
    }
    const other = keysOf.get(subject)
    if (other !== undefined)
      problems.add(`${quote(other)} and ${quote(key)} have the same subject ${quote(subject)}`)
    entries.set(key, subject)
    keysOf.set(subject, key)
  }
  if (problems.size === 0) for (const key of repeatedKeys(text)) problems.add(`${quote(key)} is there twice`)
  if (entries.size === 0 && problems.size === 0) problems.add('it is empty')
  throwIfAny(problems)
  return entries
}

/** Keys that occur several times: the parser silently keeps only the last. */
function repeatedKeys(text: string): readonly string[] {
  const seen = new Set<string>()
  const repeated: string[] = []
  for (const [, string = '', colon] of text.matchAll(TEXTS)) {
    if (colon === undefined) continue
    const key = JSON.parse(string) as string
    if (seen.has(key)) repeated.push(key)
    seen.add(key)
  }
  return repeated
}

function throwIfAny(problems: ReadonlySet<string>): void {
  if (problems.size === 0) return
  const shown = [...problems].slice(0, MAX_SHOWN)
  const more = problems.size - shown.length
  throw new SubjectMapError([...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'))
}
