// What anybody sends that the Data API cannot do, and how it says so.
interface OddRequest {
  readonly what: string
  readonly action?: string
  /** A string is sent as it is. */
  readonly body: object | string
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly error_code: string
  readonly error: RegExp
}

const odd =
  (status: number, error_code: string) =>
  (what: string, error: RegExp, body: object | string, more = {}) => ({
    what,
    error,
    body,
    status,
    error_code,
    ...more,
  })
const invalid = odd(400, 'InvalidParameter')
const missing = odd(400, 'MissingParameter')
const database = odd(400, 'MongoDBError')

const tooMuch = Object.fromEntries(
  Array.from({ length: 100 }, (_, index) => [`copy${String(index)}`, { $concat: Array(300).fill('$long') }]),
)

export const oddRequests: readonly OddRequest[] = [
  invalid('no JSON', /^the body is not JSON$/, '{'),
  invalid('no body', /^the body is not JSON$/, ''),
  invalid('a list', /^the body must be an object$/, '[]'),
  invalid('null', /^the body must be an object$/, 'null'),
  invalid('a deep body', /nested more than 64 levels/, `{"a":${'['.repeat(70)}${']'.repeat(70)}}`),
  invalid('a very deep body', /not JSON|nested/, `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
  invalid('a bad ObjectId', /not Extended JSON/, { filter: { _id: { $oid: 'xyz' } } }),
  invalid('a bad date', /not (?:Extended JSON|a date)/, { filter: { at: { $date: 'tomorrow' } } }),
  invalid('a bad decimal', /not Extended JSON/, { filter: { n: { $numberDecimal: 'many' } } }),
  invalid('a number that is none', /not Extended JSON: \$numberInt/, {
    filter: { n: { $numberInt: 'one' } },
  }),
  invalid('half of a number', /not Extended JSON: \$numberDouble/, {
    filter: { n: { $numberDouble: '1e' } },
  }),
  invalid('a bad pattern', /not Extended JSON/, { filter: { n: { $regularExpression: 5 } } }),
  invalid('a condition that would get lost', /cannot stand beside/, {
    filter: { n: { $regex: 'a', $ne: 'b' } },
  }),
  invalid('code', /type \$code/, { filter: { n: { $code: 'x' } } }),
  invalid('a null character', /null character/, { filter: { 'a\0b': 1 } }),
  invalid('a text for a filter', /'filter' must be an object/, { filter: 'x' }),
  invalid('an ObjectId for a filter', /'filter' must be an object/, { filter: { $oid: 'a'.repeat(24) } }),
  invalid('a negative limit', /'limit' must be a whole number from 1 to 50000/, { limit: -1 }),
  invalid('a limit too high', /'limit' must be a whole number from 1 to 50000/, { limit: 50_001 }),
  invalid('a text for a limit', /'limit' must be a whole number/, { limit: '5' }),
  invalid('half a skip', /'skip' must be a whole number/, { skip: 0.5 }),
  invalid('a list for a sort', /'sort' must be an object/, { sort: [['a', 1]] }),
  invalid('no document', /'documents\.0' must be an object/, { documents: [5] }, { action: 'insertMany' }),
  invalid('no documents', /'documents' must be an array/, { documents: [] }, { action: 'insertMany' }),
  invalid(
    'a text for upsert',
    /'upsert' must be/,
    { filter: {}, update: {}, upsert: 'no' },
    { action: 'updateOne' },
  ),
  invalid('an empty stage', /must be an object with one field/, { pipeline: [{}] }, { action: 'aggregate' }),
  invalid(
    'two in a stage',
    /with one field/,
    { pipeline: [{ $limit: 1, $skip: 1 }] },
    { action: 'aggregate' },
  ),
  invalid(
    'a long pipeline',
    /more than 20/,
    { pipeline: Array(21).fill({ $skip: 1 }) },
    { action: 'aggregate' },
  ),
  invalid('a pipeline that is none', /must be an array/, { pipeline: {} }, { action: 'aggregate' }),
  invalid('a number for a database', /'database' must be a string/, { database: 5 }),
  missing('no database', /^'database' is missing$/, '{"dataSource":"x","collection":"notes"}'),
  missing('no data source', /^'dataSource' is missing$/, '{"database":"example","collection":"notes"}'),
  missing('no document', /^'document' is missing$/, {}, { action: 'insertOne' }),
  missing('no filter', /^'filter' is missing$/, {}, { action: 'deleteMany' }),
  missing('no update', /^'update' is missing$/, { filter: {} }, { action: 'updateOne' }),
  missing('no pipeline', /^'pipeline' is missing$/, {}, { action: 'aggregate' }),
  database('a filter without grammar', /./, { filter: { $and: 5 } }),
  database('$in without a list', /./, { filter: { n: { $in: 5 } } }),
  invalid(
    'an empty update',
    /must have an operator/,
    { filter: {}, update: {}, upsert: true },
    { action: 'updateOne' },
  ),
  database(
    'an index far beyond the end of a list',
    /./,
    { filter: {}, update: { $set: { 'list.99999999': 1 } } },
    { action: 'updateOne' },
  ),
  invalid(
    'a pipeline that makes far too much of a document',
    /more than 10000 operands/,
    { pipeline: [{ $project: tooMuch }] },
    { action: 'aggregate' },
  ),
  database('a limit that is none', /./, { pipeline: [{ $limit: 'x' }] }, { action: 'aggregate' }),
  database(
    'a group without _id',
    /./,
    { pipeline: [{ $group: { n: { $sum: 1 } } }] },
    { action: 'aggregate' },
  ),
  database('an _id that is a list', /./, { document: { _id: [1] } }, { action: 'insertOne' }),
  odd(404, 'EndpointNotFound')('an unknown action', /'drop'/, {}, { action: 'drop' }),
  odd(404, 'EndpointNotFound')('a name that objects have', /'constructor'/, {}, { action: 'constructor' }),
  odd(400, 'InvalidParameter')('a malformed path', /./, {}, { action: '%ff' }),
  odd(413, 'InvalidParameter')('a body too large', /too large/, { filter: { a: 'x'.repeat(1_100_000) } }),
  odd(415, 'InvalidParameter')('a form', /must be application\/json or application\/ejson/, 'a=b', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
  odd(415, 'InvalidParameter')(
    'an unknown charset',
    /charset/,
    {},
    {
      headers: { 'content-type': 'application/json; charset=klingon' },
    },
  ),
]
