import { OperationError, UsageError } from './command.js'
import { codeOf } from './keys.js'

/** The port that `--port` names. */
export function readPort(text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text)
  throw new UsageError('--port is a number from 0 to 65535')
}

/** The error of a server that cannot listen. */
export function portTaken(port: number, error: unknown): OperationError {
  return new OperationError(`port ${port} cannot be used (${codeOf(error)}): pass another --port, or 0`)
}
