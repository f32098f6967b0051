import { VIEW } from './view.js'

/** The script of the page, which runs in a browser. It keeps the token only in a variable. */
export const SCRIPT = `${VIEW}${String.raw`
function enterToken(isEntering) {
  at('entry').hidden = !isEntering
  at('result').hidden = isEntering
}

function nearest(verdicts) {
  const faults = verdicts.map(({ explanation: { ok, checks } }) => (ok ? -1 : checks.filter(({ pass }) => pass === false).length))
  return faults.indexOf(Math.min(...faults))
}

async function inspect(text, isAgain = false) {
  const number = (newest += 1)
  at('problem').hidden = true
  say('Inspecting…')
  try {
    const answered = await post({ token: text })
    if (number !== newest) return
    token = text
    at('token').value = ''
    report = answered
    // Keeps the configuration that was looked at; a new token starts with the one that it fails the fewest checks of.
    if (!isAgain) chosen = nearest(report.verdicts)
    show()
    enterToken(false)
    say('Inspected: ' + titleOf(report.verdicts[chosen].explanation), true)
    at('verdict-title').focus()
  } catch (error) {
    if (number === newest) complain(error)
  }
}

function complain(error) {
  say('')
  at('problem').replaceChildren(element('p', {}, error.message))
  at('problem').hidden = false
}

at('entry').addEventListener('submit', (event) => {
  event.preventDefault()
  inspect(at('token').value.trim())
})
at('token').addEventListener('paste', (event) => {
  const text = (event.clipboardData?.getData('text') ?? '').trim()
  if (text === '' || at('token').value.trim() !== '') return
  event.preventDefault()
  inspect(text)
})
at('again').addEventListener('click', () => inspect(token, true))
at('another').addEventListener('click', () => {
  token = ''
  report = undefined
  newest += 1
  at('configurations').hidden = true
  at('problem').hidden = true
  say('')
  enterToken(true)
  at('token').focus()
})
at('copy').addEventListener('click', async () => {
  const { configuration, explanation } = report.verdicts[chosen]
  const lines = explanation.checks.flatMap((check) => {
    const line = KINDS[kindOf(check)].sign + ' ' + check.name + ': ' + gotOf(check)
    if (check.pass === true) return [line]
    return [line, '    expected: ' + check.expected, ...(check.fix ? ['    ' + check.fix] : [])]
  })
  const text = [configuration + ', ' + readable(report.now), ...lines, '', explanation.summary].join('\n')
  try {
    await navigator.clipboard.writeText(text)
    say('Copied: the checks as text, without the token.')
  } catch {
    complain(new Error('The browser does not let this page copy. In a terminal: npx custom-jwt-auth explain -'))
  }
})

async function begin() {
  at('token').focus()
  if (document.body.dataset.tokenWaiting !== 'true') return
  try {
    const { token: given } = await post({ handOver: true })
    await inspect(given)
  } catch (error) {
    complain(error)
  }
}
begin()
`}`
