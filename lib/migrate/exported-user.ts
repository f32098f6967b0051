import { describe } from '../problems.js'
import { PROVIDER, type Identity, type JsonValue, type UserData, type UserRecord } from '../user.js'
import { isObjectId } from '../users/user-id.js'
import { isBag, type Bag } from './report.js'

/** An exported user that cannot be imported. The message says why. */
export class ExportedUserError extends Error {}

/** What is read of an exported user; other keys are the caller's to report. */
export const USER_KEYS: readonly string[] = [
  '_id',
  'type',
  'identities',
  'data',
  'creation_date',
  'last_authentication_date',
  'disabled',
]

/** The same of its identities. `provider_id` names the old service's configuration. */
export const IDENTITY_KEYS: readonly string[] = [
  'id',
  'provider_type',
  'provider_id',
  'provider_data',
  'data',
]

const USER_TYPES = ['normal', 'server', 'system'] as const
/** As seconds, the year 5138; as milliseconds, 1973. */
const LIKELY_MILLISECONDS = 100_000_000_000
const ISO_DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/

/**
 * Reads a user as the original's admin API exports it, in JSON or Extended JSON, into the record that a store keeps.
 * Ids, identities (of other providers too), dates and `disabled` stay what they are.
 * @throws {ExportedUserError} when anything in it is missing or not understood: a user is taken whole or not at all
 */
export function readExportedUser(value: unknown): UserRecord {
  if (!isBag(value)) throw new ExportedUserError(`is ${describe(value)}, not a user`)
  if (value._id === undefined && isListed(value))
    throw new ExportedUserError(
      "comes from the CLI's `users list`, which has no identities: take what the Admin API answers (GET …/users)",
    )
  const id = readId(value._id)
  const { type = 'normal', disabled = false } = value
  const userType = USER_TYPES.find((known) => known === type)
  if (!userType) throw new ExportedUserError(`type is none of ${USER_TYPES.join(', ')}`)
  // Never guessed: a "true" that is taken for false would let someone in again.
  if (typeof disabled !== 'boolean')
    throw new ExportedUserError(`disabled is ${describe(disabled)}, not true or false`)
  const creation_date = readDate('creation_date', value.creation_date)
  const { last_authentication_date: last } = value
  return {
    id,
    type: userType,
    identities: readIdentities(value),
    creation_date,
    // The export may have none for a user who never came back.
    last_authentication_date: last === undefined ? creation_date : readDate('last_authentication_date', last),
    disabled,
  }
}

/** Whether this is a row of what the old command line printed with `--output-format json`, or all of them. */
function isListed(value: Bag): boolean {
  return 'ID' in value || ('data' in value && 'headers' in value) || 'doc' in value
}

function readId(value: unknown): string {
  const text = isBag(value) ? value.$oid : value
  const id = typeof text === 'string' ? text.toLowerCase() : undefined
  if (isObjectId(id)) return id
  throw new ExportedUserError(value === undefined ? '_id is missing' : '_id is not 24 hex characters')
}

function readIdentities({ identities: value, data = {} }: Bag): readonly Identity[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new ExportedUserError('identities is not a list, or is empty')
  const userData = readData('data', data)
  const given: readonly unknown[] = value
  const identities = given.map((item, index) => readIdentity(`identities[${index}]`, item))
  const [sole] = identities
  if (sole && identities.length === 1) return [{ ...sole, data: { ...userData, ...sole.data } }]
  // The export has one `data`, all identities' data merged. What none of them claims as its own may have come from any.
  const own = new Set(identities.flatMap((identity) => Object.keys(identity.data)))
  const unclaimed = Object.entries(userData).filter(([key]) => !own.has(key))
  if (unclaimed.length === 0) return identities
  // The next login replaces what the custom JWT provider's identity has, and no other. Of two that have a field, the
  // later one wins: the one that is refreshed has to be the later one.
  const isOwn = ({ provider_type }: Identity): boolean => provider_type === PROVIDER
  const [first, ...others] = [...identities.filter((item) => !isOwn(item)), ...identities.filter(isOwn)]
  return first ? [{ ...first, data: { ...Object.fromEntries(unclaimed), ...first.data } }, ...others] : []
}

function readIdentity(path: string, value: unknown): Identity {
  const { id, provider_type, data = {}, provider_data } = isBag(value) ? value : {}
  for (const [name, text] of Object.entries({ id, provider_type })) {
    if (typeof text !== 'string' || text === '')
      throw new ExportedUserError(`${path}.${name} is not a non-empty string`)
    if (!text.isWellFormed()) throw new ExportedUserError(`${path}.${name} is not valid Unicode`)
  }
  const shared = readData(`${path}.data`, data)
  const own =
    provider_data === undefined ? shared : { ...shared, ...readData(`${path}.provider_data`, provider_data) }
  return { id: id as string, provider_type: provider_type as string, data: own }
}

function readData(path: string, value: unknown): UserData {
  if (value === null) return {}
  if (!isBag(value)) throw new ExportedUserError(`${path} is ${describe(value)}, not an object`)
  return readMembers(path, value)
}

function readMembers(path: string, value: Bag): UserData {
  if (Object.hasOwn(value, '__proto__'))
    throw new ExportedUserError(`${path} has the forbidden key "__proto__"`)
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, readValue(`${path}.${key}`, item)]),
  )
}

/** A value without the type marks of Extended JSON: data came from claims, which are JSON. */
function readValue(path: string, value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map((item: unknown, index) => readValue(`${path}[${index}]`, item))
  if (!isBag(value)) return value as JsonValue
  const [[mark, marked] = [], ...others] = Object.entries(value)
  if (!mark?.startsWith('$') || others.length > 0) return readMembers(path, value)
  if (mark === '$oid' && typeof marked === 'string') return marked
  const instant = new Date(readInstant(value))
  if (!Number.isNaN(instant.getTime())) return instant.toISOString()
  const number = readNumber(value)
  if (number === undefined) throw new ExportedUserError(`${path} holds ${mark}, which JSON has no value for`)
  return number
}

/** A number of Extended JSON; undefined when it is none, or one that a double cannot hold. */
function readNumber(value: unknown): number | undefined {
  if (!isBag(value)) return typeof value === 'number' ? value : undefined
  const { $numberInt, $numberLong, $numberDouble } = value
  const text = $numberInt ?? $numberLong ?? $numberDouble
  if (typeof text !== 'string' || !/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return undefined
  const number = Number(text)
  return $numberDouble === undefined && !Number.isSafeInteger(number) ? undefined : number
}

/** Epoch seconds, of a number that says them, of an ISO date with its time zone, or of `{ "$date": … }`. */
function readDate(path: string, value: unknown): number {
  if (value === undefined) throw new ExportedUserError(`${path} is missing`)
  const number = readNumber(value)
  if (number !== undefined && number >= LIKELY_MILLISECONDS)
    throw new ExportedUserError(`${path} looks like milliseconds: divide it by 1000, or write {"$date": …}`)
  const seconds = number ?? readInstant(value) / 1000
  if (Number.isFinite(seconds) && seconds >= 0) return Math.floor(seconds)
  throw new ExportedUserError(
    `${path} is not a date: write epoch seconds, an ISO date with its time zone, or {"$date": …}`,
  )
}

/** Milliseconds since 1970, of an ISO date or `{ "$date": … }`; NaN when it is neither. */
function readInstant(value: unknown): number {
  const given = isBag(value) ? value.$date : value
  if (typeof given === 'string') return ISO_DATE.test(given) ? Date.parse(given) : Number.NaN
  return (isBag(value) ? readNumber(given) : undefined) ?? Number.NaN
}
