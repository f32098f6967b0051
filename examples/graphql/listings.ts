// The data: everybody's own listings, kept in this process, and the schema that shows them.
import { randomBytes } from 'node:crypto'
import { buildSchema, GraphQLError } from 'graphql'

export const schema = buildSchema(`
  type ListingsAndReview {
    _id: ID!
    name: String!
    summary: String
  }
  input ListingsAndReviewQueryInput {
    _id: ID
    name: String
  }
  input ListingsAndReviewInsertInput {
    name: String!
    summary: String
  }
  type Query {
    "The first of your listings, or the first that fits."
    listingsAndReview(query: ListingsAndReviewQueryInput): ListingsAndReview
    "All of your listings, or all that fit."
    listingsAndReviews(query: ListingsAndReviewQueryInput): [ListingsAndReview!]!
  }
  type Mutation {
    insertOneListingsAndReview(data: ListingsAndReviewInsertInput!): ListingsAndReview!
    "Returns what it deleted."
    deleteOneListingsAndReview(query: ListingsAndReviewQueryInput!): ListingsAndReview
  }
`)

/** What every resolver gets besides its arguments: who asks. */
export interface Context {
  readonly userId: string
}

interface Fields {
  readonly name: string
  readonly summary?: string | null
}

interface Listing extends Fields {
  readonly _id: string
}

interface Query {
  readonly query?: { readonly _id?: string | null; readonly name?: string | null } | null
}

const MAX_LISTINGS = 100

/** The resolvers. None takes a user's id from the client: it comes from the guard. */
export function createListings() {
  const listings = new Map<string, Listing[]>()

  const find = ({ query }: Query, { userId }: Context): Listing[] =>
    (listings.get(userId) ?? []).filter(
      ({ _id, name }) => (query?._id ?? _id) === _id && (query?.name ?? name) === name,
    )

  return {
    listingsAndReview: (args: Query, context: Context) => find(args, context)[0] ?? null,
    listingsAndReviews: find,
    insertOneListingsAndReview({ data }: { data: Fields }, { userId }: Context): Listing {
      const own = listings.get(userId) ?? []
      if (own.length >= MAX_LISTINGS) throw new GraphQLError(`${MAX_LISTINGS} listings are enough`)
      const listing = { ...data, _id: randomBytes(12).toString('hex') }
      listings.set(userId, [...own, listing])
      return listing
    },
    deleteOneListingsAndReview(args: Query, context: Context): Listing | null {
      const [found = null] = find(args, context)
      const own = listings.get(context.userId) ?? []
      listings.set(
        context.userId,
        own.filter((listing) => listing !== found),
      )
      return found
    },
  }
}
