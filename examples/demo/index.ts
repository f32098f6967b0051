// npm run demo             the story, then both servers stay up until Ctrl-C
// npm run demo -- --once   the story alone; the exit code says whether it went as told
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTestIssuer } from 'custom-jwt-auth/testing'
import { APP_ID, createApp } from './app.js'
import { curlLines } from './curl-lines.js'
import { createCounter } from './issuer.js'
import { createScreen } from './screen.js'
import { tellStory } from './story.js'

const issuer = await createTestIssuer()
const impostor = await createTestIssuer()
const [kid] = issuer.kids
const forgedToken = impostor.mint({ aud: APP_ID, sub: '24601' }, { header: { kid } })

const counter = await listen(createCounter(issuer, APP_ID), 0)
const app = await listen(createApp(issuer.jwkUri), Number(process.env.PORT ?? 0))
const [issuerUrl, appUrl] = [counter.url, app.url]

const screen = createScreen()
screen.title('custom-jwt-auth, from token to user')
screen.say(`    issuer  ${issuerUrl}  signs tokens with its private key (RS256), made just now`)
screen.say(`    app     ${appUrl}  finds the public key at ${issuer.jwkUri}, and guards /api`)

try {
  await tellStory({ issuerUrl, appUrl, forgedToken, screen })
  screen.say('\nEverything went as told.')
  if (!process.argv.includes('--once')) {
    screen.title('\nNow you: paste these into another terminal, one after the other.')
    for (const { what, command } of curlLines(issuerUrl, appUrl)) screen.say(`\n${what}\n  ${command}`)
    screen.say(`\nOr sign a token in the browser: ${issuerUrl}/`)
    screen.say('Both servers stay up until Ctrl-C.')
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  }
} catch (error) {
  screen.failure(`The story went wrong: ${String(error)}`)
  process.exitCode = 1
} finally {
  counter.close()
  app.close()
  await Promise.all([issuer.close(), impostor.close()])
}

/** Port 0 means any free one. */
async function listen(listener: RequestListener, port: number) {
  const server = createServer(listener).listen(port, '127.0.0.1')
  server.on('error', ({ message }) => {
    console.error(`${message}. Set PORT to a port that is free, e.g. PORT=3001`)
    process.exit(1)
  })
  await once(server, 'listening')
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, close }
}
