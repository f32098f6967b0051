// What the demo prints. Colours only on a terminal that has them.
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

const hasColours = process.stdout.isTTY && process.stdout.hasColors()
const paint = (style: Style, text: string): string => (hasColours ? styleText(style, text) : text)
const TOKEN = /eyJ[\w-]{9}[\w-]*\.[\w-]+\.[\w-]+/g

export type Screen = ReturnType<typeof createScreen>

/** @param say takes a line */
export function createScreen(say: (line: string) => void = console.log) {
  let steps = 0
  return {
    say,
    title(text: string) {
      say(paint('bold', text))
    },
    /** Begins the next step of the story. */
    step(title: string) {
      steps += 1
      say(`\n${paint('bold', `${String(steps).padStart(2)}  ${title}`)}`)
    },
    request(method: string, path: string, parts: Record<string, string>) {
      const sent = Object.entries(parts).map(([name, value]) => `${name}: ${shorten(value)}`)
      say(`    ${paint('cyan', `${method} ${path}`)}  ${sent.join('  ')}`.trimEnd())
    },
    answer(status: number, text: string) {
      say(`    ${paint(status < 400 ? 'green' : 'yellow', String(status))} ${shorten(text)}`.trimEnd())
    },
    failure(text: string) {
      say(`\n${paint('red', text)}`)
    },
  }
}

/** Tokens are long, and all alike. */
function shorten(text: string): string {
  return text.replace(TOKEN, (token) => `${token.slice(0, 6)}…${token.slice(-6)}`)
}
