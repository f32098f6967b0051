import type { Identity, UserRecord } from '../../user.js'
import { identityDigest, withIdentity } from '../identities.js'
import type { ImportOutcome } from '../store.js'
import { identityText } from './shared.js'

type ImportRow = { readonly id: string; readonly outcome: ImportOutcome }

/**
 * Imports users of whom no two have an id or an identity in common.
 * @param ask runs the statement with its values
 */
export async function importBatch(
  users: readonly UserRecord[],
  ask: (values: unknown[]) => Promise<{ rows: unknown[] }>,
): Promise<ImportOutcome[]> {
  const owned = users.flatMap(({ id, identities }) =>
    identities
      .reduce<readonly Identity[]>(withIdentity, [])
      .map((identity) => ({ id, digest: identityDigest(identity), text: identityText(identity) })),
  )
  const counts = new Map<string, number>()
  for (const { id } of owned) counts.set(id, (counts.get(id) ?? 0) + 1)
  const { rows } = await ask([
    users.map(({ id }) => id),
    users.map(({ type }) => type),
    users.map(({ creation_date }) => creation_date),
    users.map(({ last_authentication_date }) => last_authentication_date),
    users.map(({ disabled }) => disabled),
    owned.map(({ digest }) => digest),
    owned.map(({ id }) => id),
    owned.map(({ text }) => text),
    users.map(({ id }) => counts.get(id) ?? 0),
  ])
  const outcomes = new Map((rows as ImportRow[]).map(({ id, outcome }) => [id, outcome]))
  return users.map(({ id }) => outcomes.get(id) ?? 'added')
}
