import { stripVTControlCharacters } from 'node:util'
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

/** A terminal with colors; `hasColors()` respects NO_COLOR. */
function hasColors(output: Output): boolean {
  return output.isTTY && output.hasColors()
}

/** Untrusted text of several lines, safe to write to a terminal. */
export function printable(text: string): string {
  return escapeControls(text, '\n')
}

/** A count with its noun: `1 user`, `2,000 users`. */
export function plural(count: number, thing: string): string {
  return `${count.toLocaleString('en')} ${thing}${count === 1 ? '' : 's'}`
}

/** A line of text, broken between words where a terminal would break inside them; unchanged elsewhere. */
export function wrap(line: string, output: NodeJS.WriteStream = process.stdout): string {
  const { isTTY, columns } = output
  if (!isTTY || stripVTControlCharacters(line).length <= columns) return line
  // Continuation lines are indented to the last column, or to the beginning.
  const gap = /^(\s*)(?:\S+(?: \S+)* {2,}(?=\S))?/.exec(stripVTControlCharacters(line))?.[0].length ?? 0
  const margin = ' '.repeat(gap > columns / 2 ? 4 : gap)
  const lines: string[] = []
  let current = line.slice(0, line.length - line.trimStart().length)
  let isEmpty = true
  for (const part of line.trimStart().split(/(?<= )(?=[^ ])/)) {
    if (!isEmpty && stripVTControlCharacters(current + part.trimEnd()).length > columns) {
      lines.push(current.trimEnd())
      current = margin
    }
    current += part
    isEmpty = false
  }
  return [...lines, current].join('\n')
}

/** Prints text for people, wrapped: not for what is copied into a shell. */
export function printText(...lines: readonly string[]): void {
  printLines(...lines.map((line) => wrap(line)))
}

/** Prints lines for people. */
export function printLines(...lines: readonly string[]): void {
  for (const line of lines) console.log(line)
}

/** Prints one JSON document on one line, for scripts. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value))
}
