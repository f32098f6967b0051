export * from '../../../lib/testing/store-contract/users.js'
