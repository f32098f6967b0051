import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { APP_ID } from '../support/tokens.js'
import { keepScreenshot, needsChromium, openPage } from './browser-page.js'
import { readBlocks, startExample } from './run-example.js'

const [start = '', startWithoutCors = ''] = readBlocks('browser', 'sh')

async function startPage(t: TestContext, command: string): Promise<{ pageUrl: string; apiUrl: string }> {
  const [, pageUrl = '', apiUrl = ''] = await startExample(t, command).printed(
    /^Page +(\S+) .*\nAPI +(\S+) /m,
  )
  return { pageUrl, apiUrl }
}

const says = (page: Page, text: RegExp) => page.getByRole('status').filter({ hasText: text }).waitFor()

/** What the page says it sent, and clears. */
const wire = async (page: Page): Promise<string[]> => {
  const lines = page.locator('#wire li')
  const texts = await lines.allTextContents()
  await page.evaluate('document.getElementById("wire").replaceChildren()')
  return texts
}
const CLIENT = '/api/client/v2.0'
const DATA = `POST /app/${APP_ID}/endpoint/data/v1/action`
const FIND = `${DATA}/find → 200`

// Side by side: they mostly wait.
describe('the browser example', { concurrency: true }, () => {
  test('the page runs from login to logout in Chromium', needsChromium(), async (t) => {
    const { pageUrl } = await startPage(t, start)
    const { page, complaints } = await openPage(t, { viewport: { width: 900, height: 900 } })
    await page.goto(pageUrl)
    assert.equal(await page.evaluate('typeof Realm.App'), 'function', 'realm-web comes from its own <script>')

    // By keyboard alone. The form is shown when the page is ready for it: until then nothing in it takes the focus.
    await page.getByLabel('Your name').waitFor()
    await page.getByLabel('Your name').focus()
    await page.keyboard.type('Jean Valjean')
    await page.keyboard.press('Enter')
    await says(page, /^You are logged in\.$/)
    await page.getByRole('heading', { name: 'Hello, Jean Valjean!' }).waitFor()
    assert.match((await page.locator('#user-id').textContent()) ?? '', /^[0-9a-f]{24}$/)
    await page.locator('#text:focus').waitFor()
    assert.deepEqual(await wire(page), [
      'POST /token → 200',
      `GET ${CLIENT}/app/${APP_ID}/location → 200`,
      `POST ${CLIENT}/app/${APP_ID}/auth/providers/custom-token/login → 200`,
      `GET ${CLIENT}/auth/profile → 200`,
      FIND,
    ])

    const notes = page.getByRole('list').and(page.locator('#notes')).getByRole('listitem')
    const add = async (text: string) => {
      await page.getByLabel('New note').fill(text)
      await page.keyboard.press('Enter')
      await notes.filter({ hasText: text }).waitFor()
    }
    await add('Bread')
    await add('<b>Candlesticks</b>')
    await page.getByRole('button', { name: 'Ask with the token alone' }).click()
    await says(page, /with the jwtTokenString header alone: 2 of your notes/)
    await wire(page)

    await page.getByRole('button', { name: 'Half an hour later' }).click()
    await says(page, /the access token has expired/)
    await add('Silver')
    await says(page, /^The access token had expired\. realm-web fetched a new one/)
    await keepScreenshot(t, page, 'browser-example')
    assert.deepEqual(await wire(page), [
      'POST /half-an-hour-later → 200',
      `${DATA}/insertOne → 401`,
      `POST ${CLIENT}/auth/session → 201`,
      `${DATA}/insertOne → 201`,
      FIND,
    ])

    await page.reload()
    await page.getByRole('heading', { name: 'Hello, Jean Valjean!' }).waitFor()
    await page.getByRole('button', { name: 'Delete “Bread”' }).click()
    await says(page, /^“Bread” is deleted\.$/)
    // It says so before it has fetched the others again.
    await notes.filter({ hasText: 'Bread' }).waitFor({ state: 'detached' })
    assert.deepEqual(
      (await notes.allTextContents()).map((text) => text.replace(/Delete$/, '')),
      ['<b>Candlesticks</b>', 'Silver'],
    )

    await wire(page)
    await page.getByRole('button', { name: 'Log out' }).click()
    await says(page, /^You are logged out\.$/)
    await page.locator('#name:focus').waitFor()
    assert.deepEqual(await wire(page), [
      `GET ${CLIENT}/app/${APP_ID}/location → 200`, // once a page
      `DELETE ${CLIENT}/auth/session → 204`,
    ])
    assert.equal(
      await page.evaluate('JSON.stringify(localStorage).includes("eyJ")'),
      false,
      'no token is left',
    )

    // Somebody else sees nothing of it.
    await page.getByLabel('Your name').fill('Javert')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('None yet.').waitFor()
    assert.equal(await notes.count(), 0)

    // The one refusal that was meant to be.
    assert.deepEqual(complaints, [
      'Failed to load resource: the server responded with a status of 401 (Unauthorized)',
    ])
  })

  test('without CORS the page says what is wrong and how to fix it', needsChromium(), async (t) => {
    const { pageUrl, apiUrl } = await startPage(t, startWithoutCors)
    const { page } = await openPage(t, { viewport: { width: 380, height: 800 }, colorScheme: 'dark' })
    await page.goto(pageUrl)
    await page.getByLabel('Your name').fill('Jean Valjean')
    await page.getByRole('button', { name: 'Log in' }).click()
    const problem = page.getByRole('alert')
    await problem.waitFor()
    const text = await problem.innerText()
    const { origin } = new URL(pageUrl)
    assert.match(text, /^The API answers, but not to this page/)
    assert.ok(text.includes(`${apiUrl} is another origin than this page’s, ${origin}`), text)
    assert.ok(text.includes(`app.use(allowOrigin('${origin}'))\napp.use(auth.sessionRoutes())`), text)
    assert.match(text, /Access-Control-Allow-Headers with Authorization, Content-Type and jwtTokenString/)
    await keepScreenshot(t, page, 'browser-example-without-cors')
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.equal(overflow, 0, 'nothing is wider than a telephone')
  })

  test('long names and notes fit on a telephone', needsChromium(), async (t) => {
    const { pageUrl } = await startPage(t, start)
    const { page } = await openPage(t, { viewport: { width: 360, height: 740 } })
    await page.goto(pageUrl)
    await page.getByLabel('Your name').fill('W'.repeat(100))
    await page.getByRole('button', { name: 'Log in' }).click()
    await says(page, /^You are logged in\.$/)
    await page.getByLabel('New note').fill(`Bread, ${'w'.repeat(150)}`)
    await page.getByRole('button', { name: 'Add' }).click()
    const [remove, add] = [
      page.getByRole('button', { name: /^Delete/ }),
      page.getByRole('button', { name: 'Add' }),
    ]
    await remove.waitFor()
    assert.equal((await remove.boundingBox())?.height, (await add.boundingBox())?.height, 'in one line')
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.equal(overflow, 0)
  })

  test(
    'the page says so when the API is not there, and when the session is over',
    needsChromium(),
    async (t) => {
      const { pageUrl, apiUrl } = await startPage(t, start)
      const { page } = await openPage(t)
      await page.goto(pageUrl)
      await page.getByLabel('Your name').fill('Cosette')
      await page.getByRole('button', { name: 'Log in' }).click()
      await says(page, /^You are logged in\.$/)
      await page.getByText('None yet.').waitFor()

      await page.route(`${apiUrl}/**`, (route) => route.abort())
      await page.route(apiUrl, (route) => route.abort())
      await page.getByRole('button', { name: 'Half an hour later' }).click()
      await page.getByRole('heading', { name: 'The API cannot be reached' }).waitFor()
      await page.unrouteAll()

      // Logged out elsewhere.
      const refreshToken = await page.evaluate(
        'Object.entries(localStorage).find(([key]) => key.endsWith(":refreshToken"))[1]',
      )
      const logOut = { method: 'DELETE', headers: { authorization: `Bearer ${String(refreshToken)}` } }
      assert.equal((await fetch(`${apiUrl}${CLIENT}/auth/session`, logOut)).status, 204)
      await page.getByLabel('New note').fill('Doll')
      await page.keyboard.press('Enter')
      await says(page, /^The session is over\. Log in again\.$/)
      await page.locator('#name:focus').waitFor()
    },
  )

  test('the API answers preflights for its page alone, and lets it read refusals', async (t) => {
    const { pageUrl, apiUrl } = await startPage(t, start)
    const { origin } = new URL(pageUrl)
    const url = `${apiUrl}/app/${APP_ID}/endpoint/data/v1/action/find`
    const preflight = (from: string) =>
      fetch(url, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,jwttokenstring',
        },
      })
    const allowed = await preflight(origin)
    assert.equal(allowed.status, 204)
    assert.equal(allowed.headers.get('access-control-allow-origin'), origin)
    assert.match(
      allowed.headers.get('access-control-allow-headers') ?? '',
      /Authorization, Content-Type, jwtTokenString/,
    )
    assert.equal(allowed.headers.get('vary'), 'Origin')
    assert.equal(
      (await preflight('https://elsewhere.example')).headers.get('access-control-allow-origin'),
      null,
    )
    const refusal = await fetch(url, { method: 'POST', headers: { origin } })
    assert.equal(refusal.status, 401)
    assert.equal(refusal.headers.get('access-control-allow-origin'), origin)
  })
})
