// Writes the charts and the figures in the texts from results/, as `npm run bench` does at its end.  npm run render
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { charts } from './charts.mjs'
import { front } from './front.mjs'
import { readResults } from './results.mjs'
import { tables } from './tables.mjs'

const root = new URL('../', import.meta.url)
const BLOCK = /^(<!-- bench:([a-z-]+) -->\n).*?^(<!-- \/bench -->)$/gms

/** A text with the blocks between its markers, `<!-- bench:calls -->` and `<!-- /bench -->`, written anew. */
const filled = (text, results) =>
  text.replaceAll(BLOCK, (_, begin, name, end) => {
    const markdown = tables[name]
      ? results[name]
        ? tables[name](results[name])
        : `Not measured with the version of today yet: \`npm run bench -- ${name}\`.`
      : front[name]?.(results)
    if (markdown === undefined) throw new Error(`nothing was measured that is called ${name}`)
    return `${begin}\n${markdown}\n\n${end}`
  })

/** Every file that shows what was measured, as it has to be: its path in the repository, and its text. */
export function renderAll() {
  const results = readResults()
  return [
    ...Object.entries(charts).map(([name, draw]) => ({
      path: `docs/charts/${name}.svg`,
      text: draw(results),
    })),
    ...['README.md', 'bench/README.md'].map((path) => ({
      path,
      text: filled(readFileSync(new URL(path, root), 'utf8'), results),
    })),
  ]
}

export function writeAll() {
  for (const { path, text } of renderAll()) writeFileSync(new URL(path, root), text)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) writeAll()
