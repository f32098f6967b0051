// The rules: a document belongs to the user whose id it bears. Whatever a client sends, reads and writes are narrowed to
// the user's own documents here, on the server, and only what is on the lists below gets to the database.
import { forbidden, invalid } from './errors.js'
import { checkName, countParts, isDocument, walk, type Document } from './formats.js'

/** The field that says whose document it is. Clients read it, and can never change it. */
export const OWNER_FIELD = 'owner_id'

/** What clients may ask for, as database.collection. */
const COLLECTIONS = new Set(['example.notes', 'example.tasks'])

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

// Not here, because they run code or look elsewhere: $where, $expr, $jsonSchema, $text and whatever MongoDB adds next.
const QUERY_OPERATORS = words(
  '$and $or $nor $not $eq $ne $gt $gte $lt $lte $in $nin $exists $type $all $elemMatch $size $mod',
)
const UPDATE_OPERATORS = words(
  '$set $unset $setOnInsert $inc $mul $min $max $rename $currentDate $push $addToSet $pop $pull $pullAll',
)
const UPDATE_MODIFIERS = words('$each $position $slice $sort $type')
// Not here, because they read or write other documents: $lookup, $graphLookup, $unionWith, $facet, $out, $merge.
const STAGES = words('$match $sort $skip $limit $project $set $addFields $unset $unwind $group $count')
/** Those in which texts name fields, and not keys alone. */
const NAMING_STAGES = words('$unset $unwind $count')
const EXPRESSIONS = words(
  '$sum $avg $min $max $first $last $push $addToSet $count ' +
    '$add $subtract $multiply $divide $mod $abs $ceil $floor $round $concat $toLower $toUpper $toString ' +
    '$eq $ne $gt $gte $lt $lte $cmp $and $or $not $in $cond $ifNull $size $arrayElemAt ' +
    '$year $month $dayOfMonth $hour $minute $second $dateToString',
)
const VARIABLE = /^\$\$(?!(?:ROOT|NOW|REMOVE)(?:\.|$))/

const MAX_STAGES = 20
/** The operators, fields and values of a filter or a pipeline: each may be compared with each document. */
const MAX_OPERANDS = 10_000
/** The original's numbers: what an answer holds at the most, and what `find` does when nobody says more. */
export const MAX_DOCUMENTS = 50_000
export const USUAL_LIMIT = 1000

export function checkCollection(database: string, collection: string): void {
  if (!COLLECTIONS.has(`${database}.${collection}`))
    throw forbidden(`no rule exists for the collection '${database}.${collection}'`)
}

/** The filter, over the user's own documents alone. */
export function ownFilter(owner: string, filter: Document): Document {
  checkOperands(filter, 'filter')
  onlyOperators(filter, 'filter', QUERY_OPERATORS)
  return { $and: [{ [OWNER_FIELD]: owner }, filter] }
}

/** A document that is to be stored: it becomes the user's. */
export function ownDocument(owner: string, document: Document): Document {
  walk(document, (name) => {
    if (name.startsWith('$') || name.includes('.'))
      throw invalid(`'${name}' cannot be the name of a field: it has a dot, or starts with a dollar sign`)
  })
  if (Object.hasOwn(document, OWNER_FIELD) && document[OWNER_FIELD] !== owner)
    throw forbidden(`'${OWNER_FIELD}' must be your own id`)
  return { ...document, [OWNER_FIELD]: owner }
}

/** An update that leaves the owner as it is. An inserting one makes the document the user's. */
export function ownUpdate(owner: string, update: unknown, upsert: boolean): Document {
  if (Array.isArray(update)) throw forbidden('updates by a pipeline are not allowed: use update operators')
  if (!isDocument(update)) throw invalid("'update' must be an object")
  if (Object.keys(update).length === 0) throw invalid("'update' must have an operator, such as $set")
  for (const [operator, fields] of Object.entries(update)) {
    if (!UPDATE_OPERATORS.has(operator)) throw notAllowed('update', operator)
    if (!isDocument(fields)) throw invalid(`'update.${operator}' must be an object`)
    for (const [path, value] of Object.entries(fields))
      for (const name of operator === '$rename' ? [path, value] : [path]) {
        if (typeof name !== 'string') continue // the database says so
        checkName(name)
        if (name.split('.')[0] === OWNER_FIELD) throw forbidden(`'${OWNER_FIELD}' cannot be changed`)
      }
    onlyOperators(fields, `update.${operator}`, operator === '$pull' ? QUERY_OPERATORS : UPDATE_MODIFIERS)
  }
  if (!upsert) return update
  return { ...update, $setOnInsert: { ...(update.$setOnInsert as Document), [OWNER_FIELD]: owner } }
}

/** The pipeline, over the user's own documents alone, with at most {@link MAX_DOCUMENTS} results. */
export function ownPipeline(owner: string, pipeline: readonly unknown[]): Document[] {
  if (pipeline.length > MAX_STAGES) throw invalid(`'pipeline' has more than ${MAX_STAGES} stages`)
  checkOperands(pipeline, 'pipeline')
  const stages = pipeline.map((stage) => {
    const [name = '', ...others] = isDocument(stage) ? Object.keys(stage) : []
    if (!isDocument(stage) || others.length > 0 || name === '')
      throw invalid("every stage of 'pipeline' must be an object with one field")
    if (!STAGES.has(name)) throw notAllowed('pipeline', name)
    if (name === '$match') onlyOperators(stage.$match, 'pipeline.$match', QUERY_OPERATORS)
    else onlyExpressions(stage[name], `pipeline.${name}`)
    if (NAMING_STAGES.has(name)) eachText(stage[name], checkName)
    return stage
  })
  return [{ $match: { [OWNER_FIELD]: owner } }, ...stages, { $limit: MAX_DOCUMENTS }]
}

function checkOperands(value: unknown, where: string): void {
  if (countParts(value) > MAX_OPERANDS)
    throw invalid(`'${where}' has more than ${MAX_OPERANDS} operands: ask in several requests`)
}

function onlyOperators(value: unknown, where: string, allowed: ReadonlySet<string>): void {
  walk(value, (name) => {
    if (name.startsWith('$') && !allowed.has(name)) throw notAllowed(where, name)
  })
}

function onlyExpressions(value: unknown, where: string): void {
  onlyOperators(value, where, EXPRESSIONS)
  eachText(value, (text) => {
    if (VARIABLE.test(text)) throw notAllowed(where, text)
  })
}

/** Visits every text of a value, however deep. */
function eachText(value: unknown, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value)
  else if (Array.isArray(value) || isDocument(value))
    for (const item of Object.values(value)) eachText(item, visit)
}

const notAllowed = (where: string, name: string) => forbidden(`'${name}' is not allowed in '${where}'`)
