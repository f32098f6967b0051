// What the embedded engine may be asked to compare: nobody else is answered until it is done.
import { refusedByDatabase } from './errors.js'
import { countParts, type Document } from './formats.js'

/** How many of a user's documents, times the operands of a request, may be looked at: some 25 ms. */
const MAX_COMPARISONS = 50_000
/** So few operands are looked for in whatever a user has. */
const FEW_OPERANDS = 20
/** So many parts of a document cost as much as a document more. */
const PARTS_OF_A_DOCUMENT = 20

/** @throws {DataApiError} 400, before the work begins */
export function checkComparisons(documents: readonly Document[], asked: readonly unknown[]): void {
  const operands = countParts(asked)
  if (operands <= FEW_OPERANDS) return
  const work = documents.reduce((sum, document) => sum + 1 + countParts(document) / PARTS_OF_A_DOCUMENT, 0)
  if (work * operands > MAX_COMPARISONS)
    throw refusedByDatabase(
      `${operands} operands are too many for ${documents.length} documents in the embedded engine: ` +
        'ask for less at once, or set MONGODB_URI to use a server',
    )
}
