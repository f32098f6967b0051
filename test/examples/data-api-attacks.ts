// What one user sends to get at another's documents.

export interface Attack {
  readonly what: string
  readonly action: string
  readonly body: object
  /** 200: it is done, to the attacker's own documents alone. */
  readonly status: 200 | 201 | 400 | 403
}

/** @param target whose documents are wanted, and the `_id` of one of them */
export function attacks({ victim, _id: id }: { victim: string; _id: string }): Attack[] {
  const _id = { $oid: id }
  const filters: Readonly<Record<string, readonly [object, 200 | 403]>> = {
    everything: [{}, 200],
    'the owner': [{ owner_id: victim }, 200],
    'the _id': [{ _id }, 200],
    'an $or': [{ $or: [{ owner_id: victim }, { n: { $gt: 0 } }] }, 200],
    'an $or within an $and': [{ $and: [{ $or: [{ owner_id: { $ne: null } }, {}] }] }, 200],
    'a $nor': [{ $nor: [{ owner_id: 'nobody' }] }, 200],
    $ne: [{ owner_id: { $ne: '' } }, 200],
    $gt: [{ owner_id: { $gt: '' } }, 200],
    $in: [{ owner_id: { $in: [victim] } }, 200],
    $not: [{ owner_id: { $not: { $eq: 'nobody' } } }, 200],
    $exists: [{ owner_id: { $exists: true } }, 200],
    'a dotted owner': [{ 'owner_id.0': { $exists: false } }, 200],
    $where: [{ $where: 'true' }, 403],
    '$where, deep': [{ $and: [{ $or: [{ $where: 'return true' }] }] }, 403],
    $expr: [{ $expr: { $eq: ['$owner_id', victim] } }, 403],
    '$expr with $function': [{ $expr: { $function: { body: 'return true', args: [], lang: 'js' } } }, 403],
    $jsonSchema: [{ $jsonSchema: {} }, 403],
    $text: [{ $text: { $search: 'Alice' } }, 403],
    $comment: [{ $comment: 'x' }, 403],
  }
  const onFilters = Object.entries(filters).flatMap(([name, [filter, status]]): Attack[] => [
    { what: `find, ${name}`, action: 'find', body: { filter }, status },
    { what: `findOne, ${name}`, action: 'findOne', body: { filter }, status },
    { what: `aggregate, ${name}`, action: 'aggregate', body: { pipeline: [{ $match: filter }] }, status },
    { what: `updateOne, ${name}`, action: 'updateOne', body: { filter, update: { $set: { n: 9 } } }, status },
    {
      what: `updateMany, ${name}`,
      action: 'updateMany',
      body: { filter, update: { $set: { n: 9 } } },
      status,
    },
    { what: `replaceOne, ${name}`, action: 'replaceOne', body: { filter, replacement: { n: 9 } }, status },
    { what: `deleteOne, ${name}`, action: 'deleteOne', body: { filter }, status },
    { what: `deleteMany, ${name}`, action: 'deleteMany', body: { filter }, status },
  ])

  const elsewhere = { from: 'notes', localField: 'n', foreignField: 'n', as: 'all' }
  const stages: Readonly<Record<string, unknown>> = {
    $lookup: elsewhere,
    '$lookup with a pipeline': { from: 'notes', pipeline: [], as: 'all' },
    $graphLookup: { from: 'notes', startWith: '$n', connectFromField: 'n', connectToField: 'n', as: 'all' },
    $unionWith: 'notes',
    '$unionWith with a pipeline': { coll: 'notes', pipeline: [] },
    $facet: { all: [{ $lookup: elsewhere }] },
    $out: 'notes',
    $merge: { into: 'notes', on: '_id', whenMatched: 'replace' },
    $collStats: { storageStats: {} },
    $indexStats: {},
    $currentOp: {},
    $listSessions: {},
    $documents: [{ owner_id: victim }],
    $geoNear: { near: [0, 0], distanceField: 'd' },
    $search: { text: { query: 'Alice', path: 'text' } },
    $setWindowFields: { sortBy: { n: 1 }, output: {} },
    $replaceRoot: { newRoot: '$$ROOT' },
    $redact: '$$KEEP',
    '$match with $where': { $where: 'true' },
    '$project with $function': { x: { $function: { body: 'return 1', args: [], lang: 'js' } } },
    '$group with $accumulator': {
      _id: null,
      x: {
        $accumulator: { init: 'x', accumulate: 'x', accumulateArgs: [], merge: 'x', lang: 'js' },
      },
    },
    '$set with $let': { x: { $let: { vars: { all: '$$ROOT' }, in: '$$all' } } },
    '$set with $map': { x: { $map: { input: '$list', in: '$$this' } } },
    '$set with $$CURRENT': { x: '$$CURRENT.text' },
    '$set with a server variable': { x: '$$USER_ROLES' },
    '$set with a server variable in a list': { x: { $concat: ['$text', '$$CLUSTER_TIME'] } },
  }
  const onPipelines = Object.entries(stages).flatMap(([name, value]): Attack[] => {
    const [stage = ''] = name.split(' ')
    return [
      { what: name, action: 'aggregate', body: { pipeline: [{ [stage]: value }] }, status: 403 },
      {
        what: `${name}, later`,
        action: 'aggregate',
        body: { pipeline: [{ $match: {} }, { $limit: 5 }, { [stage]: value }] },
        status: 403,
      },
    ]
  })

  const updates: Readonly<Record<string, unknown>> = {
    $set: { $set: { owner_id: victim } },
    '$set, dotted': { $set: { 'owner_id.x': victim } },
    '$set, positional': { $set: { 'owner_id.$[]': victim } },
    '$set after another field': { $set: { n: 1, owner_id: victim } },
    $setOnInsert: { $setOnInsert: { owner_id: victim } },
    $unset: { $unset: { owner_id: '' } },
    '$unset, dotted': { $unset: { 'owner_id.x': '' } },
    '$rename from': { $rename: { owner_id: 'old' } },
    '$rename to': { $rename: { text: 'owner_id' } },
    '$rename to, dotted': { $rename: { text: 'owner_id.x' } },
    $inc: { $inc: { owner_id: 1 } },
    $mul: { $mul: { owner_id: 2 } },
    $min: { $min: { owner_id: victim } },
    $max: { $max: { owner_id: victim } },
    $currentDate: { $currentDate: { owner_id: true } },
    $push: { $push: { owner_id: victim } },
    $addToSet: { $addToSet: { owner_id: victim } },
    $pop: { $pop: { owner_id: 1 } },
    $pull: { $pull: { owner_id: victim } },
    $pullAll: { $pullAll: { owner_id: [victim] } },
    $bit: { $bit: { n: { or: 1 } } },
    'a pipeline': [{ $set: { owner_id: victim } }],
    'an empty pipeline': [],
    'a replacement': { owner_id: victim },
    'an unknown operator': { $become: { owner_id: victim } },
    '$pull with $where': { $pull: { list: { $where: 'true' } } },
  }
  const onUpdates = Object.entries(updates).flatMap(([name, update]): Attack[] =>
    ['updateOne', 'updateMany'].flatMap((action): Attack[] => [
      { what: `${action}, ${name}`, action, body: { filter: {}, update }, status: 403 },
      {
        what: `${action}, ${name}, upsert`,
        action,
        body: { filter: { n: 77 }, update, upsert: true },
        status: 403,
      },
    ]),
  )

  const others: Attack[] = [
    { what: 'insertOne', action: 'insertOne', body: { document: { owner_id: victim } }, status: 403 },
    { what: 'insertOne, list', action: 'insertOne', body: { document: { owner_id: [victim] } }, status: 403 },
    { what: 'insertOne, null', action: 'insertOne', body: { document: { owner_id: null } }, status: 403 },
    { what: 'insertOne, dotted', action: 'insertOne', body: { document: { 'owner_id.x': 1 } }, status: 400 },
    { what: 'insertOne, operator', action: 'insertOne', body: { document: { a: { $set: 1 } } }, status: 400 },
    { what: 'insertOne, her _id', action: 'insertOne', body: { document: { _id } }, status: 400 },
    {
      what: 'insertMany',
      action: 'insertMany',
      body: { documents: [{ n: 3 }, { owner_id: victim }] },
      status: 403,
    },
    {
      what: 'a replacement',
      action: 'replaceOne',
      body: { filter: {}, replacement: { owner_id: victim } },
      status: 403,
    },
    {
      what: 'a replacement of her _id, upsert',
      action: 'replaceOne',
      body: { filter: { _id }, replacement: { n: 3 }, upsert: true },
      status: 400,
    },
    {
      what: 'a replacement for her, upsert',
      action: 'replaceOne',
      body: { filter: { n: 77, owner_id: victim }, replacement: { n: 3 }, upsert: true },
      status: 200,
    },
    {
      what: 'a new document for her by the filter, upsert',
      action: 'updateOne',
      body: { filter: { owner_id: victim }, update: { $set: { n: 3 } }, upsert: true },
      status: 400,
    },
    {
      what: 'her document by the filter, upsert',
      action: 'updateOne',
      body: { filter: { _id }, update: { $set: { n: 3 } }, upsert: true },
      status: 400,
    },
    {
      what: 'an object that says it is a BSON value',
      action: 'find',
      body: { filter: { x: { _bsontype: 'ObjectId', $where: 'true' } } },
      status: 400,
    },
    {
      what: 'a filter with a prototype',
      action: 'find',
      body: JSON.parse('{"filter":{"__proto__":{"owner_id":"x"}}}') as object,
      status: 400,
    },
    // Names that come as texts. On the embedded engine the first would give every list of the process an item.
    ...['list.constructor.prototype.0', '__proto__.x', 'a\0b'].map((name): Attack => ({
      what: `$rename to ${name}`,
      action: 'updateOne',
      body: { filter: {}, update: { $rename: { n: name } } },
      status: 400,
    })),
    ...[
      { $unset: ['n', 'list.constructor.prototype.0'] },
      { $unwind: { path: '$list', includeArrayIndex: '__proto__.x' } },
      { $count: '__proto__' },
    ].map((stage): Attack => ({
      what: JSON.stringify(stage),
      action: 'aggregate',
      body: { pipeline: [stage] },
      status: 400,
    })),
    { what: 'another collection', action: 'find', body: { collection: 'users' }, status: 403 },
    { what: 'another database', action: 'find', body: { database: 'admin' }, status: 403 },
    { what: 'a namespace split elsewhere', action: 'find', body: { database: 'example.notes' }, status: 403 },
    {
      what: 'code in a projection',
      action: 'find',
      body: { projection: { x: { $function: {} } } },
      status: 400,
    },
    {
      what: 'a field of hers in a projection',
      action: 'find',
      body: { projection: { x: '$owner_id' } },
      status: 400,
    },
    {
      what: 'an operator in a sort',
      action: 'find',
      body: { sort: { n: { $meta: 'textScore' } } },
      status: 400,
    },
  ]
  return [...onFilters, ...onPipelines, ...onUpdates, ...others]
}
