import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { storeContract } from 'custom-jwt-auth/testing'
import { fileStore } from './file-store.js'

describe('fileStore keeps the contract', () => {
  storeContract({ describe, it }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'file-store-'))
    return {
      ...fileStore(join(folder, 'data.json')),
      close: () => rm(folder, { recursive: true }),
    }
  })
})
