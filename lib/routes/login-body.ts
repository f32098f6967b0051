import { authError } from '../errors.js'

/** What a client sends to log in: `{"token": "<JWT>", "options": {"device": {"deviceId": "…"}}}`. */
export interface Login {
  readonly token: string
  /** As sent; Extended JSON may wrap it. */
  readonly deviceId: unknown
}

/**
 * Reads the body of a login.
 * @throws {AuthError} PARAMETER_MISSING or PARAMETER_INVALID, naming the parameter
 */
export function readLogin(body: unknown): Login {
  const { token, options } = objectAt('the request body', body)
  const text = textAt('token', token)
  const { device } = objectAt("'options'", options)
  const { deviceId } = objectAt("'options.device'", device)
  return { token: text, deviceId }
}

/**
 * A parameter that must be there, without the white space around it.
 * @throws {AuthError} PARAMETER_MISSING or PARAMETER_INVALID, naming the parameter
 */
export function textAt(name: string, value: unknown): string {
  if (value === undefined || value === null) throw missing(name)
  if (typeof value !== 'string') throw invalid(`'${name}'`, 'a string')
  if (value.trim() === '') throw missing(name)
  return value.trim()
}

/** An absent object is an empty one. */
function objectAt(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(name, 'an object')
  return value as Record<string, unknown>
}

function missing(name: string) {
  return authError('PARAMETER_MISSING', { reason: `missing parameter: '${name}'` })
}

export function invalid(name: string, wanted: string) {
  return authError('PARAMETER_INVALID', { reason: `invalid parameter: ${name} must be ${wanted}` })
}
