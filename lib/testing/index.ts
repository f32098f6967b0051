export { createTestIssuer, type MintOptions, type TestIssuer } from './test-issuer.js'
