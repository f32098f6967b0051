// An issuer that rotates like the one of custom-jwt-auth/testing, with keys that are made once for all tests of a file.
import type { TestContext } from 'node:test'
import type { TestIssuer } from 'custom-jwt-auth/testing'
import { answerWith, jwksOf, startIssuer } from './scripted-issuer.js'
import { claims, mint, NOW, rsaKeys } from './tokens.js'

type Common =
  'issuer' | 'jwkUri' | 'kids' | 'fetches' | 'rotate' | 'withdraw' | 'goSlow' | 'goDown' | 'recover'

export interface RotatingIssuer extends Pick<TestIssuer, Common> {
  /** A token of another user each time, good for eleven days. */
  token(options?: { kid?: string; header?: object; claims?: object }): string
}

export async function rotatingIssuer(t: TestContext): Promise<RotatingIssuer> {
  const all = ['key-1']
  // Made now: the issuer's answer has to come in time.
  rsaKeys('key-1')
  let published = [...all]
  let users = 0
  const scripted = await startIssuer(t, (req, res) => {
    answerWith(jwksOf(...published))(req, res)
  })
  const { answer, url, jwkUri } = scripted
  return {
    issuer: url,
    jwkUri,
    get kids() {
      return published
    },
    get fetches() {
      return scripted.requests.length
    },
    rotate() {
      const kid = `key-${String(all.length + 1)}`
      rsaKeys(kid)
      all.push(kid)
      published = [...published, kid]
      return kid
    },
    withdraw(kid = published[0]) {
      published = published.filter((other) => other !== kid)
    },
    goSlow(milliseconds) {
      scripted.answer = (req, res) => {
        setTimeout(answer, milliseconds, req, res).unref()
      }
    },
    goDown() {
      scripted.answer = (req) => req.socket.destroy()
    },
    recover() {
      scripted.answer = answer
    },
    token({ kid = all.at(-1) ?? '', header, claims: others } = {}) {
      const sub = `user-${String((users += 1))}`
      const { privateKey } = rsaKeys(kid)
      return mint(claims({ iss: url, sub, exp: NOW + 1e6, ...others }), {
        key: privateKey,
        header: { kid, ...header },
      })
    },
  }
}
