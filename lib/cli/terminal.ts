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

/** Text of others', with what would command the terminal, or turn the direction of writing, shown as escapes. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (char) =>
    char === '\n' ? char : `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  )
}

/** Prints lines for people. */
export function printLines(...lines: readonly string[]): void {
  for (const line of lines) console.log(line)
}

/** Prints one JSON document in one line, for scripts. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value))
}
