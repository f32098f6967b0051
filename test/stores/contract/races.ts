export * from '../../../lib/testing/store-contract/races.js'
