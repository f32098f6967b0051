// Attacks over HTTP on the package as built, one after the other: how long each stops the event loop.
//   npm --prefix bench run attacks [-- PACKAGE …] [--only=TEXT]     PACKAGE: folders of other versions, to compare
import { createRequire } from 'node:module'
import { availableParallelism, loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HS256, SECRET, startIssuer, startVictim } from './attackers.mjs'
import { attacks, makeFolder, warmUp } from './attacks.mjs'

const here = (file) => fileURLToPath(new URL(file, import.meta.url))
const MOST_MS = 50
/** An attack that is still going on then has stopped the process. */
const DEADLINE_SECONDS = 60

const given = process.argv.slice(2)
const only = given.find((arg) => arg.startsWith('--only='))?.slice('--only='.length) ?? ''
const folders = given.filter((arg) => !arg.startsWith('--')).map((folder) => resolve(folder))
if (folders.length === 0) folders.push(here('../..'))

async function start(folder, { example, options, execArgv }, issuer, database) {
  if (example) {
    const file = join(folder, 'examples', example, 'index.ts')
    const env = {
      ...process.env,
      PORT: '0',
      SIGNING_KEY: SECRET,
      SESSION_KEY: 'only-for-this-bench-0123456789abcdef',
    }
    return startVictim(file, [], { execArgv: ['--import', 'tsx'], cwd: folder, env })
  }
  const all = typeof options === 'function' ? options(issuer, database) : options
  return startVictim(here('server.mjs'), [folder, JSON.stringify(all)], { execArgv })
}

async function run(folder, attack) {
  const issuer = 'issuer' in attack ? await startIssuer(attack.issuer) : undefined
  const database = makeFolder()
  const begin = () => start(folder, attack, issuer, database)
  // The same process beside it, with nothing to do: what the machine does to both.
  const idle = await start(folder, { options: HS256 })
  if (attack.fill) {
    const victim = await begin()
    await attack.fill(victim)
    await victim.stop()
  }
  const victim = await begin()
  try {
    if (!attack.example) await warmUp(victim)
    await attack.prepare?.(victim)
    for (const each of [victim, idle]) await each.ask('start')
    const ended = attack.attack(victim, issuer).catch(async (error) => {
      // A process that died breaks connections; anything else is a mistake of this bench.
      if (await victim.ask('read')) throw error
      return 'the process is dead'
    })
    const deadline = new Promise((done) => setTimeout(done, DEADLINE_SECONDS * 1000, 'no end').unref())
    const outcome = await Promise.race([ended, deadline])
    const [read, quiet] = outcome === 'no end' ? [] : [await victim.ask('read'), await idle.ask('read')]
    return { outcome, ...read, idleMs: quiet?.delayMs }
  } finally {
    for (const each of [victim, idle]) await each.stop()
    issuer?.close()
    database.remove()
  }
}

const ms = (value) => (value === undefined ? '' : value.toFixed(value < 10 ? 1 : 0))
const { version } = createRequire(import.meta.url)('express/package.json')
console.log(
  `Node ${process.versions.node}, Express ${version}, ${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}\n`,
)
console.log(
  'Milliseconds. "busy": the most CPU time between two turns of the loop; "delay": the longest that monitorEventLoopDelay saw, and in an idle process beside it.',
)
let failures = 0
for (const folder of folders) {
  console.log(`\n${folder}\n\n| attack | outcome | busy | delay | idle |\n| --- | --- | ---: | ---: | ---: |`)
  for (const [name, attack] of Object.entries(attacks)) {
    if (!name.includes(only)) continue
    const { outcome, busiestMs, delayMs, idleMs } = await run(folder, attack).catch((error) => {
      if (!attack.isNew) throw error
      return { outcome: 'not there' }
    })
    const isStopped = busiestMs >= MOST_MS || /dead|no end/.test(outcome)
    failures += isStopped ? 1 : 0
    console.log(
      `| ${name} | ${outcome} | ${ms(busiestMs)}${isStopped ? ' (!)' : ''} | ${ms(delayMs)} | ${ms(idleMs)} |`,
    )
  }
}
process.exit(failures > 0 && folders.length === 1 ? 1 : 0)
