// What was measured, bench/results/*.json, and what shows it: the charts, README.md and bench/README.md.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { renderAll } from '../../bench/render.mjs'
import { readResults } from '../../bench/results.mjs'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const BLOCKS = /^<!-- bench:[a-z]+ -->$.*?^<!-- \/bench -->$/gms

for (const { path, text } of renderAll())
  test(`${path} shows what was measured: else npm --prefix bench run render`, () => {
    assert.equal(read(path), text)
  })

/** Every number in what was measured. */
const numbersIn = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : value !== null && typeof value === 'object'
      ? Object.values(value).flatMap(numbersIn)
      : []

test('each measured figure in a table of bench/README.md is in the JSON of its part', () => {
  const results = readResults()
  let figures = 0
  for (const [, part = '', block = ''] of read('bench/README.md').matchAll(
    /^<!-- bench:([a-z]+) -->\n(.*?)^<!-- \/bench -->$/gms,
  )) {
    const numbers = numbersIn(results[part]?.measured)
    const rows = block.split('\n').filter((line) => line.startsWith('| '))
    const isMeasured = (shown: string): boolean => {
      const digits = shown.split('.')[1]?.length ?? 0
      // Shares are shown in percent, bytes in megabytes.
      return [1, 100, 1e-6].some((unit) => numbers.some((value) => (value * unit).toFixed(digits) === shown))
    }
    for (const cell of rows.flatMap((row) => row.split('|').slice(2, -1))) {
      const [, shown] = /^ *(-?[\d,]+(?:\.\d+)?) *(?:µs|%|MB|s)? *$/.exec(cell) ?? []
      if (shown === undefined) continue
      figures += 1
      assert.ok(isMeasured(shown.replaceAll(',', '')), `${part}: ${cell.trim()}`)
    }
  }
  assert.ok(figures > 100, `${String(figures)} figures`)
})

test('no figure of a measurement is written by hand', () => {
  const [, measured = ''] = read('bench/README.md').split('## What was measured')
  const [prose = ''] = measured.replaceAll(BLOCKS, '').split('**Attacks**')
  assert.doesNotMatch(prose, /\d (?:µs|ms|%|MB)|\d\.\d/)
})

test('each result names its machine, date, versions and command, and no host', () => {
  for (const [part, { command, date, machine, load, versions }] of Object.entries(readResults())) {
    assert.equal(command, `npm run bench -- ${part}`)
    assert.match(date, /^\d{4}-\d\d-\d\d$/)
    assert.deepEqual(Object.keys(machine), ['cores', 'cpu'])
    assert.deepEqual(Object.keys(load), ['start', 'end'])
    for (const name of ['node', 'express', 'custom-jwt-auth'])
      assert.match(versions[name] ?? '', /^\d+\./, name)
  }
})

test('the charts are text that can be read aloud, light and dark', () => {
  for (const { path, text } of renderAll().filter(({ path }) => path.endsWith('.svg'))) {
    assert.match(text, /<title id="title">.+<\/title>\n {2}<desc id="description">.+<\/desc>/, path)
    assert.match(text, /prefers-color-scheme: dark/, path)
    // At 360 px, of which a page leaves 312, the smallest letters have more than 9 px.
    const [, width] = / viewBox="0 0 (\d+) /.exec(text) ?? []
    const sizes = [...text.matchAll(/font(?:-size)?: ([\d.]+)px/g)].map(([, size]) => Number(size))
    assert.ok((Math.min(...sizes) * 312) / Number(width) > 9, path)
  }
})
