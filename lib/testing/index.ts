export { createTestIssuer, type MintOptions, type TestIssuer } from './test-issuer.js'
export { storeContract, type TestRunner } from './store-contract.js'
