// The page in a real browser: what somebody sees, hears and types at 2 a.m., and that nothing of it leaves the machine.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import express from 'express'
import { customJwtAuth, memoryStore, type CustomJwtAuthOptions } from 'custom-jwt-auth'
import { createInspectPage } from '../../lib/inspect/inspect-page.js'
import type { Configuration } from '../../lib/inspect/report.js'
import { keepScreenshot, needsChromium, openPage } from '../examples/browser-page.js'
import { listen } from '../support/server.js'
import { APP_ID, claims, mint, NOW, OTHER_SECRET, SECRET } from '../support/tokens.js'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
const EXPIRED = mint(
  claims({ aud: `${APP_ID}/`, exp: NOW - 180, iss: 'https://issuer.example', roles: ['admin', 'clerk'] }),
)

function guard(options: object = {}) {
  const all = {
    appId: APP_ID,
    signingAlgorithm: 'HS256',
    signingKeys: [SECRET],
    clock: () => NOW * 1000,
    ...options,
  }
  return customJwtAuth(all as CustomJwtAuthOptions)
}

async function openApp(t: TestContext, options: object = {}, browser: object = {}) {
  const app = express()
  app.use('/inspect', guard({ autoCreateUser: true, ...options }).inspectPage())
  return open(t, app, '/inspect', browser)
}

async function open(t: TestContext, app: Parameters<typeof listen>[0], path: string, browser: object) {
  const server = await listen(app)
  t.after(() => server.close())
  const { page, complaints } = await openPage(t, browser)
  const requests: string[] = []
  page.context().on('request', (request) => requests.push(request.url()))
  await page.goto(server.url + path)
  return { page, complaints, requests, origin: server.url }
}

/** As somebody does who has copied it. */
async function paste(page: Page, text: string): Promise<void> {
  await page.getByLabel('Token', { exact: true }).focus()
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`)
  await page.keyboard.press('ControlOrMeta+V')
}

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] }
const verdictOf = (page: Page, title: string) =>
  page.getByRole('heading', { name: title, exact: false, level: 2 })
const textOf = (page: Page, heading: string) => page.getByRole('region', { name: heading }).innerText()

/** Where the browser could keep something. */
const KEPT =
  'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state])'

describe('the page that inspects tokens', { concurrency: 2 }, () => {
  test(
    'a pasted token: which check fails, what to do, what the guard answers',
    needsChromium(),
    async (t) => {
      const { page, complaints, requests, origin } = await openApp(t, {}, CLIPBOARD)
      await paste(page, `  ${EXPIRED}\n`)
      await verdictOf(page, 'Refused: aud').waitFor()
      assert.equal(await page.evaluate('document.activeElement.id'), 'verdict-title', 'it is read at once')
      const verdict = await textOf(page, 'Refused: aud')
      assert.match(verdict, /Expected\s+"myapp-abcde"\s+Got\s+"myapp-abcde\/"/)
      assert.match(verdict, /What to do\s+The audience differs by a trailing slash: make them match/)
      await page.getByRole('link', { name: 'exp', exact: true }).click()
      assert.match(
        await page.locator(':target').innerText(),
        /exp\s+failed[^]*Expired 3 minutes ago: get a new token/,
      )
      assert.match(
        await textOf(page, 'What the guard answers'),
        /^.*\n+401\s*TOKEN_AUDIENCE_MISMATCH\n[^]*WWW-Authenticate: Bearer[^]*"error_code": "AuthError"/,
      )
      assert.match(
        await textOf(page, 'Claims'),
        /exp\s+\d+\s+Expired 3 minutes ago\s+2023-11-14 22:10:20 UTC\s+✗ fails its check/,
      )
      assert.match(await textOf(page, 'Header'), /alg\s+"HS256"/)
      assert.match(await textOf(page, 'Which user it is'), /No user yet; autoCreateUser/)
      await page.getByRole('status').filter({ hasText: 'Inspected: Refused: aud' }).waitFor()

      await page.getByRole('button', { name: 'Copy result' }).click()
      await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor()
      const copied = String(await page.evaluate('navigator.clipboard.readText()'))
      assert.match(copied, /^✗ aud: "myapp-abcde\/"\n {4}expected: "myapp-abcde"$/m)
      const [, payload = '', signature = ''] = EXPIRED.split('.')
      assert.ok(!copied.includes(payload) && !copied.includes(signature))

      const values = String(
        await page.evaluate(
          '[...document.querySelectorAll("textarea, input")].map((field) => field.value).join()',
        ),
      )
      assert.ok(!`${await page.content()}${values}`.includes(signature), 'the signature is not shown')
      assert.ok(!String(await page.evaluate(KEPT)).includes(payload), 'nothing is kept')
      assert.deepEqual([...new Set(requests)], [`${origin}/inspect`])
      assert.equal(requests.length, 2)
      assert.deepEqual(complaints, [])
    },
  )

  test('by keyboard: inspected, again, another one', needsChromium(), async (t) => {
    const { page, complaints } = await openApp(t)
    assert.equal(await page.evaluate('document.activeElement.id'), 'token')
    await page.keyboard.insertText(mint())
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await verdictOf(page, 'Accepted').waitFor()
    assert.match(
      await textOf(page, 'Accepted'),
      /Accepted as Authorization: Bearer or in the header jwtTokenString\./,
    )
    assert.match(await textOf(page, 'What the guard answers'), /next\(\)[^]*req\.user/)
    assert.equal(await page.getByLabel('Token', { exact: true }).inputValue(), '')
    await page.getByRole('button', { name: 'Inspect again' }).press('Enter')
    await page.locator('#verdict-title:focus').waitFor()
    await page.getByRole('button', { name: 'Another token' }).press('Enter')
    await page.locator('#token:focus').waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Accepted' }).count(), 0)
    await page.keyboard.insertText('not a token')
    await page.getByRole('button', { name: 'Inspect', exact: true }).press('Enter')
    await verdictOf(page, 'Refused: format').waitFor()
    assert.match(await textOf(page, 'Claims'), /Cannot be read/)
    assert.match(await textOf(page, 'Which user it is'), /the token does not name one/)
    assert.deepEqual(complaints, [])

    // Even a script of the page could send nothing elsewhere.
    const elsewhere = page.evaluate(
      "fetch('http://127.0.0.1:9/', { mode: 'no-cors' }).then(() => 'sent', String)",
    )
    assert.match(String(await elsewhere), /TypeError/)
    assert.match(complaints.join(), /Content Security Policy/)
  })

  test(
    'a token of the terminal is there at once, and every configuration has its verdict',
    needsChromium(),
    async (t) => {
      const { page, complaints } = await openConfigurations(t)
      await verdictOf(page, 'Accepted').waitFor()
      const radio = (name: string) => page.getByRole('radio', { name })
      assert.ok(await radio('production.mjs ').isChecked(), 'the one that accepts it')
      assert.match(await textOf(page, 'Every check'), /metadata[^]*passed, but\s+The dots of https/)
      await radio('production.mjs').press('ArrowLeft')
      await verdictOf(page, 'Refused: signature').waitFor()
      assert.equal(await page.evaluate('document.activeElement.value'), '0', 'the focus stays')
      await page.getByRole('status').filter({ hasText: 'staging.mjs: Refused: signature' }).waitFor()
      await radio('hook.mjs').check()
      await verdictOf(page, 'Not decided: user').waitFor()
      assert.match(await textOf(page, 'What the guard answers'), /could not be decided/)
      // What it does not know yet.
      assert.match(await textOf(page, 'Not decided: user'), /Provider\s+staff/)
      assert.match(await textOf(page, 'Every check'), /Tried\s+3/)
      await page.reload()
      await page.locator('#token:focus').waitFor()
      assert.equal(
        await page.getByRole('heading', { level: 2, name: 'Accepted' }).count(),
        0,
        'handed over once',
      )
      assert.deepEqual(complaints, [])
    },
  )

  test('a server that is gone, and one that is another since, are named', needsChromium(), async (t) => {
    let inner = inspectPage()
    const { page } = await open(
      t,
      (req, res) => {
        inner(req, res)
      },
      '/',
      {},
    )
    inner = inspectPage()
    await page.keyboard.insertText('x')
    await page.getByRole('button', { name: 'Inspect' }).click()
    await page.getByRole('alert').filter({ hasText: 'reload it' }).waitFor()
    await page.route('**/*', (route) => route.abort())
    await page.getByRole('button', { name: 'Inspect' }).click()
    await page.getByRole('alert').filter({ hasText: 'Is it still running?' }).waitFor()
  })

  test('no claim becomes HTML, changes its neighbors or breaks the page', needsChromium(), async (t) => {
    const { page, complaints } = await openApp(
      t,
      { maxTokenLength: 100_000 },
      { viewport: { width: 360, height: 740 } },
    )
    const evil = '<img src=x onerror=alert(1)><script>alert(1)</script>'
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`c${String(index)}`, index]))
    const token = mint(
      claims({
        sub: evil,
        [evil]: 'a\u202eb',
        long: 'w'.repeat(9000),
        aud: 'W'.repeat(300),
        exp: 1e15,
        ...many,
      }),
    )
    await page.keyboard.insertText(token)
    await page.getByRole('button', { name: 'Inspect' }).click()
    await verdictOf(page, 'Refused: aud').waitFor()
    const shown = await textOf(page, 'Claims')
    assert.ok(shown.includes('a\\u{202e}b') && shown.includes(evil))
    assert.match(shown, /and \d+ more/)
    assert.match(shown, /In milliseconds instead of seconds/)
    assert.equal(await page.locator('img, main script').count(), 0)
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
    assert.deepEqual(complaints, [])
  })

  test(
    'axe finds nothing, and nothing is too wide, at each width, light and dark',
    needsChromium(),
    async (t) => {
      // axe writes into the page, which its policy forbids; the other tests run under it.
      const { page } = await openConfigurations(t, { bypassCSP: true, ...CLIPBOARD })
      const look = async (state: string) => {
        for (const width of [360, 768, 1280])
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.setViewportSize({ width, height: 900 })
            await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
            assert.equal(
              await page.evaluate('document.documentElement.scrollWidth - innerWidth'),
              0,
              `${state}, ${String(width)}`,
            )
            const found = await page.evaluate(
              `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html, failureSummary }) => html + failureSummary).join(', ')))`,
            )
            assert.deepEqual(found, [], `${state}, ${String(width)}, ${colorScheme}`)
            await keepScreenshot(t, page, `inspect-${state}-${String(width)}-${colorScheme}`)
          }
      }
      await page.addScriptTag({ path: axe })
      await verdictOf(page, 'Accepted').waitFor()
      await look('accepted')
      await page.getByRole('radio', { name: 'hook.mjs' }).check()
      await look('open')
      await page.getByRole('button', { name: 'Another token' }).click()
      await look('empty')
      await paste(page, EXPIRED)
      await verdictOf(page, 'Refused: aud').waitFor()
      await look('refused')
    },
  )
})

/** A claim whose dots should have been escaped. */
const ROLES = 'https://x.example/roles'

function configuration(name: string, options: object): Configuration {
  const auth = guard(options)
  return { name, hasStore: 'store' in options, explain: (...args) => auth.explain(...args) }
}

function inspectPage(token?: string) {
  const hook = configuration('hook.mjs', { store: memoryStore(), autoCreateUser: () => undefined })
  const configurations: Configuration[] = [
    configuration('staging.mjs', { signingKeys: [OTHER_SECRET] }),
    configuration('production.mjs', {
      bearerJwt: true,
      metadataFields: [{ name: ROLES, fieldName: 'roles' }],
    }),
    {
      ...hook,
      async explain(...args) {
        const { checks, ...others } = await hook.explain(...args)
        return { ...others, checks: checks.map((check) => ({ ...check, tried: 3 })), provider: 'staff' }
      },
    },
  ]
  return createInspectPage({ configurations, now: () => NOW, ...(token !== undefined && { token }) })
}

const openConfigurations = (t: TestContext, browser: object = {}) =>
  open(
    t,
    inspectPage(mint(claims({ name: 'Jean Valjean', [ROLES]: ['clerk'], auth_time: NOW - 7_300 }))),
    '/',
    browser,
  )
