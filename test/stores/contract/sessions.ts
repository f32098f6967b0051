export * from '../../../lib/testing/store-contract/sessions.js'
