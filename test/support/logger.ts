// A logger that keeps its lines, and has them scanned for secrets.
import type { ErrorCode, Logger } from 'custom-jwt-auth'
import { overhear } from './secrecy.js'

export interface LogLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: {
    readonly code?: ErrorCode
    readonly status?: number
    readonly userId?: string
    readonly err?: unknown
    readonly got?: unknown
    readonly fix?: unknown
  }
}

export interface RecordingLogger extends Logger {
  readonly lines: LogLine[]
  /** The code of the newest refusal. */
  lastCode(): ErrorCode | undefined
}

export function recordingLogger(): RecordingLogger {
  const lines: LogLine[] = []
  const record = (level: keyof Logger) => (fields: object, message: string) => {
    overhear([fields, message])
    lines.push({ level, fields, message })
  }
  return {
    lines,
    lastCode: () => lines.findLast(({ fields }) => fields.code !== undefined)?.fields.code,
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  }
}
