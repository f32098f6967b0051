// Lines to paste into a shell, in this order: later ones use the variables that earlier ones set.
import { APP_ID } from './app.js'

export interface CurlLine {
  readonly what: string
  readonly command: string
}

export function curlLines(issuerUrl: string, appUrl: string): CurlLine[] {
  const client = `${appUrl}/api/client/v2.0`
  const order = '-d sub=24601 -d name="Jean Valjean"'
  const field = (name: string): string =>
    `$(echo "$LOGIN" | node -p "JSON.parse(fs.readFileSync(0)).${name}")`
  return [
    {
      what: 'A token from the issuer, good for five minutes:',
      command: `TOKEN=$(curl -s ${issuerUrl}/token ${order})`,
    },
    {
      what: 'The guarded route, with the token alone:',
      command: `curl -s ${appUrl}/api/me -H "jwtTokenString: $TOKEN"`,
    },
    {
      what: 'A login:',
      command: `LOGIN=$(curl -s ${client}/app/${APP_ID}/auth/providers/custom-token/login -H "Content-Type: application/json" -d '{"token":"'$TOKEN'"}')`,
    },
    {
      what: 'Its two tokens:',
      command: `ACCESS=${field('access_token')} REFRESH=${field('refresh_token')}`,
    },
    {
      what: 'The guarded route, with the access token:',
      command: `curl -s ${appUrl}/api/me -H "Authorization: Bearer $ACCESS"`,
    },
    {
      what: 'A new access token:',
      command: `curl -s -X POST ${client}/auth/session -H "Authorization: Bearer $REFRESH"`,
    },
    {
      what: 'Log out (204, and nothing more):',
      command: `curl -s -i -X DELETE ${client}/auth/session -H "Authorization: Bearer $REFRESH"`,
    },
    {
      what: 'Refused now (401), as is everybody without credentials:',
      command: `curl -s -i ${appUrl}/api/me -H "Authorization: Bearer $ACCESS"`,
    },
  ]
}
