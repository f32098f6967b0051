// The app's functions, by the names that clients call them with.
import type { User } from 'custom-jwt-auth'

/** What a function knows of its call, as `context` did. */
export interface Context {
  readonly user: User
}

type RemoteFunction = (context: Context, ...args: readonly unknown[]) => unknown

/** A failure whose message is for the client. */
export class FunctionError extends Error {}

export const functions: ReadonlyMap<string, RemoteFunction> = new Map<string, RemoteFunction>([
  [
    'sum',
    (_context, ...numbers) => {
      let total = 0
      for (const number of numbers) {
        if (typeof number !== 'number') throw new FunctionError('sum takes numbers')
        total += number
      }
      return total
    },
  ],
  ['whoAmI', ({ user }) => ({ id: user.id, name: user.data.name ?? null })],
  // Dates and ObjectIds arrive as what they are, and leave so.
  ['nextDay', (_context, date) => new Date(dateOf(date).getTime() + 86_400_000)],
])

function dateOf(value: unknown): Date {
  if (value instanceof Date) return value
  throw new FunctionError('nextDay takes a date')
}
