// Other processes of a test, which do what they are asked by messages.
import { fork } from 'node:child_process'
import { once } from 'node:events'

/** What a process can be asked to do. Arguments and answers are copied on their way. */
export type Tasks = Readonly<Record<string, (...args: never[]) => unknown>>

export interface OtherProcess<T extends Tasks> {
  ask<Name extends keyof T>(name: Name, ...args: Parameters<T[Name]>): Promise<Awaited<ReturnType<T[Name]>>>
  end(): Promise<void>
}

interface Question {
  readonly id: number
  readonly name: string
  readonly args: readonly unknown[]
}
type Answer = { readonly id: number } & ({ readonly answer: unknown } | { readonly error: unknown })

/**
 * @param script a TypeScript file that calls {@link answerQuestions}
 * @param nodeOptions what node gets beside it
 */
export function startProcess<T extends Tasks>(
  script: URL,
  nodeOptions: readonly string[] = [],
): OtherProcess<T> {
  const child = fork(script, { execArgv: ['--import=tsx', ...nodeOptions], serialization: 'advanced' })
  const exit = once(child, 'exit')
  const waiting = new Map<number, (answer: Answer) => void>()
  let questions = 0
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer))
  return {
    async ask(name, ...args) {
      const id = (questions += 1)
      const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve))
      child.send({ id, name, args })
      const answer = await Promise.race([answered, exit.then(() => undefined)])
      if (!answer) throw new Error(`the process ended, asked for ${String(name)}`)
      if ('error' in answer) throw answer.error
      return answer.answer as never
    },
    async end() {
      if (child.connected) child.disconnect()
      await exit
    },
  }
}

/** Called by the other process. It ends when the test lets go of it. */
export function answerQuestions(tasks: Tasks): void {
  const run = async ({ id, name, args }: Question): Promise<Answer> => {
    try {
      const task = tasks[name] as ((...args: readonly unknown[]) => unknown) | undefined
      return { id, answer: await task?.(...args) }
    } catch (error) {
      return { id, error }
    }
  }
  process.on('message', (question: Question) => {
    void run(question).then((answer) => process.send?.(answer))
  })
  process.on('disconnect', () => process.exit())
}
