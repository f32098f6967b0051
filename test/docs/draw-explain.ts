// The picture of README.md: what `custom-jwt-auth explain` prints of a token whose audience has a slash too many, as a
// terminal shows it.  npx tsx test/docs/draw-explain.ts
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCli } from '../support/cli.js'
import { APP_ID, claims, mint, NOW, SECRET } from '../support/tokens.js'

const WIDTH = 92
const LINE = 19
const COMMAND = 'npx custom-jwt-auth explain - --config auth.config.mjs < token.txt'

/** The picture's file, and what is in it. */
export const picture = fileURLToPath(new URL('../../docs/explain.svg', import.meta.url))
export const readPicture = (): string => readFileSync(picture, 'utf8')

/** What the command prints: the clock stands still, so that it is the same tomorrow. */
async function explained(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'draw-explain-'))
  try {
    const options = { appId: APP_ID, signingAlgorithm: 'HS256', signingKeys: [SECRET] }
    const config = `export default { ...${JSON.stringify(options)}, clock: () => ${String(NOW * 1000)} }`
    writeFileSync(join(folder, 'auth.config.mjs'), config)
    const input = mint(claims({ aud: `${APP_ID}/` }))
    const { stdout } = await runCli(['explain', '-', '--config', 'auth.config.mjs'], { cwd: folder, input })
    return stdout.trimEnd()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Long lines go on below where their text begins. */
function wrapped(line: string): string[] {
  const indent = ' '.repeat(/^[✓✗?] \S+ +/.exec(line)?.[0].length ?? /^ */.exec(line)?.[0].length ?? 0)
  const lines: string[] = []
  let rest = line
  while (rest.length > WIDTH) {
    const end = rest.lastIndexOf(' ', WIDTH)
    lines.push(rest.slice(0, end))
    rest = indent + rest.slice(end + 1)
  }
  return [...lines, rest]
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function drawn(line: string): string {
  const [, sign = '', rest = line] = /^([✓✗?])(.*)$/.exec(line) ?? []
  const colors: Readonly<Record<string, string>> = { '✓': 'good', '✗': 'bad', '?': 'open' }
  if (sign !== '') return `<tspan class="${colors[sign] ?? ''}">${sign}</tspan>${escaped(rest)}`
  // What begins at the margin is the verdict, the command aside.
  if (/^[^\s$]/.test(line)) return `<tspan class="bad">${escaped(line)}</tspan>`
  return /^ +expected: /.test(line) ? `<tspan class="dim">${escaped(line)}</tspan>` : escaped(line)
}

/** The picture, readable on light and on dark pages. */
export async function draw(): Promise<string> {
  const lines = [`$ ${COMMAND}`, ...(await explained()).split('\n').flatMap(wrapped)]
  const height = lines.length * LINE + 30
  const texts = lines.map(
    (line, index) =>
      `  <text x="18" y="${String(32 + index * LINE)}" xml:space="preserve">${drawn(line)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="600" height="${String(Math.round((height * 600) / 800))}" viewBox="0 0 800 ${String(height)}" role="img" aria-label="${escaped(COMMAND)}">
  <style>
    rect { fill: #f6f8fa; stroke: #d0d7de }
    text { font: 13.5px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; fill: #1f2328 }
    .good { fill: #116329 } .bad { fill: #a40e26; font-weight: bold } .open { fill: #7d4e00 } .dim { fill: #57606a }
    @media (prefers-color-scheme: dark) {
      rect { fill: #0d1117; stroke: #30363d }
      text { fill: #e6edf3 }
      .good { fill: #56d364 } .bad { fill: #ff8a80 } .open { fill: #e3b341 } .dim { fill: #9aa4af }
    }
  </style>
  <rect x="0.5" y="0.5" width="799" height="${String(height - 1)}" rx="8" />
${texts.join('\n')}
</svg>
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(picture, await draw())
