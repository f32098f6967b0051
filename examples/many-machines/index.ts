// Two processes behind one port, on one PostgreSQL: for those who ask, they are one.
import cluster from 'node:cluster'
import { serve } from './machine.js'

const MACHINES = 2

const HOW_TO_HAVE_ONE =
  'To have one here:\n' +
  '  docker compose up --wait\n' +
  '  export POSTGRES_URL=postgres://postgres@127.0.0.1:54320/postgres'

if (cluster.isWorker) await serve()
else if (process.env.POSTGRES_URL) startMachines()
else {
  console.error(
    `POSTGRES_URL is not set: it names the PostgreSQL server that the processes share. ${HOW_TO_HAVE_ONE}`,
  )
  process.exitCode = 1
}

function startMachines(): void {
  for (let machine = 1; machine <= MACHINES; machine += 1) cluster.fork()

  let listening = 0
  cluster.on('listening', (_machine, { port }) => {
    listening += 1
    if (listening === MACHINES) console.log('Listening on', { machines: MACHINES, port })
  })

  const told = new Set<string>()
  cluster.on('message', (_machine, { why }: { why: string }) => {
    if (!told.has(why)) console.error(why.startsWith('PostgreSQL') ? `${why}. ${HOW_TO_HAVE_ONE}` : why)
    told.add(why)
  })

  // Each machine answers what it has begun, and ends.
  const stop = (): void => {
    cluster.disconnect()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  cluster.on('exit', (_machine, code) => {
    if (code === 0) return
    process.exitCode = 1
    stop()
  })
}
