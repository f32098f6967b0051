// Builds the documentation site in site/dist, from the Markdown of the repository and the doc comments of lib/.
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'vitepress'
import { writeApi } from './api.mjs'
import { checkLinks } from './check-links.mjs'
import { writePages } from './markdown.mjs'

const site = import.meta.dirname
const root = dirname(site)
const work = join(site, '.build')

rmSync(work, { recursive: true, force: true })
const sidebar = writePages(root, join(work, 'pages'))
const api = await writeApi(root, join(work, 'pages', 'api'))
sidebar.find(({ text }) => text === 'Reference').items.push(api)
writeFileSync(join(work, 'sidebar.json'), JSON.stringify(sidebar))

await build(site)
const pages = checkLinks(join(site, 'dist'))
console.log(`${pages} pages in site/dist`)
