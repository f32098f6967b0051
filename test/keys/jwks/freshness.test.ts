// Which stage a key set is in at what time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifetimeOf, stageOf } from '../../../lib/keys/jwks/freshness.js'

const set = lifetimeOf(1000, 100, 50)

test('a set goes through its stages', () => {
  const stages = {
    '-1e9': 'ageing',
    899: 'ageing',
    900: 'fresh',
    1000: 'fresh',
    1079: 'fresh',
    1080: 'ageing',
    1099: 'ageing',
    1100: 'stale',
    1149: 'stale',
    1150: 'gone',
    Infinity: 'gone',
    NaN: 'gone',
  }
  for (const [now, stage] of Object.entries(stages)) assert.equal(stageOf(set, Number(now)), stage, now)
})

test('its age is between a minute and an hour, whatever the issuer says', () => {
  const ages = { 0: 60, 60: 60, 300: 300, 3600: 3600, 31_536_000: 3600 }
  for (const [said, age] of Object.entries(ages)) assert.equal(lifetimeOf(0, Number(said), 0).staleAt, age)
})
