export * from '../../../lib/testing/store-contract/support.js'
