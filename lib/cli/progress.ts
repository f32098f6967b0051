import { green } from './terminal.js'

const BAR_WIDTH = 30
const BAR_INTERVAL_MS = 100
const LINE_INTERVAL_MS = 5000

/** How far a long command has come. */
export interface Progress {
  /** @param read how many users @param fraction of the whole, from 0 to 1, when it is known */
  update(read: number, fraction: number | undefined): void
  /** Removes the bar, so that other lines can be printed. */
  clear(): void
  /** Users in a second, so far. */
  rate(read: number): number
}

/** A bar on a terminal; a line every five seconds elsewhere. On standard error: standard output is for the outcome. */
export function createProgress(output: NodeJS.WriteStream = process.stderr): Progress {
  const begun = performance.now()
  let shownAt = begun
  let hasBar = false

  const rate = (read: number): number =>
    Math.round(read / Math.max((performance.now() - begun) / 1000, 0.001))

  function clear(): void {
    if (hasBar) output.write('\r\u001b[K')
    hasBar = false
  }

  return {
    rate,
    clear,
    update(read, fraction) {
      const now = performance.now()
      if (now - shownAt < (output.isTTY ? BAR_INTERVAL_MS : LINE_INTERVAL_MS)) return
      shownAt = now
      const percent = fraction === undefined ? '' : `${Math.round(fraction * 100)} % `
      const text = `${percent}${read.toLocaleString('en')} users, ${rate(read).toLocaleString('en')} a second`
      if (!output.isTTY) output.write(`${text}\n`)
      else {
        const bar = fraction === undefined ? '' : `${drawBar(fraction, output)} `
        output.write(`\r\u001b[K${bar}${text}`)
        hasBar = true
      }
    },
  }
}

function drawBar(fraction: number, output: NodeJS.WriteStream): string {
  const full = Math.round(Math.min(fraction, 1) * BAR_WIDTH)
  return green('█'.repeat(full), output) + '░'.repeat(BAR_WIDTH - full)
}
