import { authError } from '../errors.js'
import { isObjectId } from '../users/user-id.js'

/** What a client sends to log in: `{"token": "<JWT>", "options": {"device": {"deviceId": "…"}}}`. */
export interface Login {
  readonly token: string
  /** The client's own device id, if it sent a valid one. */
  readonly deviceId: string | undefined
}

/** What old SDKs send before they have been given a device id. */
const NO_DEVICE = '0'.repeat(24)

/**
 * Reads the body of a login. Only the two strings are kept.
 * @throws {AuthError} PARAMETER_MISSING or PARAMETER_INVALID, naming the parameter
 */
export function readLogin(body: unknown): Login {
  const { token, options } = objectAt('the request body', body)
  const text = textAt('token', token)
  const { device } = objectAt("'options'", options)
  const { deviceId } = objectAt("'options.device'", device)
  return { token: text, deviceId: readDeviceId(deviceId) }
}

/**
 * A required parameter, without surrounding whitespace.
 * @throws {AuthError} PARAMETER_MISSING or PARAMETER_INVALID, naming the parameter
 */
export function textAt(name: string, value: unknown): string {
  if (value === undefined || value === null) throw missing(name)
  if (typeof value !== 'string') throw invalid(`'${name}'`, 'a string')
  if (value.trim() === '') throw missing(name)
  return value.trim()
}

/** An absent object is an empty one. */
export function objectAt(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(name, 'an object')
  return value as Record<string, unknown>
}

/** Extended JSON may wrap it: `{"$oid": "…"}`. */
function readDeviceId(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null ? (value as { $oid?: unknown }).$oid : value
  const lower = typeof id === 'string' ? id.toLowerCase() : undefined
  return isObjectId(lower) && lower !== NO_DEVICE ? lower : undefined
}

function missing(name: string) {
  return authError('PARAMETER_MISSING', { reason: `missing parameter: '${name}'` })
}

export function invalid(name: string, wanted: string) {
  return authError('PARAMETER_INVALID', { reason: `invalid parameter: ${name} must be ${wanted}` })
}
