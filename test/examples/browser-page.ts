// A real browser for one test: headless Chromium, always closed again.
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { chromium, type BrowserContextOptions, type Page, type PageScreenshotOptions } from 'playwright-core'

const EXECUTABLE = '/usr/bin/chromium'
// What it may not do: use the GPU, or speak to its maker.
const ARGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync'
/** For each thing that a test waits for: several browsers on a busy machine take their time. */
const TIMEOUT_MS = 120_000

/**
 * Whether a test that needs the browser is skipped, and why.
 * @throws in CI, where a missing browser is a failure
 */
export function needsChromium(): { skip?: string } {
  if (existsSync(EXECUTABLE)) return {}
  const fix = `needs ${EXECUTABLE}: apt-get update && apt-get install --yes chromium`
  if (process.env.CI === 'true') throw new Error(fix)
  return { skip: fix }
}

/** A page of a browser of its own, and the errors that it complained of. */
export async function openPage(
  t: TestContext,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const browser = await chromium.launch({
    executablePath: EXECUTABLE,
    args: ARGS.split(' '),
    timeout: TIMEOUT_MS,
  })
  t.after(() => browser.close())
  const page = await browser.newPage(options)
  page.setDefaultTimeout(TIMEOUT_MS)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return { page, complaints }
}

/** Keeps a picture of the whole page (or what `options` say) where CI looks for artefacts, else in a temporary folder; the log says where. */
export async function keepScreenshot(
  t: TestContext,
  page: Page,
  name: string,
  options: PageScreenshotOptions = { fullPage: true },
): Promise<void> {
  const folder = process.env.CI_ARTIFACTS ?? mkdtempSync(join(tmpdir(), 'browser-example-'))
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.png`)
  await page.screenshot({ ...options, path })
  t.diagnostic(`screenshot: ${path}`)
}
