import { OperationError } from './command.js'

const MAX_INPUT_LENGTH = 1_000_000

/** The token in an argument or, for `-`, from standard input. */
export async function readToken(given: string): Promise<string> {
  return given === '-' ? readStandardInput() : given
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) console.error('Paste the token, then press Enter and Ctrl-D:')
  let text = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += String(chunk)
    if (text.length > MAX_INPUT_LENGTH) throw new OperationError('standard input is not a token')
  }
  if (text.trim() === '') throw new OperationError('nothing came from standard input')
  return text
}
