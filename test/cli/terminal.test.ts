import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WriteStream } from 'node:tty'
import { createProgress } from '../../lib/cli/progress.js'
import { bold, printable } from '../../lib/cli/terminal.js'

/** A terminal that keeps what is written, and has the colours that Node finds in some environment. */
function terminal({ isTTY = true, env = {} }: { isTTY?: boolean; env?: object } = {}) {
  const written: string[] = []
  const output = {
    isTTY,
    hasColors: () => WriteStream.prototype.getColorDepth.call(output, env) > 1,
    write: (text: string) => written.push(text) > 0,
  } as unknown as NodeJS.WriteStream
  return { output, written }
}

describe('colours', () => {
  test('are for terminals', () => {
    const env = { TERM: 'xterm-256color' }
    assert.equal(bold('x', terminal({ env }).output), '\u001b[1mx\u001b[0m')
    assert.equal(bold('x', terminal({ env, isTTY: false }).output), 'x')
  })

  test('are not wanted with NO_COLOR, nor by a dumb terminal', () => {
    assert.equal(bold('x', terminal({ env: { TERM: 'xterm-256color', NO_COLOR: '1' } }).output), 'x')
    assert.equal(bold('x', terminal({ env: { TERM: 'dumb' } }).output), 'x')
  })
})

test("others' text cannot command the terminal or turn the direction of writing", () => {
  assert.equal(printable('a\u001b[2J\u009b\u202eb\r\u0007'), 'a\\u{1b}[2J\\u{9b}\\u{202e}b\\u{d}\\u{7}')
  assert.equal(printable('Jean Valjean, 大家\nnext'), 'Jean Valjean, 大家\nnext')
})

describe('progress', () => {
  test('is a bar on a terminal, which gives way to other lines', (t) => {
    let now = 0
    t.mock.method(performance, 'now', () => now)
    const { output, written } = terminal()
    const progress = createProgress(output)
    now = 50
    progress.update(100, 0.1)
    assert.equal(written.length, 0, 'not too often')
    now = 1000
    progress.update(5000, 0.5)
    assert.equal(
      written.pop(),
      `\r\u001b[K${'█'.repeat(15)}${'░'.repeat(15)} 50 % 5,000 users, 5,000 a second`,
    )
    progress.clear()
    assert.deepEqual(written, ['\r\u001b[K'])
    progress.clear()
    assert.equal(written.length, 1)
  })

  test('is a line now and then elsewhere, without a share when the size is not known', (t) => {
    let now = 0
    t.mock.method(performance, 'now', () => now)
    const { output, written } = terminal({ isTTY: false })
    const progress = createProgress(output)
    for (now = 1000; now < 12_000; now += 1000) {
      progress.update(now, undefined)
    }
    assert.deepEqual(written, ['5,000 users, 1,000 a second\n', '10,000 users, 1,000 a second\n'])
  })
})
