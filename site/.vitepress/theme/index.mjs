// VitePress's theme in the fonts of the reader's system, with a page of our own for what is not there: the theme's has no
// landmark, and a link whose name is not what it shows.
import { withBase } from 'vitepress'
import theme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import './style.css'

const notFound = () =>
  h('main', { class: 'vp-doc not-found' }, [
    h('h1', 'There is no such page'),
    h('p', ['Search for it above, or begin with the ', h('a', { href: withBase('/') }, 'overview'), '.']),
  ])

export default {
  extends: theme,
  Layout: () => h(theme.Layout, null, { 'not-found': notFound }),
}
