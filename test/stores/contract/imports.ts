export * from '../../../lib/testing/store-contract/imports.js'
