// The built site in a real browser: `npm run test:docs` builds it first.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, test, type TestContext } from 'node:test'
import express from 'express'
import { ERRORS } from '../../lib/errors.js'
import { anchor } from '../../site/anchor.mjs'
import { keepScreenshot, needsChromium, openPage } from '../examples/browser-page.js'
import { listen } from '../support/server.js'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const DIST = new URL('../../site/dist/', import.meta.url)

const PAGES = {
  home: '/',
  options: '/docs/options.html',
  error: '/docs/errors.html#token_expired',
  diagram: '/docs/stores.html#many-machines',
  users: '/api/custom-jwt-auth/interfaces/Users.html',
}
const WIDTHS = [360, 768, 1280]

/** The site and a browser that is at home on it. */
async function openSite(t: TestContext, options: object) {
  const server = await listen(express().use(express.static(DIST.pathname)))
  t.after(() => server.close())
  const { page, complaints } = await openPage(t, options)
  const elsewhere: string[] = []
  page.context().on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(server.url) && !url.startsWith('data:')) elsewhere.push(url)
  })
  return { page, complaints, elsewhere, origin: server.url }
}

/** What axe finds wrong with the page. */
const violations = `axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))`

describe('the site', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    test(`fits every width, in ${colorScheme}, for everybody, by itself`, needsChromium(), async (t) => {
      const { page, complaints, elsewhere, origin } = await openSite(t, {
        colorScheme,
        reducedMotion: 'reduce',
      })
      for (const [name, path] of Object.entries(PAGES))
        for (const width of WIDTHS) {
          const shown = `${name}-${String(width)}-${colorScheme}`
          await page.setViewportSize({ width, height: 900 })
          await page.goto(origin + path)
          await page.addScriptTag({ path: axe })
          assert.deepEqual(await page.evaluate(violations), [], shown)
          const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
          assert.equal(await page.evaluate(overflow), 0, `${shown} is wider than the screen`)
          await keepScreenshot(t, page, `site-${shown}`, { fullPage: false })
        }
      assert.deepEqual(complaints, [])
      assert.deepEqual(elsewhere, [])
    })

  test('the search finds an error code, without any other host', needsChromium(), async (t) => {
    const { page, complaints, elsewhere, origin } = await openSite(t, {})
    await page.goto(origin)
    await page.keyboard.press('ControlOrMeta+k')
    await page.getByRole('searchbox').fill('TOKEN_EXPIRED')
    await page.locator('a.result[href$="/docs/errors.html#token_expired"]').click()
    await page.waitForURL('**/docs/errors.html#token_expired')
    await page.getByRole('heading', { name: 'TOKEN_EXPIRED' }).waitFor()
    assert.deepEqual([complaints, elsewhere], [[], []])
  })

  test('has a place for every code, where the errors lead', () => {
    const html = readFileSync(new URL('docs/errors.html', DIST), 'utf8')
    for (const code of Object.keys(ERRORS)) assert.ok(html.includes(` id="${anchor(code)}"`), code)
  })
})
