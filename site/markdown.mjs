// The Markdown of the repository as pages of the site: its links, its examples, and the files that it links to.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path/posix'
import { anchor } from './anchor.mjs'
import { SECTIONS } from './pages.mjs'

const EXAMPLE = /^examples\/([^/]+)(?:\/(.+))?$/
const IMAGE = /\.(?:svg|png)$/
const listed = Object.values(SECTIONS).flat()

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort()

const titleOf = (text) => /^# (.*)$/m.exec(text)?.[1]

/** Text as a block of code, whatever fences are in it. */
function codeBlock(path, text) {
  const longest = Math.max(3, ...[...text.matchAll(/`{3,}/g)].map(([fence]) => fence.length + 1))
  const fence = '`'.repeat(longest)
  const language = { '': 'text', '.mjs': 'js', '.cjs': 'js' }[extname(path)] ?? extname(path).slice(1)
  return `${fence}${language}\n${text.trimEnd()}\n${fence}\n`
}

/**
 * Writes the pages of the repository in `root` to `folder`.
 * @returns the navigation: a title and a path for each page of each section
 * @throws when a link leads to nothing
 */
export function writePages(root, folder) {
  const read = (path) => readFileSync(join(root, path), 'utf8')
  function write(path, text) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }

  // No host serves the repository, so whatever is linked to is on the site: an image as it is, a program as a page.
  function copy(path) {
    cpSync(join(root, path), join(folder, path))
  }
  const sourcePage = (path) => `source/${path.replace(/\.md$/, '-md')}.md`
  function writeSource(path) {
    const isFile = statSync(join(root, path)).isFile()
    const body = isFile
      ? codeBlock(path, read(path))
      : filesBelow(join(root, path)).map((name) => `- \`${name}\``)
    write(
      `source/${path}.md`,
      ['---', 'search: false', '---', '', `# ${path}`, '', 'From the repository.', '', body]
        .flat()
        .join('\n'),
    )
  }

  /** Where something of the repository is on the site. */
  function pageOf(path) {
    if (path === 'README.md') return '/index.md'
    if (listed.includes(path)) return `/${path}`
    const [, example, file = 'README.md'] = EXAMPLE.exec(path) ?? []
    if (example) return `/examples/${example}.md${file === 'README.md' ? '' : `#${anchor(file)}`}`
    if (path === 'examples') return '/examples/index.md'
    writeSource(path)
    return `/${sourcePage(path)}`
  }

  function relink(text, from) {
    const lead = (target) => {
      if (/^(?:[a-z]+:|#|\/)/.test(target)) return target
      const [file, hash] = target.split('#')
      const path = join(dirname(from), file).replace(/\/$/, '')
      if (!existsSync(join(root, path))) throw new Error(`${from}: the link ${target} leads to nothing`)
      if (IMAGE.test(path)) {
        copy(path)
        return `/${path}`
      }
      const page = pageOf(path)
      return hash === undefined ? page : `${page}#${hash}`
    }
    const inProse = (prose) =>
      prose
        .replaceAll(/\]\(([^()\s]+)/g, (_, target) => `](${lead(target)}`)
        .replaceAll(/ (src|srcset|href)="([^"]+)"/g, (_, name, target) => ` ${name}="${lead(target)}"`)
    // Blocks of code are left alone.
    return text
      .split(/^(`{3,}[\s\S]*?^`{3,}$)/m)
      .map((part, index) => (index % 2 === 0 ? inProse(part) : part))
      .join('')
  }

  const sections = Object.entries(SECTIONS).map(([text, paths]) => ({
    text,
    items: paths.map((path) => {
      const page = pageOf(path)
      write(page, relink(read(path), path))
      return { text: path === 'README.md' ? 'Overview' : titleOf(read(path)), link: page }
    }),
  }))

  const examples = readdirSync(join(root, 'examples')).map((name) => {
    const path = `examples/${name}/README.md`
    const files = filesBelow(join(root, 'examples', name)).filter((file) => file !== 'README.md')
    const sources = files.map((file) => `### ${file}\n\n${codeBlock(file, read(`examples/${name}/${file}`))}`)
    write(pageOf(path), `${relink(read(path), path)}\n## Its files\n\n${sources.join('\n')}`)
    return { text: titleOf(read(path)), link: pageOf(path) }
  })
  const list = examples.map(({ text, link }) => `- [${text}](${link})`)
  write('examples/index.md', ['# Examples', '', 'Each is started by one command.', '', ...list].join('\n'))

  return [...sections, { text: 'Examples', link: '/examples/index.md', collapsed: true, items: examples }]
}
