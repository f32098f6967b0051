// Charts as plain SVG: bars and lines, readable on a telephone, on light and on dark pages.

const WIDTH = 400
const MARGIN = 16
const INNER = WIDTH - 2 * MARGIN

const escaped = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
const at = (value) => String(Number(value.toFixed(1)))

/** Text in lines of at most what fits in beside one another. */
function wrapped(text, size) {
  const most = Math.floor(INNER / (size * 0.52))
  const lines = ['']
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim()
    if (longer.length > most) lines.push(word)
    else lines[lines.length - 1] = longer
  }
  return lines
}

/** A picture that grows downward. */
function startDrawing() {
  const shapes = []
  let y = 8
  return {
    get y() {
      return y
    },
    add: (shape) => shapes.push(shape),
    moveDown: (height) => (y += height),
    /** Lines of text, each below the one before. */
    write(text, size, kind) {
      for (const line of wrapped(text, size)) {
        y += size * 1.35
        shapes.push(`<text x="${MARGIN}" y="${at(y)}" class="${kind}">${escaped(line)}</text>`)
      }
    },
    finish: ({ title, description }) => `<svg xmlns="http://www.w3.org/2000/svg" width="440" height="${at(
      (y + 16) * (440 / WIDTH),
    )}" viewBox="0 0 ${WIDTH} ${at(y + 16)}" role="img" aria-labelledby="title description">
  <title id="title">${escaped(title)}</title>
  <desc id="description">${escaped(description)}</desc>
  <style>
    .page { fill: #f6f8fa; stroke: #d0d7de }
    text { font: 14px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; fill: #1f2328 }
    .title { font-size: 16px; font-weight: bold } .panel, .us { font-weight: bold } .foot { font-size: 12.5px }
    .foot, .axis { fill: #57606a } .end { text-anchor: end } .middle { text-anchor: middle }
    .bar { fill: #8c959f } .bar.ours { fill: #0969da } .bar.reference { fill: #c6cdd5 }
    .grid { stroke: #d0d7de } .line { fill: none; stroke-width: 2.5 } .dashed { stroke-dasharray: 6 4 }
    .a { stroke: #0969da } .b { stroke: #bc4c00 } .dot { stroke-width: 2; fill: #f6f8fa }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; stroke: #30363d }
      text { fill: #e6edf3 }
      .foot, .axis { fill: #9aa4af }
      .bar { fill: #768390 } .bar.ours { fill: #58a6ff } .bar.reference { fill: #3d444d }
      .grid { stroke: #30363d } .a { stroke: #58a6ff } .b { stroke: #ffa657 } .dot { fill: #0d1117 }
    }
  </style>
  <rect class="page" x="0.5" y="0.5" width="${WIDTH - 1}" height="${at(y + 15)}" rx="8" />
${shapes.map((shape) => `  ${shape}`).join('\n')}
</svg>
`,
  }
}

const ROW_HEIGHT = 19
/** What the longest of these texts takes, with a gap. */
const widest = (texts) => Math.max(...texts.map(({ length }) => length)) * 7.4 + 8

/**
 * Panels of horizontal bars, each between its name and its label; a panel has a scale of its own, which begins at zero.
 * @param panels `{ title, rows: [{ name, value, label, kind }] }`; kind: 'ours', 'reference' or nothing
 */
export function drawBars({ title, description, panels, foot }) {
  const drawing = startDrawing()
  drawing.write(title, 16, 'title')
  for (const panel of panels) {
    drawing.moveDown(12)
    drawing.write(panel.title, 14, 'panel')
    drawing.moveDown(4)
    const most = Math.max(...panel.rows.map(({ value }) => value))
    const nameWidth = widest(panel.rows.map(({ name }) => name))
    const barWidth = INNER - nameWidth - widest(panel.rows.map(({ label }) => label))
    for (const { name, value, label, kind = '' } of panel.rows) {
      drawing.moveDown(ROW_HEIGHT)
      const { y } = drawing
      const text = kind === 'ours' ? 'us' : 'them'
      const width = Math.max(1.5, (barWidth * value) / most)
      drawing.add(`<text x="${MARGIN}" y="${at(y)}" class="${text}">${escaped(name)}</text>`)
      if (value > 0)
        drawing.add(
          `<rect x="${at(MARGIN + nameWidth)}" y="${at(y - 9)}" width="${at(width)}" height="8" rx="1.5" class="${`bar ${kind}`.trim()}" />`,
        )
      drawing.add(`<text x="${WIDTH - MARGIN}" y="${at(y)}" class="${text} end">${escaped(label)}</text>`)
    }
  }
  drawing.moveDown(8)
  drawing.write(foot, 12.5, 'foot')
  return drawing.finish({ title, description })
}

const PLOT_HEIGHT = 170
const AXIS_WIDTH = 34

/**
 * Lines over a logarithmic x axis; y begins at zero.
 * @param series `{ name, label, kind, points: [{ x, y }] }`; kind: classes of its line
 * @param ticks what is written below and beside the axes: `{ x: [[value, text]], y: [[value, text]] }`
 */
export function drawLines({ title, description, unit, series, ticks, foot }) {
  const drawing = startDrawing()
  drawing.write(title, 16, 'title')
  drawing.moveDown(6)
  drawing.write(unit, 14, 'axis')
  const top = drawing.y + 14
  const bottom = top + PLOT_HEIGHT
  const [left, right] = [MARGIN + AXIS_WIDTH, WIDTH - MARGIN - 26]
  const [[lowest], [highest]] = [ticks.x[0], ticks.x.at(-1)]
  const most = ticks.y.at(-1)[0]
  const xOf = (x) => at(left + ((right - left) * Math.log(x / lowest)) / Math.log(highest / lowest))
  const yOf = (y) => at(bottom - (PLOT_HEIGHT * y) / most)
  for (const [value, text] of ticks.y) {
    drawing.add(`<line x1="${left}" x2="${right}" y1="${yOf(value)}" y2="${yOf(value)}" class="grid" />`)
    const middle = at(Number(yOf(value)) + 5)
    drawing.add(`<text x="${left - 8}" y="${middle}" class="axis end">${escaped(text)}</text>`)
  }
  for (const [value, text] of ticks.x)
    drawing.add(`<text x="${xOf(value)}" y="${at(bottom + 20)}" class="axis middle">${escaped(text)}</text>`)
  for (const { points, kind } of series) {
    const way = points.map(({ x, y }) => `${xOf(x)},${yOf(y)}`).join(' ')
    drawing.add(`<polyline points="${way}" class="line ${kind}" />`)
    for (const { x, y } of points)
      drawing.add(`<circle cx="${xOf(x)}" cy="${yOf(y)}" r="3.5" class="dot ${kind.split(' ')[0]}" />`)
  }
  drawing.moveDown(bottom - drawing.y + 28)
  for (const { name, label, kind } of series) {
    drawing.moveDown(21)
    const { y } = drawing
    drawing.add(
      `<line x1="${MARGIN}" x2="${MARGIN + 30}" y1="${at(y - 5)}" y2="${at(y - 5)}" class="line ${kind}" />`,
    )
    drawing.add(`<text x="${MARGIN + 38}" y="${at(y)}">${escaped(name)}</text>`)
    drawing.add(`<text x="${WIDTH - MARGIN}" y="${at(y)}" class="end">${escaped(label)}</text>`)
  }
  drawing.moveDown(10)
  drawing.write(foot, 12.5, 'foot')
  return drawing.finish({ title, description })
}
