// Blocks of Mermaid in the Markdown become SVG when the site is built: no script and no font is loaded for them, and their
// colors are those of the page (theme/style.css).
import { renderMermaidSVG } from 'beautiful-mermaid'

const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')

function toSvg(source) {
  const [, title] = /^ *accTitle: (.+)$/m.exec(source) ?? []
  const [, description] = /^ *accDescr: (.+)$/m.exec(source) ?? []
  if (!title || !description) throw new Error(`A diagram needs accTitle and accDescr:\n${source}`)
  const svg = renderMermaidSVG(source.replaceAll(/^ *acc(?:Title|Descr): .+\n/gm, ''), { padding: 8 })
    // The library's style names a font on another host.
    .replace(/<style>[\s\S]*?<\/style>/, `<title>${escape(title)}</title><desc>${escape(description)}</desc>`)
    .replace(/^<svg ([^>]*?) style="[^"]*"/, `<svg $1 role="img"`)
    .replaceAll(/\n\s*/g, ' ')
  // Wider than a phone, it is scrolled: by keyboard too.
  return `<figure class="diagram" tabindex="0" role="group" aria-label="${escape(title)}" v-pre>${svg}</figure>\n`
}

/** A plugin of markdown-it: diagrams, and pictures whose text a phone would make too small to read. */
export function diagrams(md) {
  const { fence, image } = md.renderer.rules
  md.renderer.rules.image = (tokens, index, ...rest) => {
    const label = escape(tokens[index].content.replaceAll(/\s+/g, ' '))
    return `<span class="picture" tabindex="0" role="group" aria-label="${label}">${image(tokens, index, ...rest)}</span>`
  }
  md.renderer.rules.fence = (tokens, index, ...rest) =>
    tokens[index].info === 'mermaid' ? toSvg(tokens[index].content) : fence(tokens, index, ...rest)
}
