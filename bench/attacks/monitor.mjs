// How long the event loop of this process stood still: loaded before what is attacked (--import), and asked by its parent.
// A busy machine keeps a process waiting, too; what the process itself did meanwhile is the CPU time of such a stretch.
import { monitorEventLoopDelay } from 'node:perf_hooks'

const EVERY_MS = 1
const delay = monitorEventLoopDelay({ resolution: EVERY_MS })
let last
let busiestMs

const cpuMs = ({ user, system } = process.cpuUsage()) => (user + system) / 1000

function reset() {
  delay.reset()
  last = { at: performance.now(), cpu: cpuMs() }
  busiestMs = 0
}

/** Between two turns of the loop. Threads of the engine work beside it: a stretch holds no more CPU time than it took. */
function lookAtTurn() {
  const turn = { at: performance.now(), cpu: cpuMs() }
  busiestMs = Math.max(busiestMs, Math.min(turn.at - last.at, turn.cpu - last.cpu))
  last = turn
}

const tasks = {
  start() {
    delay.enable()
    reset()
    setInterval(lookAtTurn, EVERY_MS).unref()
  },
  reset,
  read() {
    lookAtTurn()
    return { delayMs: Math.max(0, delay.max / 1e6 - EVERY_MS), busiestMs, cpuMs: last.cpu }
  },
}

process.on('message', ({ monitor }) => {
  if (monitor) process.send({ [monitor]: tasks[monitor]() ?? true })
})
process.on('disconnect', () => process.exit())
process.channel?.unref()
