import { printable as escapeControls } from '../printable.js'

/** A stream that may be a terminal. */
type Output = Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>

const paint =
  (code: number) =>
  (text: string, output: Output = process.stdout): string =>
    hasColors(output) ? `\u001b[${code}m${text}\u001b[0m` : text

export const bold = paint(1)
export const red = paint(31)
export const green = paint(32)
export const yellow = paint(33)
export const dim = paint(2)

/** A terminal with colours; `hasColors()` heeds NO_COLOR. */
function hasColors(output: Output): boolean {
  return output.isTTY && output.hasColors()
}

/** Text of others', of several lines, as it may be written to a terminal. */
export function printable(text: string): string {
  return escapeControls(text, '\n')
}

/** Prints lines for people. */
export function printLines(...lines: readonly string[]): void {
  for (const line of lines) console.log(line)
}

/** Prints one JSON document in one line, for scripts. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value))
}
