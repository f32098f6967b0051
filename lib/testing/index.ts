export {
  createTestIssuer,
  type MintOptions,
  type TestIssuer,
  type TestIssuerAlgorithm,
} from './test-issuer.js'
export { storeContract, type TestRunner } from './store-contract.js'
