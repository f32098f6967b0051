export * from '../../../lib/testing/store-contract/subjects.js'
