// The built site in a real browser: `npm run test:docs` builds it first.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import express from 'express'
import { ERRORS } from '../../lib/errors.js'
import { anchor } from '../../site/anchor.mjs'
import { checkLinks } from '../../site/check-links.mjs'
import { keepScreenshot, needsChromium, openPage } from '../examples/browser-page.js'
import { listen } from '../support/server.js'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const DIST = new URL('../../site/dist/', import.meta.url)

/** One of each kind. */
const PAGES = {
  home: '/',
  guide: '/docs/issuers.html',
  options: '/docs/options.html',
  error: '/docs/errors.html#token_expired',
  cli: '/docs/cli.html',
  migration: '/docs/migrating-from-app-services.html',
  diagram: '/docs/stores.html#many-machines',
  example: '/examples/quick-start.html',
  'api-module': '/api/custom-jwt-auth/',
  'api-class': '/api/custom-jwt-auth/classes/ConfigurationError.html',
  'api-function': '/api/custom-jwt-auth/functions/customJwtAuth.html',
  'api-interface': '/api/custom-jwt-auth/interfaces/Users.html',
  changelog: '/CHANGELOG.html',
  'not-found': '/404.html',
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
const violations = (options: object) => `axe.run(${JSON.stringify(options)}).then(({ violations }) =>
  violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 200)).join(' | ')))`

/** What axe looks for; dark is the same page in other colors. */
const RULES = { light: {}, dark: { runOnly: ['color-contrast'] } }

/** By how many pixels the page is wider than the screen. */
const OVERFLOW = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

describe('the site', { concurrency: availableParallelism() }, () => {
  for (const [name, path] of Object.entries(PAGES))
    test(
      `${name}: fits every width, light and dark, for everybody, by itself`,
      needsChromium(),
      async (t) => {
        const { page, complaints, elsewhere, origin } = await openSite(t, { reducedMotion: 'reduce' })
        await page.goto(origin + path)
        await page.addScriptTag({ path: axe })
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 })
          await page.evaluate(`document.getElementById(location.hash.slice(1))?.scrollIntoView()`)
          for (const [colorScheme, rules] of Object.entries(RULES)) {
            const shown = `${name}-${String(width)}-${colorScheme}`
            await page.emulateMedia({ colorScheme: colorScheme as keyof typeof RULES })
            await page.locator(colorScheme === 'dark' ? 'html.dark' : 'html:not(.dark)').waitFor()
            await keepScreenshot(t, page, `site-${shown}`, { fullPage: false })
            assert.deepEqual(await page.evaluate(violations(rules)), [], shown)
          }
          assert.equal(await page.evaluate(OVERFLOW), 0, `wider than ${String(width)} pixels`)
        }
        assert.deepEqual([complaints, elsewhere], [[], []])
      },
    )

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

  test('is not built with a dead link or anchor', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'site-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const links = (...targets: string[]) => targets.map((target) => `<a href="${target}">…</a>`).join('')
    writeFileSync(
      join(folder, 'a.html'),
      `<h2 id="here">…</h2>${links('#here', 'https://elsewhere.example/')}`,
    )
    writeFileSync(join(folder, 'b.html'), links('/a.html#here'))
    assert.equal(checkLinks(folder), 2)
    writeFileSync(join(folder, 'b.html'), links('/c.html', '/a.html#there'))
    assert.throws(() => checkLinks(folder), {
      message: 'Dead links:\n/b.html: /c.html\n/b.html: /a.html#there',
    })
  })

  test('has a place for every code, where the errors lead', () => {
    const html = readFileSync(new URL('docs/errors.html', DIST), 'utf8')
    for (const code of Object.keys(ERRORS)) assert.ok(html.includes(` id="${anchor(code)}"`), code)
  })
})
