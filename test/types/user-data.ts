// The types that metadata fields give to user.data. Compiled, never run.
import {
  customJwtAuth,
  type JsonValue,
  type MetadataField,
  type User,
  type UserAccount,
  type UserCreationHook,
  type UserOf,
} from 'custom-jwt-auth'
import type { Equal } from './equal.js'

const keys = { appId: 'myapp-abcde', signingAlgorithm: 'HS256', signingKeys: [process.env.KEY] } as const

const auth = customJwtAuth({
  ...keys,
  metadataFields: [
    { name: 'user_data.name', fieldName: 'full_name', required: true },
    { name: 'user_data.aliases', required: false },
    { name: 'email' },
    { name: 'http://example\\.com/id', required: true },
    { name: 'valid\\.json\\.key.nested\\.key' },
    { name: 'a.b.c', fieldName: 'd.e' },
  ],
  autoCreateUser: (user, { claims }) => {
    const name: JsonValue = user.data.full_name
    const email: JsonValue | undefined = user.data.email
    if (name === '' || email === undefined || claims.banned === true) throw new Error('not you')
  },
})

type Data = UserOf<typeof auth>['data']

export const fields: Equal<
  Data,
  {
    readonly full_name: NonNullable<JsonValue>
    readonly aliases?: JsonValue
    readonly email?: JsonValue
    readonly 'http://example.com/id': NonNullable<JsonValue>
    readonly 'nested.key'?: JsonValue
    readonly 'd.e'?: JsonValue
  }
> = true

export const userOf: Equal<UserOf<typeof auth>, User<Data>> = true
export const notAGuard: Equal<UserOf<() => void>, never> = true

export async function administrate(id: string): Promise<void> {
  const account: UserAccount<Data> | undefined = await auth.users.get(id)
  const name: JsonValue | undefined = account?.data.full_name
  const { users, next } = await auth.users.list({ limit: 10 })
  const after: string | undefined = next
  const created: number[] = users.map((user) => user.creation_date)
  console.log(name, after, created)
}

// Fields that are not known before the program runs, and none at all.
declare const configured: MetadataField[]
export const untyped = customJwtAuth({ ...keys, metadataFields: configured })
export const untypedData: Equal<UserOf<typeof untyped>, User> = true

export const withoutFields = customJwtAuth({ ...keys })
export const noData: Equal<UserOf<typeof withoutFields>, User> = true

const constant = [{ name: 'a', required: true }] as const
export const fromConstant = customJwtAuth({ ...keys, metadataFields: constant })
export const constantData: Equal<
  UserOf<typeof fromConstant>['data'],
  { readonly a: NonNullable<JsonValue> }
> = true

// A hook that is written elsewhere, for any data, and an asynchronous one.
const hook: UserCreationHook = ({ id }) => {
  console.log(id)
}
customJwtAuth({ ...keys, metadataFields: [{ name: 'a' }], autoCreateUser: hook })
customJwtAuth({
  ...keys,
  autoCreateUser: async ({ id }) => fetch(`https://example.com/${id}`).then(() => undefined),
})
customJwtAuth({ ...keys, autoCreateUser: true, logger: console, clock: () => 0 })

// Fields with a type.
export const typed = customJwtAuth({
  ...keys,
  metadataFields: [
    { name: 'email', type: 'string', required: true },
    { name: 'age', type: 'number' },
    { name: 'email_verified', type: 'boolean' },
    { name: 'realm_access.roles', type: 'strings', required: true },
    { name: 'address', type: 'json' },
  ],
})
export const typedData: Equal<
  UserOf<typeof typed>['data'],
  {
    readonly email: string
    readonly roles: readonly string[]
    readonly age?: number
    readonly email_verified?: boolean
    readonly address?: JsonValue
  }
> = true

// Several providers: a field is certainly there only when each of them requires it.
export const several = customJwtAuth({
  appId: 'myapp-abcde',
  providers: {
    staff: {
      jwkUri: 'https://staff.example/jwks.json',
      issuer: 'https://staff.example',
      metadataFields: [{ name: 'email', required: true }, { name: 'desk' }],
    },
    people: {
      jwkUri: 'https://people.example/jwks.json',
      issuer: 'https://people.example',
      metadataFields: [
        { name: 'email', required: true },
        { name: 'plan', required: true },
      ],
    },
  },
})
export const ofSeveral: Equal<
  UserOf<typeof several>['data'],
  {
    readonly email: NonNullable<JsonValue>
    readonly desk?: JsonValue
    readonly plan?: NonNullable<JsonValue>
  }
> = true
