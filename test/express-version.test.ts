import assert from 'node:assert/strict'
import test from 'node:test'
import express from 'express'

const wanted = process.env.TSX_TSCONFIG_PATH?.includes('express4') ? 4 : 5

test(`the tests import Express ${String(wanted)}`, () => {
  // Express 5 dropped app.del(), and neither version tells its number.
  assert.equal('del' in express.application ? 4 : 5, wanted)
})
