// Start-up names every mistake with keys, and never shows one.
import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'
import { certificateOf } from '../support/certificate.js'
import { at, checkRefusals, good, refusalOf, show, wrong, type Row } from '../support/refused-options.js'
import { OTHER_SECRET, rsaKeys, SECRET } from '../support/tokens.js'

describe('signingAlgorithm', () => {
  const fix = /^Pass one of HS256, .*RS256/
  checkRefusals([
    ...wrong('signingAlgorithm', at('signingAlgorithm'), fix, [undefined, null, 5, true, [], {}]),
    ...['', 'none', 'hs256', 'HS256 ', 'RSA', 'HS1'].map((signingAlgorithm) => ({
      what: show(signingAlgorithm),
      options: { signingAlgorithm },
      option: 'signingAlgorithm',
      problem: /^is /,
      fix,
    })),
  ])

  test('one that is unknown, beside keys of sessions', () => {
    const { problems } = refusalOf({
      ...good,
      signingAlgorithm: 'none',
      session: { signingKeys: [OTHER_SECRET] },
    })
    assert.deepEqual(
      problems.map(({ option }) => option),
      ['signingAlgorithm'],
    )
  })

  test('an array with a good algorithm (CVE-2020-15084: algorithms are never optional, nor several)', () => {
    const { problems } = refusalOf({ ...good, signingAlgorithm: ['HS256', 'RS256'] })
    assert.deepEqual(
      problems.map(({ option }) => option),
      ['signingAlgorithm'],
    )
  })
})

describe('signingKeys', () => {
  const setVariable = /^Set the environment variable that should hold the key$/
  checkRefusals([
    ...wrong('signingKeys', at('signingKeys'), /^Pass an array of one to 3 keys$/, [
      undefined,
      null,
      SECRET,
      5,
      {},
    ]),
    {
      what: 'no key',
      options: { signingKeys: [] },
      option: 'signingKeys',
      problem: /^has 0 keys$/,
      fix: /one to 3 keys/,
    },
    {
      what: 'four keys',
      options: { signingKeys: ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40)) },
      option: 'signingKeys',
      problem: /^has 4 keys$/,
      fix: /one to 3 keys/,
    },
    ...wrong('signingKeys[0]', (key) => ({ signingKeys: [key] }), setVariable, [
      undefined,
      null,
      '',
      ' \t',
      true,
    ]),
    {
      what: 'a JWK whose kty is not a string',
      options: { signingKeys: [{ kty: 5, key: SECRET }] },
      option: 'signingKeys[0].kty',
      problem: /^is not an option$/,
      fix: /^Remove it; known options are key, encoding, kid, algorithm$/,
    },
    ...wrong('signingKeys[0]', (key) => ({ signingKeys: [{ key }] }), setVariable, [undefined, null, '', {}]),
    {
      what: 'the third of three',
      options: { signingKeys: [SECRET, OTHER_SECRET, undefined] },
      option: 'signingKeys[2]',
      problem: /undefined/,
      fix: setVariable,
    },
    {
      what: 'the same secret twice',
      options: { signingKeys: [SECRET, OTHER_SECRET, SECRET] },
      option: 'signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove one of the two$/,
    },
    {
      what: 'the same secret in two encodings',
      options: { signingKeys: [SECRET, { key: Buffer.from(SECRET).toString('hex'), encoding: 'hex' }] },
      option: 'signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove/,
    },
    {
      what: 'the same secret under two kids',
      options: {
        signingKeys: [
          { key: SECRET, kid: 'one' },
          { key: SECRET, kid: 'two' },
        ],
      },
      option: 'signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove/,
    },
    {
      what: 'a misspelt part of a key',
      options: { signingKeys: [{ key: SECRET, encodng: 'hex' }] },
      option: 'signingKeys[0].encodng',
      problem: /^is not an option$/,
      fix: /^Did you mean encoding$/,
    },
    ...wrong(
      'signingKeys[0].kid',
      (kid) => ({ signingKeys: [{ key: SECRET, kid }] }),
      /^Pass the key id as a string$/,
      [null, '', 5],
    ),
    ...[null, '', 'ascii', 'UTF8', 5].map((encoding) => ({
      what: `the encoding ${show(encoding)}`,
      options: { signingKeys: [{ key: SECRET, encoding }] },
      option: 'signingKeys[0].encoding',
      problem: /^is not known$/,
      fix: /^Pass one of utf8, base64, base64url, hex$/,
    })),
  ])

  for (const key of [null, 5, true, []])
    test(`${show(key)} in place of a key is named`, () => {
      const { problems } = refusalOf({ ...good, signingKeys: [key] })
      assert.equal(problems[0]?.option, 'signingKeys[0]')
    })
})

describe('a secret', () => {
  const secret = (key: string, problem: RegExp, fix: RegExp, what: string, encoding?: string): Row => ({
    what,
    options: { signingKeys: [encoding === undefined ? key : { key, encoding }] },
    option: 'signingKeys[0]',
    problem,
    fix,
  })
  const odd = /^has characters other than letters, digits and _ - \+ \/ =/
  const pem = rsaKeys().publicPem
  const isPem = /^is a public key, but the algorithm is HS256$/
  checkRefusals([
    {
      what: 'a number, which may be a secret that lost its quotes',
      options: { signingKeys: [{ key: 123456789 }] },
      option: 'signingKeys[0]',
      problem: /^is a number$/,
      fix: /environment variable/,
    },
    secret('x'.repeat(31), /^has 31 characters$/, /32 to 512 characters/, 'one of 31 characters'),
    secret('x'.repeat(513), /^has 513 characters$/, /32 to 512 characters/, 'one of 513 characters'),
    ...[
      `${SECRET}\n`,
      ` ${SECRET}`,
      `"${SECRET}"`,
      `${SECRET}!`,
      SECRET.replace('2', 'é'),
      SECRET.replace('2', '.'),
    ].map((key) =>
      secret(
        key,
        odd,
        /encoding: 'utf8'/,
        `one with the odd character ${JSON.stringify(/[^\w]/.exec(key)?.[0])}`,
      ),
    ),
    secret('x'.repeat(31), /^has 31 bytes$/, /32 to 512 bytes/, 'utf8 of 31 bytes', 'utf8'),
    secret('é'.repeat(257), /^has 514 bytes$/, /32 to 512 bytes/, 'utf8 of 514 bytes', 'utf8'),
    ...(['base64', 'base64url', 'hex'] as const).flatMap((encoding) => [
      secret(
        Buffer.alloc(31, 7).toString(encoding),
        /^has 31 bytes$/,
        /32 to 512 bytes/,
        `${encoding} of 31 bytes`,
        encoding,
      ),
      secret(
        Buffer.alloc(513, 7).toString(encoding),
        /^has 513 bytes$/,
        /32 to 512 bytes/,
        `${encoding} of 513 bytes`,
        encoding,
      ),
      secret(
        `${SECRET}!`,
        new RegExp(`^is not ${encoding} text$`),
        /^Correct the key or its encoding$/,
        `what is not ${encoding}`,
        encoding,
      ),
      secret(
        `${SECRET} `,
        new RegExp(`^is not ${encoding} text$`),
        /^Correct/,
        `${encoding} with a space after it`,
        encoding,
      ),
      secret(
        `!${SECRET}`,
        new RegExp(`^is not ${encoding} text$`),
        /^Correct/,
        `${encoding} with an exclamation mark before it`,
        encoding,
      ),
    ]),
    secret('a'.repeat(65), /^is not hex text$/, /^Correct/, 'hex of an odd length', 'hex'),
    secret('a'.repeat(65), /^is not base64 text$/, /^Correct/, 'base64 of an impossible length', 'base64'),
    secret(
      '====',
      /^is not base64 text$/,
      /^Correct/,
      'padding alone, which decodes to an empty key (CVE-2026-44351)',
      'base64',
    ),
    secret(
      `${'a'.repeat(43)}=`,
      /^is not base64url text$/,
      /^Correct/,
      'base64url with padding',
      'base64url',
    ),
    secret(pem, isPem, /^Set signingAlgorithm to RS256/, 'a public key'),
    secret(
      pem.replaceAll('\n', '\\n'),
      isPem,
      /^Set signingAlgorithm to RS256/,
      'a public key with escaped newlines',
    ),
    secret(pem, isPem, /^Set signingAlgorithm to RS256/, 'a public key as utf8', 'utf8'),
    secret(pem, isPem, /^Set signingAlgorithm to RS256/, 'a public key said to be base64', 'base64'),
    secret(
      Buffer.from(pem).toString('base64'),
      isPem,
      /^Set signingAlgorithm to RS256/,
      'a public key, encoded',
      'base64',
    ),
    secret(
      Buffer.from(pem).toString('hex'),
      isPem,
      /^Set signingAlgorithm to RS256/,
      'a public key in hex',
      'hex',
    ),
    secret(
      rsaKeys().publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
      isPem,
      /^Set signingAlgorithm to RS256/,
      'the body of a public key in PKCS #1',
    ),
    secret(
      certificateOf(rsaKeys()).replace(/-----[^-]+-----|\n/g, ''),
      isPem,
      /^Set signingAlgorithm to RS256/,
      'the body of a certificate',
    ),
    ...[undefined, 'utf8', 'base64'].map((encoding) =>
      secret(
        pem.replace(/-----[^-]+-----|\n/g, ''),
        isPem,
        /^Set signingAlgorithm to RS256/,
        `the body of a public key in one line, encoding ${String(encoding)}`,
        encoding,
      ),
    ),
    secret(certificateOf(rsaKeys()), isPem, /^Set signingAlgorithm to RS256/, 'a certificate'),
  ])
})

describe('a public key', () => {
  const pair = rsaKeys()
  const pem = pair.publicPem
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const
  const pkcs1 = { type: 'pkcs1', format: 'pem' } as const
  const locked = { cipher: 'aes-256-cbc', passphrase: 'a passphrase' }
  const spki = ({ publicKey }: { publicKey: KeyObject }): string =>
    publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const rsaOf = (modulusLength: number): string => spki(generateKeyPairSync('rsa', { modulusLength }))
  const row = (what: string, key: unknown, problem: RegExp, fix: RegExp): Row => ({
    what,
    options: { signingAlgorithm: 'RS256', signingKeys: [key] },
    option: 'signingKeys[0]',
    problem,
    fix,
  })
  const isPrivate = /^is a private key$/
  const usePublic = /pass its public key/
  const damaged = /^is a damaged PEM key$/
  checkRefusals([
    row('a secret', SECRET, /^is not a PEM public key$/, /"-----BEGIN PUBLIC KEY-----"/),
    row('PEM without its first line', pem.split('\n').slice(1).join('\n'), damaged, /^Copy/),
    row('a private key (PKCS#8)', pair.privateKey.export(pkcs8), isPrivate, usePublic),
    row('a private key (PKCS#1)', pair.privateKey.export(pkcs1), isPrivate, usePublic),
    row(
      'an encrypted private key (PKCS#8)',
      pair.privateKey.export({ ...pkcs8, ...locked }),
      isPrivate,
      usePublic,
    ),
    row(
      'an encrypted private key (PKCS#1)',
      pair.privateKey.export({ ...pkcs1, ...locked }),
      isPrivate,
      usePublic,
    ),
    row(
      'a private key with escaped newlines',
      pair.privateKey.export(pkcs8).toString().replaceAll('\n', '\\n'),
      isPrivate,
      usePublic,
    ),
    row(
      'a private key after the public one',
      pem + pair.privateKey.export(pkcs8).toString(),
      isPrivate,
      usePublic,
    ),
    row(
      'PEM without its last line',
      pem.trim().split('\n').slice(0, -1).join('\n'),
      damaged,
      /^Copy the whole public key again/,
    ),
    row(
      'PEM with a line missing',
      pem
        .split('\n')
        .filter((_, index) => index !== 2)
        .join('\n'),
      damaged,
      /^Copy/,
    ),
    row('PEM that lost its newlines', pem.replaceAll('\n', ''), damaged, /line breaks/),
    row('PEM with a letter that is not base64', pem.replace(/\n.{9}/, '$&é'), damaged, /^Copy/),
    row('PEM of nothing', '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----', damaged, /^Copy/),
    row(
      'a key on an elliptic curve',
      spki(generateKeyPairSync('ec', { namedCurve: 'P-256' })),
      /type ec/,
      /RS256|RSA/,
    ),
    row('an Ed25519 key', spki(generateKeyPairSync('ed25519')), /type ed25519/, /RS256|RSA/),
    row(
      'an RSA-PSS key',
      spki(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
      /type rsa-pss/,
      /RS256|RSA/,
    ),
    row('an RSA key of 1024 bits', rsaOf(1024), /1024 bits/, /2048|RS256/),
    row('an RSA key of 2047 bits', rsaOf(2047), /2047 bits/, /2048|RS256/),
    row(
      'PEM with an encoding',
      { key: pem, encoding: 'utf8' },
      /^has an encoding, but .*PEM key$/,
      /^Leave out encoding$/,
    ),
    {
      what: 'the same key in two forms',
      options: { signingAlgorithm: 'RS256', signingKeys: [pem, pair.publicKey.export(pkcs1)] },
      option: 'signingKeys',
      problem: /^holds the same key twice$/,
      fix: /^Remove/,
    },
  ])
})
