export { storeContract } from 'custom-jwt-auth/testing'
