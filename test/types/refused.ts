// What must not compile. Each @ts-expect-error is itself an error when the lines below it compile after all.
import { customJwtAuth, memoryStore, type JsonValue, type User, type UserOf } from 'custom-jwt-auth'

const key = process.env.SIGNING_KEY
const jwkUri = 'https://issuer.example.com/.well-known/jwks.json'
const signingKeys = { signingAlgorithm: 'HS256', signingKeys: [key] } as const
const good = { appId: 'myapp-abcde', ...signingKeys } as const

// Keys

// @ts-expect-error appId is missing
customJwtAuth({ ...signingKeys })

// @ts-expect-error no keys at all
customJwtAuth({ appId: 'myapp-abcde' })

// @ts-expect-error an algorithm without keys
customJwtAuth({ appId: 'myapp-abcde', signingAlgorithm: 'HS256' })

// @ts-expect-error keys without an algorithm: it is never guessed
customJwtAuth({ appId: 'myapp-abcde', signingKeys: [key] })

// @ts-expect-error both sources of keys at once
customJwtAuth({ ...good, jwkUri })

// @ts-expect-error both sources of keys at once, with public keys
customJwtAuth({ appId: 'myapp-abcde', signingAlgorithm: 'RS256', signingKeys: [key], jwkUri })

// @ts-expect-error a JWK URI serves public keys, and HS256 has none
customJwtAuth({ appId: 'myapp-abcde', signingAlgorithm: 'HS256', jwkUri })

// @ts-expect-error not a type of a metadata field
customJwtAuth({ ...good, metadataFields: [{ name: 'email', type: 'text' }] })

// @ts-expect-error providers and keys at once
customJwtAuth({ ...good, providers: { a: { jwkUri } } })

// @ts-expect-error what a function returns is the options of a provider
customJwtAuth({ appId: 'myapp-abcde', providers: () => ({ jwkUri: 1 }) })

// @ts-expect-error it gets the issuer, and no request
customJwtAuth({ appId: 'myapp-abcde', providers: (iss: number) => ({ jwkUri, issuer: String(iss) }) })

// @ts-expect-error not an algorithm that is supported
customJwtAuth({ appId: 'myapp-abcde', signingAlgorithm: 'none', signingKeys: [key] })

// @ts-expect-error one key is a list of one
customJwtAuth({ appId: 'myapp-abcde', signingAlgorithm: 'HS256', signingKeys: 'secret' })

// @ts-expect-error not an encoding
customJwtAuth({ ...good, signingKeys: [{ key, encoding: 'latin1' }] })

// @ts-expect-error the key itself is missing
customJwtAuth({ ...good, signingKeys: [{ kid: 'first' }] })

// @ts-expect-error no options at all
customJwtAuth()

// Other options

// @ts-expect-error appId may not be unset
customJwtAuth({ ...signingKeys, appId: process.env.APP_ID })

// @ts-expect-error audience may not be unset, says exactOptionalPropertyTypes, and so does the start-up
customJwtAuth({ ...good, audience: process.env.AUDIENCE })

// @ts-expect-error a misspelt option
customJwtAuth({ ...good, audiences: ['a'] })

// @ts-expect-error the name that the original service's files use
customJwtAuth({ ...good, require_any_audience: true })

// @ts-expect-error a number is not an audience
customJwtAuth({ ...good, audience: 5 })

// @ts-expect-error seconds are a number
customJwtAuth({ ...good, clockToleranceSeconds: '5' })

// @ts-expect-error a flag is true or false
customJwtAuth({ ...good, credentialsRequired: 'no' })

// @ts-expect-error absence is written null
customJwtAuth({ ...good, allowedTypes: ['JWT', undefined] })

// @ts-expect-error not a store
customJwtAuth({ ...good, store: new Map() })

// @ts-expect-error a misspelt bound
memoryStore({ maxUser: 5 })

// @ts-expect-error not a logger
customJwtAuth({ ...good, logger: { info: () => undefined } })

// @ts-expect-error a clock tells milliseconds
customJwtAuth({ ...good, clock: () => new Date() })

// @ts-expect-error a cache is switched off with false, and on by leaving it out
customJwtAuth({ ...good, cache: { tokens: true } })

// @ts-expect-error a misspelt cache option
customJwtAuth({ ...good, cache: { users: { ttl: 5 } } })

// @ts-expect-error sessions need keys
customJwtAuth({ ...good, session: {} })

// @ts-expect-error a misspelt session option
customJwtAuth({ ...good, session: { signingKeys: [key], refreshTtl: 3600 } })

// @ts-expect-error an id is a string
customJwtAuth({ ...good, generateUserId: () => 5 })

// @ts-expect-error custom data is an object
customJwtAuth({ ...good, customData: () => 'data' })

// Metadata fields and the creation hook

// @ts-expect-error a metadata field without the path of the claim
customJwtAuth({ ...good, metadataFields: [{ fieldName: 'name' }] })

// @ts-expect-error a misspelt key
customJwtAuth({ ...good, metadataFields: [{ name: 'email' }, { name: 'name', requried: true }] })

// @ts-expect-error the name that the original service's files use
customJwtAuth({ ...good, metadataFields: [{ name: 'user_data.name', field_name: 'name' }] })

// @ts-expect-error required is true or false
customJwtAuth({ ...good, metadataFields: [{ name: 'name', required: 'yes' }] })

// @ts-expect-error a hook refuses by throwing: false would not be heard
customJwtAuth({ ...good, autoCreateUser: ({ id }) => id !== 'bad' })

// @ts-expect-error the same, asynchronously
customJwtAuth({ ...good, autoCreateUser: ({ id }) => Promise.resolve(id !== 'bad') })

// @ts-expect-error "yes" is not true
customJwtAuth({ ...good, autoCreateUser: 'yes' })

customJwtAuth({
  ...good,
  metadataFields: [{ name: 'name', required: true }],
  autoCreateUser(user) {
    // @ts-expect-error the hook knows the fields: there is no such one
    console.log(user.data.nickname)
    // @ts-expect-error the hook may look, not write
    user.data.name = 'Jean Valjean'
  },
})

// The user

const auth = customJwtAuth({
  ...good,
  metadataFields: [{ name: 'user_data.name', required: true }, { name: 'aliases' }],
})
declare const req: { user?: User }
declare const user: UserOf<typeof auth>

// @ts-expect-error who is anonymous has no id
console.log(req.user.id)

// @ts-expect-error the id cannot be changed
user.id = '59fdd028462448cde5369ebf'

// @ts-expect-error nor the identities
user.identities[0] = { id: '24601', provider_type: 'custom-token', data: {} }

// @ts-expect-error an optional field may be absent
export const aliases: JsonValue = user.data.aliases

// @ts-expect-error a claim can be any JSON
export const name: string = user.data.name

// @ts-expect-error the field is named after the last part of the path
console.log(user.data.user_data)

// @ts-expect-error no such field is mapped
console.log(user.data.nickname)

// @ts-expect-error a field of any user may be absent
export const anyField: JsonValue = req.user?.data.name

// @ts-expect-error a page has at most limit users, and limit is a number
void auth.users.list({ limit: '10' })

// Last, because an assignment tells the compiler what is there from then on.

// @ts-expect-error the data cannot be changed
user.data.name = 'Jean Valjean'

// @ts-expect-error nor that of any user
if (req.user) req.user.data.name = 'Jean Valjean'
