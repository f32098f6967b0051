// VitePress looks for the pages that links lead to; this, in the built pages, for their anchors too.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** @throws with all dead links of the site in `folder` */
export function checkLinks(folder) {
  const pages = new Map(
    readdirSync(folder, { recursive: true })
      .filter((path) => path.endsWith('.html'))
      .map((path) => [`/${path}`, readFileSync(join(folder, path), 'utf8')]),
  )
  const ids = new Map(
    [...pages].map(([path, html]) => [
      path,
      new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  )
  const dead = new Set()
  for (const [path, html] of pages)
    for (const [, href] of html.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
      const { origin, pathname, hash } = new URL(href, `http://site${path}`)
      if (origin !== 'http://site') continue
      const page = pathname.replace(/\/$/, '/index.html')
      const id = decodeURIComponent(hash.slice(1))
      if (!ids.has(page) || (id !== '' && !ids.get(page).has(id))) dead.add(`${path}: ${href}`)
    }
  if (dead.size > 0) throw new Error(`Dead links:\n${[...dead].join('\n')}`)
  return pages.size
}
