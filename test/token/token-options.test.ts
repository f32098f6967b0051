// What start-up refuses of the options that say what a token has to fulfil; ../options.test.ts has the others.
import { describe } from 'node:test'
import { at, checkRefusals, noString, show, wrong } from '../support/refused-options.js'

describe('requiredClaims', () => {
  checkRefusals([
    ...wrong('requiredClaims', at('requiredClaims'), /^Pass an object such as/, [
      undefined,
      null,
      'azp',
      5,
      true,
      [],
    ]),
    // An environment variable that is not set would ask for nothing, and a number that is none for what is not JSON.
    ...[undefined, null, {}, [], [[]], ['a', undefined], NaN, Infinity, [1, -Infinity]].map((azp) => ({
      what: `the value ${show(azp)}`,
      options: { requiredClaims: { azp } },
      option: 'requiredClaims.azp',
      problem: /^is not a value$/,
      fix: /^Pass a string, number or boolean, or an array of them$/,
    })),
  ])
})

describe('subjectClaim', () => {
  checkRefusals(wrong('subjectClaim', at('subjectClaim'), /^Pass the name of a claim$/, noString))
})
