import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { anchor } from '../anchor.mjs'
import { diagrams } from '../diagrams.mjs'

const sidebar = JSON.parse(readFileSync(new URL('../.build/sidebar.json', import.meta.url), 'utf8'))

export default defineConfig({
  srcDir: '.build/pages',
  cacheDir: '.build/cache',
  outDir: 'dist',
  lang: 'en-US',
  title: 'custom-jwt-auth',
  description: 'JWT sign-in middleware for Express and Connect',
  // None: a browser that finds no icon asks for one, and its absence is an error in the console.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    anchor: { slugify: anchor },
    config: (md) => md.use(diagrams),
  },
  themeConfig: {
    nav: [
      { text: 'Options', link: '/docs/options' },
      { text: 'Errors', link: '/docs/errors' },
      { text: 'API', link: '/api/' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
  },
})
