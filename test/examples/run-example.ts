// Examples as their READMEs say: started in a process of their own, tried in a shell.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Its loader, not its command, which kills a process that does not tell of a signal within 30 ms.
const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** The blocks of one language in an example's README, in their order. */
export function readBlocks(example: string, language: 'sh' | 'json' | 'text'): string[] {
  const text = readFileSync(`${root}examples/${example}/README.md`, 'utf8')
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , block = '']) => block.trim())
}

/**
 * Starts an example on a free port, with the Node that runs the test.
 * @param command as a README has it: `NAME=value npx tsx examples/…`
 * @param env what else it gets
 */
export function startExample(t: TestContext, command: string, env: NodeJS.ProcessEnv = {}) {
  const [assignments = '', script = ''] = command.split('npx tsx ')
  const words = assignments.split(' ').map((word) => word.split('=') as [string, string])
  const given = Object.fromEntries(words)
  const child = spawn(process.execPath, [`--import=${tsx}`, ...script.split(' ')], {
    cwd: root,
    env: { ...process.env, PORT: '0', ...given, ...env },
  })
  // Its exit may be heard of before its last words.
  const exit = once(child, 'close') as Promise<[code: number | null]>
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))

  const stop = async (): Promise<number | null> => {
    child.kill('SIGINT')
    return (await exit)[0]
  }
  t.after(() => (child.exitCode === null && child.signalCode === null ? stop() : undefined))

  return {
    stop,
    /** What it printed when it has ended, and its exit code. */
    ended: async () => ({ code: (await exit)[0], output }),
    /** Waits until it has printed something, and returns all that it printed. */
    async printed(pattern: RegExp): Promise<RegExpExecArray> {
      let found = pattern.exec(output)
      while (!found) {
        const more = await Promise.race([once(child.stdout, 'data'), exit.then(() => undefined)])
        found = pattern.exec(output)
        if (!found && !more)
          throw new Error(`the example ended without printing ${String(pattern)}:\n${output}`)
      }
      return found
    },
  }
}

/** Runs a script in a shell whose `node` is the one that runs the test, and returns what it printed. */
export async function runShell(script: string, cwd = root): Promise<string> {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH, no_proxy: '*' }
  return (await promisify(execFile)('sh', ['-e', '-c', script], { cwd, env })).stdout
}
